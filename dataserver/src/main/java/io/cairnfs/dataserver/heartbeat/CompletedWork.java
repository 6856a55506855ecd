package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.dataserver.CopyResult;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Work that the leader handed out: what is being done, and what is done and not yet reported. A
 * result is kept until a heartbeat with it was answered. Safe for any thread.
 */
final class CompletedWork {
  /** Results of one heartbeat. */
  record Report(List<CopyResult> copied, List<Long> deleted) {}

  @GuardedBy("this")
  private final Set<ChunkId> running = new HashSet<>();

  @GuardedBy("this")
  private final Map<Long, CopyResult> copied = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Set<Long> deleted = new LinkedHashSet<>();

  /** False if something is being done with the chunk already. */
  synchronized boolean begin(ChunkId chunk) {
    return running.add(chunk);
  }

  synchronized void end(ChunkId chunk) {
    running.remove(chunk);
  }

  synchronized boolean isRunning(ChunkId chunk) {
    return running.contains(chunk);
  }

  synchronized void copied(CopyResult result) {
    copied.put(result.getChunk(), result);
  }

  synchronized void deleted(ChunkId chunk) {
    deleted.add(chunk.value());
  }

  synchronized boolean isEmpty() {
    return copied.isEmpty() && deleted.isEmpty();
  }

  synchronized Report report(int limit) {
    return new Report(
        copied.values().stream().limit(limit).toList(),
        new ArrayList<>(deleted.stream().limit(limit).toList()));
  }

  /** The leader has heard of these. */
  synchronized void forget(Report report) {
    for (CopyResult result : report.copied()) {
      copied.remove(result.getChunk(), result);
    }
    report.deleted().forEach(deleted::remove);
  }
}
