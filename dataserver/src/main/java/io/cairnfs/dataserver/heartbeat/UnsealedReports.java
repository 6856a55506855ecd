package io.cairnfs.dataserver.heartbeat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.transfer.ReplicaReports;
import io.cairnfs.proto.dataserver.ReplicaReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Chooses which unsealed and which bad replicas a heartbeat names: each soon, and again only after
 * some seconds, so that a verdict of KEEP does not come back each time. One thread.
 */
public final class UnsealedReports {
  private static final long CLOSED_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long SILENT_NANOS = Duration.ofSeconds(10).toNanos();
  private static final long AGAIN_NANOS = Duration.ofSeconds(5).toNanos();
  private static final int MAX_REPORTS = 1000;

  private final ReplicaStore store;
  private final CompletedWork work;
  private final Clock clock;
  private final Map<ChunkId, Long> named = new HashMap<>();
  private final Map<ChunkId, Long> namedBad = new HashMap<>();

  public UnsealedReports(ReplicaStore store, CompletedWork work, Clock clock) {
    this.store = store;
    this.work = work;
    this.clock = clock;
  }

  public List<ReplicaReport> unsealed() {
    long now = clock.monotonicNanos();
    List<ReplicaReport> reports = new ArrayList<>();
    Set<ChunkId> present = new HashSet<>();
    for (ReplicaStatus status : store.unsealed()) {
      ChunkId chunk = status.chunk();
      present.add(chunk);
      if (reports.size() < MAX_REPORTS
          && isQuiet(status)
          && !work.isRunning(chunk)
          && !store.isBad(chunk)
          && isDue(named, chunk, now, AGAIN_NANOS)) {
        named.put(chunk, now);
        reports.add(ReplicaReports.of(status));
      }
    }
    named.keySet().retainAll(present);
    return reports;
  }

  private static boolean isQuiet(ReplicaStatus status) {
    return status.quietNanos() >= (status.state() == State.OPEN ? SILENT_NANOS : CLOSED_NANOS);
  }

  private static boolean isDue(
      Map<ChunkId, Long> last, ChunkId chunk, long now, long intervalNanos) {
    Long before = last.get(chunk);
    return before == null || now - before >= intervalNanos;
  }

  public List<Long> bad() {
    long now = clock.monotonicNanos();
    List<Long> reports = new ArrayList<>();
    List<ChunkId> all = store.badReplicas(MAX_REPORTS);
    for (ChunkId chunk : all) {
      if (isDue(namedBad, chunk, now, AGAIN_NANOS)) {
        namedBad.put(chunk, now);
        reports.add(chunk.value());
      }
    }
    namedBad.keySet().retainAll(new HashSet<>(all));
    return reports;
  }

  /** The heartbeat was not answered, or the leader is a new one: everything is named again. */
  public void startOver() {
    named.clear();
    namedBad.clear();
  }
}
