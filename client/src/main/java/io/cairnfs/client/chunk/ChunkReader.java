package io.cairnfs.client.chunk;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import java.util.ArrayList;
import java.util.List;

/** Reads ranges of chunks from whichever member answers well. Safe for any thread. */
public final class ChunkReader {
  private final ClientEnvironment environment;
  private final ChunkReadOptions options;
  private final BadReplicaReporter reporter;
  private final BlockCache cache;
  private final LatencyWindow latencies = new LatencyWindow();

  public ChunkReader(
      ClientEnvironment environment,
      ChunkReadOptions options,
      BadReplicaReporter reporter,
      BlockCache cache) {
    this.cache = cache;
    this.environment = environment;
    this.options = options;
    this.reporter = reporter;
  }

  /**
   * Asks for {@code [offset, offset + length)} of a chunk and returns at once.
   *
   * @param limit where the file's bytes end in the chunk, beyond which nothing may be answered; 0 =
   *     the chunk's end
   */
  public ChunkFetch fetch(ChunkLocation chunk, long offset, int length, long limit) {
    ChunkFetch fetch = new ChunkFetch(this, chunk, inOrder(chunk), offset, length, limit);
    fetch.start();
    return fetch;
  }

  /** What was read before; filled by those who read through it. */
  public BlockCache cache() {
    return cache;
  }

  /** As the metaserver ordered them, but servers that have just failed come last. */
  private List<Member> inOrder(ChunkLocation chunk) {
    List<Member> good = new ArrayList<>(chunk.getMembersCount());
    List<Member> suspect = new ArrayList<>();
    for (Member member : chunk.getMembersList()) {
      (environment.suspects().contains(member.getServer()) ? suspect : good).add(member);
    }
    good.addAll(suspect);
    return good;
  }

  ClientEnvironment environment() {
    return environment;
  }

  ChunkReadOptions options() {
    return options;
  }

  BadReplicaReporter reporter() {
    return reporter;
  }

  LatencyWindow latencies() {
    return latencies;
  }

  /** A slow request is one that takes twice as long as 99 of a hundred have. */
  long hedgeDelayNanos() {
    return Math.max(options.hedgeDelay().toNanos(), 2 * latencies.percentile99Nanos());
  }
}
