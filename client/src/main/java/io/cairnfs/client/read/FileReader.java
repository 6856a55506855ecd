package io.cairnfs.client.read;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.chunk.ChunkFetch;
import io.cairnfs.client.chunk.ChunkReader;
import io.cairnfs.client.chunk.FetchedRange;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.OpenResult;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Reads ranges of one opened file: cuts them into requests, fetches those in parallel, verifies and
 * copies. Safe for any thread; each call drives its own fetches.
 */
public final class FileReader {
  /** Requests of one positional read that are on their way at once. */
  private static final int PARALLEL_REQUESTS = 8;

  /** A larger read would push out much of the block cache, and gains little by it. */
  private static final int MAX_CACHED_READ_BYTES = 64 << 10;

  /** What lies in more pieces is read without the cache, a few pieces at a time. */
  private static final int MAX_CACHED_RUNS = 16;

  private static final long RETRY_MILLIS = 50;

  private static final byte[] ZEROS = new byte[8192];

  private final ClientEnvironment environment;
  private final ChunkReader chunks;
  private final ReadOptions options;
  private final FileContent content;

  /**
   * Asks how far a file that is being written has come: its length is fixed then.
   *
   * @param opened with the extents from the file's start
   */
  public FileReader(
      ClientEnvironment environment,
      MetadataClient metadata,
      ChunkReader chunks,
      ReadOptions options,
      OpenResult opened)
      throws CairnException {
    this(environment, metadata, chunks, options, opened, 0, 0);
  }

  /**
   * Asks how far a file that is being written has come.
   *
   * @param from where the range begins whose extents were answered
   * @param contentIndex reads fail with CONTENT_CHANGED where the metaserver says that the content
   *     is as of another log index; 0 = never
   */
  FileReader(
      ClientEnvironment environment,
      MetadataClient metadata,
      ChunkReader chunks,
      ReadOptions options,
      OpenResult opened,
      long from,
      long contentIndex)
      throws CairnException {
    this.environment = environment;
    this.chunks = chunks;
    this.options = options;
    long length = new OpenTail(environment, metadata).visibleLength(opened, deadline());
    content = new FileContent(environment, metadata, opened, from, length, contentIndex);
  }

  /** Bytes of the file when it was opened. */
  public long length() {
    return content.length();
  }

  ReadOptions options() {
    return options;
  }

  ClientEnvironment environment() {
    return environment;
  }

  boolean isInline() {
    return content.isInline();
  }

  Deadline deadline() {
    return environment.deadline(options.timeout());
  }

  /**
   * Reads as much of {@code [position, position + target.remaining())} as the file has.
   *
   * @return bytes read; −1 at or beyond the end
   */
  public int read(long position, ByteBuffer target) throws CairnException {
    if (!target.hasRemaining()) {
      return 0;
    }
    if (position >= length()) {
      return -1;
    }
    int count = (int) Math.min(target.remaining(), length() - position);
    if (content.isInline()) {
      copyInline(position, count, target);
    } else if (count > MAX_CACHED_READ_BYTES
        || !chunks.cache().isEnabled()
        || !readCached(position, count, target)) {
      readBlocks(position, count, target);
    }
    return count;
  }

  /**
   * The first position at or after {@code offset} that is in a hole, or is not.
   *
   * @return the file's length where there is none
   */
  long seek(long offset, boolean hole) throws CairnException {
    if (content.isInline()) {
      return hole ? length() : offset;
    }
    Deadline deadline = deadline();
    long at = offset;
    while (at < length()) {
      ExtentMap.Run run = content.runAt(at, length() - at, deadline);
      if (run.chunk().isEmpty() == hole) {
        return at;
      }
      at += run.length();
    }
    return length();
  }

  void copyInline(long position, int count, ByteBuffer target) {
    int there = (int) Math.max(0, Math.min(count, content.inline().size() - position));
    if (there > 0) {
      content.inline().substring((int) position, (int) position + there).copyTo(target);
    }
    // A file that was made longer ends in a hole.
    zeros(target, count - there);
  }

  /**
   * @return false: the range lies in too many pieces
   */
  private boolean readCached(long position, int count, ByteBuffer target) throws CairnException {
    environment.requireMayBlock();
    Deadline deadline = deadline();
    // All of them first: nobody waits for a load whose reader still asks the metaserver.
    List<ExtentMap.Run> runs = new ArrayList<>();
    for (long at = position; at < position + count; at += runs.get(runs.size() - 1).length()) {
      if (runs.size() == MAX_CACHED_RUNS) {
        return false;
      }
      runs.add(content.runAt(at, position + count - at, deadline));
    }
    ByteBuffer part = target.slice(target.position(), count);
    new CachedRead(this, chunks.cache(), position, part, deadline).read(runs);
    target.position(target.position() + count);
    return true;
  }

  private void readBlocks(long position, int count, ByteBuffer target) throws CairnException {
    environment.requireMayBlock();
    Deadline deadline = deadline();
    ArrayDeque<Block> blocks = new ArrayDeque<>();
    long next = position;
    long end = position + count;
    try {
      while (next < end || !blocks.isEmpty()) {
        while (next < end && blocks.size() < PARALLEL_REQUESTS) {
          Block block = begin(next, end - next, deadline);
          blocks.add(block);
          next = block.end();
        }
        Block first = blocks.peek();
        await(first, deadline);
        copy(first, 0, target);
        blocks.poll().drop();
      }
    } finally {
      blocks.forEach(Block::drop);
    }
  }

  /** Begins to fetch the bytes at a position inside the file: at most {@code most} of them. */
  Block begin(long position, long most, Deadline deadline) throws CairnException {
    ExtentMap.Run run = content.runAt(position, Math.min(most, options.requestBytes()), deadline);
    return begin(run, position, (int) run.length());
  }

  /** Begins to fetch the bytes of a run from its start on. */
  Block begin(ExtentMap.Run run, long position, int length) {
    Optional<ChunkFetch> fetch =
        run.chunk().map(chunk -> chunks.fetch(chunk, run.chunkOffset(), length, run.limit()));
    return new Block(position, length, fetch);
  }

  /** Waits until the block's bytes are here and verified. */
  void await(Block block, Deadline deadline) throws CairnException {
    boolean unused = awaitOrFetchAgain(block, deadline);
  }

  /**
   * As {@link #await}.
   *
   * @return whether the bytes are those of the block's run, and not of where the file had them
   *     later
   */
  boolean awaitOrFetchAgain(Block block, Deadline deadline) throws CairnException {
    if (block.bytes().isPresent() || block.fetch().isEmpty()) {
      return true;
    }
    try {
      block.arrived(block.fetch().get().await(deadline));
      return true;
    } catch (CairnException e) {
      block.arrived(fetchAgain(block, e, deadline));
      return false;
    }
  }

  /** All members failed: what the metaserver said may be out of date. */
  private FetchedRange fetchAgain(Block block, CairnException first, Deadline deadline)
      throws CairnException {
    CairnException last = first;
    boolean mayRetry = true;
    while (mayRetry
        && last.code() != ErrorCode.CANCELLED
        && deadline.remainingMillis() > RETRY_MILLIS) {
      // Replicas that are all corrupt are asked for once more only: waiting does not heal them.
      mayRetry = last.code() != ErrorCode.CHUNK_CORRUPT;
      pause();
      content.refresh(block.position(), deadline);
      try {
        return fetchWhole(block, deadline);
      } catch (CairnException e) {
        last = e;
      }
    }
    throw new CairnException(
        reasonFor(last),
        content.name()
            + " ["
            + block.position()
            + ", "
            + block.end()
            + "): no replica can be read: "
            + last.getMessage(),
        last);
  }

  private static ErrorCode reasonFor(CairnException last) {
    return switch (last.code()) {
      case CANCELLED, TIMED_OUT, CHUNK_CORRUPT -> last.code();
      default -> ErrorCode.IO_ERROR;
    };
  }

  private void pause() throws CairnException {
    CompletableFuture<Void> over = new CompletableFuture<>();
    var unused = environment.schedule(() -> over.complete(null), RETRY_MILLIS);
    environment.await(over);
  }

  /** The block again, by a map that may now cut it into several runs. */
  private FetchedRange fetchWhole(Block block, Deadline deadline) throws CairnException {
    ByteBuf whole = environment.allocator().directBuffer(block.length(), block.length());
    boolean complete = false;
    try {
      ByteBuffer target = whole.nioBuffer(0, block.length());
      while (target.hasRemaining()) {
        long at = block.end() - target.remaining();
        Block part = begin(at, target.remaining(), deadline);
        try {
          if (part.fetch().isPresent()) {
            part.arrived(part.fetch().get().await(deadline));
          }
          copy(part, 0, target);
        } finally {
          part.drop();
        }
      }
      complete = true;
      return new FetchedRange(whole, 0, block.length());
    } finally {
      if (!complete) {
        whole.release();
      }
    }
  }

  /** Copies an awaited block's bytes from {@code offset} on: zeros for a hole. */
  int copy(Block block, int offset, ByteBuffer target) {
    if (block.bytes().isPresent()) {
      return block.bytes().get().copyTo(offset, target);
    }
    int count = Math.min(block.length() - offset, target.remaining());
    zeros(target, count);
    return count;
  }

  private static void zeros(ByteBuffer target, int count) {
    for (int left = count; left > 0; left -= Math.min(left, ZEROS.length)) {
      target.put(ZEROS, 0, Math.min(left, ZEROS.length));
    }
  }
}
