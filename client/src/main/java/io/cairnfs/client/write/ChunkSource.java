package io.cairnfs.client.write;

import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.types.ChunkLocation;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets chunks from the metaserver, one ahead of need. Safe for any thread; futures complete on
 * event loops.
 */
final class ChunkSource {
  private static final Logger LOG = LoggerFactory.getLogger(ChunkSource.class);
  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final long MAX_PAUSE_MILLIS = 30_000;

  private final ClientEnvironment environment;
  private final Session session;
  private final long inode;
  private final int replication;
  private final long maxLength;
  private final ByteString handle;
  private CompletableFuture<ChunkLocation> spare;

  /**
   * @param inode 0 = chunks that belong to no single file
   * @param replication 0 = the cluster's default
   * @param maxLength 0 = the cluster's default
   */
  ChunkSource(
      ClientEnvironment environment, Session session, long inode, int replication, long maxLength) {
    this(environment, session, inode, replication, maxLength, ByteString.EMPTY);
  }

  /**
   * @param handle lets its holder write the file without a lease
   */
  ChunkSource(
      ClientEnvironment environment,
      Session session,
      long inode,
      int replication,
      long maxLength,
      ByteString handle) {
    this.handle = handle;
    this.environment = environment;
    this.session = session;
    this.inode = inode;
    this.replication = replication;
    this.maxLength = maxLength;
  }

  Session session() {
    return session;
  }

  /** The next chunk: the spare one unless a server that has just failed is among its members. */
  CompletableFuture<ChunkLocation> take() {
    CompletableFuture<ChunkLocation> ready;
    synchronized (this) {
      ready = spare;
      spare = null;
    }
    if (ready == null) {
      return allocate();
    }
    return ready
        .handle(this::ifUsable)
        .thenCompose(
            usable -> usable.map(CompletableFuture::completedFuture).orElseGet(this::allocate));
  }

  private Optional<ChunkLocation> ifUsable(ChunkLocation chunk, Throwable failure) {
    if (failure != null) {
      return Optional.empty();
    }
    if (!isHealthy(chunk)) {
      giveBack(List.of(unused(chunk)));
      return Optional.empty();
    }
    return Optional.of(chunk);
  }

  private boolean isHealthy(ChunkLocation chunk) {
    return chunk.getMembersList().stream()
        .noneMatch(member -> environment.suspects().contains(member.getServer()));
  }

  /** Has a chunk ready soon. */
  synchronized void prepare() {
    if (spare == null) {
      spare = allocate();
    }
  }

  private CompletableFuture<ChunkLocation> allocate() {
    Allocate allocate =
        Allocate.newBuilder()
            .setInode(inode)
            .setReplication(replication)
            .setCount(1)
            .setMaxLength(maxLength)
            .setHandle(handle)
            .addAllAvoidServers(environment.suspects().all())
            .build();
    return session
        .mutate(Operation.newBuilder().setAllocate(allocate).build())
        .thenApply(result -> result.getAllocate().getChunks(0));
  }

  /** Gives the spare chunk back. */
  void close() {
    CompletableFuture<ChunkLocation> left;
    synchronized (this) {
      left = spare;
      spare = null;
    }
    if (left != null) {
      var unused = left.thenAccept(chunk -> giveBack(List.of(unused(chunk))));
    }
  }

  private static ChunkProgress unused(ChunkLocation chunk) {
    return ChunkProgress.newBuilder()
        .setChunk(chunk.getChunk())
        .setEpoch(chunk.getEpoch())
        .setClosed(true)
        .build();
  }

  /** Tells the metaserver that no more bytes will come, again and again until it has heard. */
  void giveBack(List<ChunkProgress> chunks) {
    giveBack(chunks, FIRST_PAUSE_MILLIS);
  }

  /**
   * Others wait for these chunks: the spare one goes back if it is among them, and of those that
   * are over the metaserver is told that bytes of them may still become part of a file. Not
   * repeated: whoever still waits says so again.
   *
   * @param over chunks that take no more bytes
   */
  void giveWay(Set<Long> wanted, List<ChunkProgress> over) {
    CompletableFuture<ChunkLocation> ready;
    synchronized (this) {
      ready = spare;
    }
    if (ready != null && ready.isDone() && !ready.isCompletedExceptionally()) {
      returnSpare(ready, wanted);
    }
    if (!over.isEmpty() && session.isOpen()) {
      CloseChunks hold = CloseChunks.newBuilder().addAllChunks(over).setHold(true).build();
      var unused =
          session
              .mutate(Operation.newBuilder().setCloseChunks(hold).build())
              .exceptionally(
                  failure -> {
                    LOG.debug("{} chunks were not closed for others", over.size(), failure);
                    return null;
                  });
    }
  }

  private void returnSpare(CompletableFuture<ChunkLocation> ready, Set<Long> wanted) {
    ChunkLocation chunk = ready.join();
    synchronized (this) {
      if (spare != ready || !wanted.contains(chunk.getChunk())) {
        return;
      }
      spare = null;
    }
    giveBack(List.of(unused(chunk)));
  }

  private void giveBack(List<ChunkProgress> chunks, long pauseMillis) {
    if (chunks.isEmpty() || !session.isOpen()) {
      return;
    }
    CloseChunks close = CloseChunks.newBuilder().addAllChunks(chunks).build();
    var unused =
        session
            .mutate(Operation.newBuilder().setCloseChunks(close).build())
            .whenComplete(
                (result, failure) -> {
                  if (failure != null) {
                    notGivenBack(chunks, pauseMillis, Failures.of(failure));
                  }
                });
  }

  /** One that is refused must not keep the others: they are told of one by one. */
  private void notGivenBack(List<ChunkProgress> chunks, long pauseMillis, CairnException failure) {
    LOG.debug("{} chunks were not given back", chunks.size(), failure);
    if (isAboutTheChunks(failure.code())) {
      if (chunks.size() > 1) {
        chunks.forEach(chunk -> giveBack(List.of(chunk), pauseMillis));
      }
    } else if (session.isOpen()) {
      long next = Math.min(2 * pauseMillis, MAX_PAUSE_MILLIS);
      var unused = environment.schedule(() -> giveBack(chunks, next), pauseMillis);
    }
  }

  private static boolean isAboutTheChunks(ErrorCode code) {
    return switch (code) {
      case CHUNK_FENCED,
          CHUNK_CLOSED,
          CHUNK_NOT_FOUND,
          PERMISSION_DENIED,
          INVALID_ARGUMENT,
          CANCELLED,
          SESSION_EXPIRED ->
          true;
      default -> false;
    };
  }
}
