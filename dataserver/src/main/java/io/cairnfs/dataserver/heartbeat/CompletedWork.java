package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.CopyTask;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Work that the leader handed out: what is being done, and what is done and not yet reported. A
 * result is kept until a heartbeat with it was answered. Safe for any thread.
 */
public final class CompletedWork {
  private static final int MAX_REMEMBERED = 10_000;

  /** What one heartbeat says: results, and the copies and compactions that are not finished. */
  public record Report(
      List<CopyResult> copied,
      List<Long> deleted,
      List<Long> copying,
      List<CompactResult> compacted,
      List<Long> compacting) {}

  @GuardedBy("this")
  private final Set<ChunkId> running = new HashSet<>();

  /** Those of {@link #running} that are copies. */
  @GuardedBy("this")
  private final Set<ChunkId> copying = new HashSet<>();

  @GuardedBy("this")
  private final Map<Long, CopyResult> copied = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Map<Long, CopyResult> done = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Set<Long> deleted = new LinkedHashSet<>();

  @GuardedBy("this")
  private final Set<Long> compacting = new LinkedHashSet<>();

  @GuardedBy("this")
  private final Map<Long, CompactResult> compacted = new LinkedHashMap<>();

  /** False if something is being done with the chunk already. */
  public synchronized boolean begin(ChunkId chunk) {
    return running.add(chunk);
  }

  /**
   * As {@link #begin}, for a delete: what was said to be copied and is not reported yet is not true
   * any more.
   */
  public synchronized boolean beginDelete(ChunkId chunk) {
    if (!running.add(chunk)) {
      return false;
    }
    copied.remove(chunk.value());
    done.remove(chunk.value());
    return true;
  }

  /** As {@link #begin}, for a copy. */
  public synchronized boolean beginCopy(ChunkId chunk) {
    return running.add(chunk) && copying.add(chunk);
  }

  public synchronized void end(ChunkId chunk) {
    running.remove(chunk);
    copying.remove(chunk);
  }

  public synchronized boolean isRunning(ChunkId chunk) {
    return running.contains(chunk);
  }

  public synchronized void copied(CopyResult result) {
    copied.put(result.getChunk(), result);
    if (result.getErrorCode() == 0) {
      done.put(result.getChunk(), result);
      if (done.size() > MAX_REMEMBERED) {
        done.remove(done.keySet().iterator().next());
      }
    }
  }

  /**
   * The result of this very task if it was done lately: the leader asks again until the result is
   * in its log.
   */
  public synchronized Optional<CopyResult> doneBefore(CopyTask task) {
    CopyResult result = done.get(task.getChunk());
    return result != null
            && result.getSince() == task.getSince()
            && result.getLength() == task.getLength()
        ? Optional.of(result)
        : Optional.empty();
  }

  /** A new chunk is to be written; false if it is being. */
  public synchronized boolean beginCompaction(long chunk) {
    return compacting.add(chunk);
  }

  public synchronized void compacted(CompactResult result) {
    compacting.remove(result.getChunk());
    compacted.put(result.getChunk(), result);
  }

  public synchronized void deleted(ChunkId chunk) {
    deleted.add(chunk.value());
  }

  public synchronized Report report(int limit) {
    return new Report(
        copied.values().stream().limit(limit).toList(),
        new ArrayList<>(deleted.stream().limit(limit).toList()),
        copying.stream().map(ChunkId::value).toList(),
        compacted.values().stream().limit(limit).toList(),
        List.copyOf(compacting));
  }

  /** The leader has heard of these. */
  public synchronized void forget(Report report) {
    for (CopyResult result : report.copied()) {
      copied.remove(result.getChunk(), result);
    }
    report.deleted().forEach(deleted::remove);
    for (CompactResult result : report.compacted()) {
      compacted.remove(result.getChunk(), result);
    }
  }
}
