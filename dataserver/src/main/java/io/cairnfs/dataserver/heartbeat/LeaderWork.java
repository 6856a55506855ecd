package io.cairnfs.dataserver.heartbeat;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.transfer.DiskThreads;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CompactTask;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what the leader asks, in the background and once at a time for a chunk. What does not fit
 * into the queues, or meets other work on its chunk, is dropped: the leader asks again, since the
 * next heartbeat does not name it. Safe for any thread.
 */
final class LeaderWork {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderWork.class);

  private final ReplicaStore store;
  private final ChunkCopier copier;
  private final Compactor compactor;
  private final DiskThreads small;
  private final DiskThreads copies;
  private final CompletedWork completed;
  private final Runnable onDone;

  /**
   * @param small seals and deletes
   * @param copies copies
   * @param onDone something is worth a heartbeat
   */
  LeaderWork(
      ReplicaStore store,
      ChunkCopier copier,
      Compactor compactor,
      DiskThreads small,
      DiskThreads copies,
      CompletedWork completed,
      Runnable onDone) {
    this.store = store;
    this.copier = copier;
    this.compactor = compactor;
    this.small = small;
    this.copies = copies;
    this.completed = completed;
    this.onDone = onDone;
  }

  /** Begins a compaction, and tells how it went. */
  interface Compactor {
    void begin(CompactTask task, Consumer<CompactResult> done);
  }

  /** What is done once at a time for a chunk. */
  private enum Kind {
    SEAL,
    COPY,
    DELETE
  }

  void judge(ReplicaVerdict verdict) {
    ChunkId chunk = new ChunkId(verdict.getChunk());
    switch (verdict.getVerdict()) {
      case SEAL -> run(Kind.SEAL, chunk, () -> seal(chunk, verdict));
      case DEAD -> run(Kind.DELETE, chunk, () -> delete(chunk));
      case KEEP, VERDICT_UNSPECIFIED, UNRECOGNIZED -> LOG.debug("{} stays as it is", chunk);
    }
  }

  void copy(CopyTask task) {
    ChunkId chunk = new ChunkId(task.getChunk());
    Optional<CopyResult> before = completed.doneBefore(task);
    if (before.isPresent()
        && !completed.isRunning(chunk)
        && isSealedHere(chunk, task.getLength())) {
      completed.copied(before.get());
      return;
    }
    run(Kind.COPY, chunk, () -> copy(chunk, task));
  }

  void compact(CompactTask task) {
    if (completed.beginCompaction(task.getChunk().getChunk())) {
      compactor.begin(
          task,
          result -> {
            completed.compacted(result);
            if (result.getErrorCode() == 0) {
              LOG.info(
                  "{} compacted, {} bytes", new ChunkId(result.getChunk()), result.getLength());
            }
            onDone.run();
          });
    }
  }

  private boolean isSealedHere(ChunkId chunk, long length) {
    return store
        .status(chunk)
        .filter(status -> status.state() == State.SEALED && status.length() == length)
        .isPresent();
  }

  /** Of committed garbage. */
  void deleteGarbage(ChunkId chunk) {
    run(
        Kind.DELETE,
        chunk,
        () -> {
          if (delete(chunk)) {
            completed.deleted(chunk);
            onDone.run();
          }
        });
  }

  private void run(Kind kind, ChunkId chunk, Runnable work) {
    boolean begun =
        switch (kind) {
          case SEAL -> completed.begin(chunk);
          case COPY -> completed.beginCopy(chunk);
          case DELETE -> completed.beginDelete(chunk);
        };
    if (!begun) {
      return;
    }
    try {
      (kind == Kind.COPY ? copies : small)
          .execute(
              () -> {
                try {
                  work.run();
                } finally {
                  completed.end(chunk);
                }
              });
    } catch (RejectedExecutionException e) {
      completed.end(chunk);
      LOG.debug("{} must wait: {}", chunk, e.toString());
    }
  }

  private void seal(ChunkId chunk, ReplicaVerdict verdict) {
    try {
      store.seal(
          chunk, verdict.getLength(), Math.max(1, verdict.getReplication()), verdict.getEpoch());
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CHUNK_CORRUPT) {
        onDone.run();
      }
      LOG.warn("{} not sealed at {}: {}", chunk, verdict.getLength(), e.getMessage());
    }
  }

  private boolean delete(ChunkId chunk) {
    try {
      store.delete(chunk);
      return true;
    } catch (CairnException e) {
      LOG.warn("{} not deleted: {}", chunk, e.getMessage());
      return false;
    }
  }

  private void copy(ChunkId chunk, CopyTask task) {
    CopyResult.Builder result =
        CopyResult.newBuilder()
            .setChunk(chunk.value())
            .setSince(task.getSince())
            .setLength(task.getLength());
    try {
      copier.copy(task);
      LOG.info("{} copied, {} bytes", chunk, task.getLength());
    } catch (CairnException e) {
      LOG.warn("{} not copied: {}", chunk, e.getMessage());
      result.setErrorCode(e.code().number()).setErrorMessage(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    completed.copied(result.build());
    onDone.run();
  }
}
