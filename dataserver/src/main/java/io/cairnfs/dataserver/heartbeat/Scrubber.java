package io.cairnfs.dataserver.heartbeat;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.ScrubCursor;
import io.cairnfs.dataserver.storage.VolumeStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every SEALED replica within the period, in order of chunk ids, at a rate that follows from
 * how much there is. Goes on after a restart where it was. One thread.
 */
final class Scrubber {
  private static final Logger LOG = LoggerFactory.getLogger(Scrubber.class);
  private static final long ROUND_PAUSE_NANOS = Duration.ofSeconds(60).toNanos();
  private static final long CURSOR_NANOS = Duration.ofSeconds(60).toNanos();

  private final ReplicaStore store;
  private final Disk stateDisk;
  private final Duration period;
  private final Clock clock;
  private final Pace pace;
  private final Runnable onBad;
  private final Counter verified;
  private final Counter bad;

  Scrubber(
      ReplicaStore store,
      Disk stateDisk,
      Duration period,
      Clock clock,
      Runnable onBad,
      MetricRegistry metrics) {
    this.store = store;
    this.stateDisk = stateDisk;
    this.period = period;
    this.clock = clock;
    this.pace = new Pace(clock, this::bytesPerSecond);
    this.onBad = onBad;
    this.verified = metrics.counter("dataserver.scrub.replicas");
    this.bad = metrics.counter("dataserver.scrub.bad");
  }

  private long bytesPerSecond() {
    long used = store.volumes().stream().mapToLong(VolumeStatus::usedBytes).sum();
    return Math.max(1, used / Math.max(1, period.toSeconds()));
  }

  /** Until {@link #close}. */
  void run() {
    ChunkId cursor = restoreCursor();
    long savedNanos = clock.monotonicNanos();
    while (!pace.isClosed()) {
      Optional<ReplicaStatus> next = store.nextSealed(cursor);
      if (next.isEmpty()) {
        cursor = new ChunkId(0);
        pause();
        continue;
      }
      cursor = next.get().chunk();
      check(next.get());
      if (clock.monotonicNanos() - savedNanos > CURSOR_NANOS) {
        savedNanos = clock.monotonicNanos();
        saveCursor(cursor);
      }
    }
    saveCursor(cursor);
  }

  private synchronized void pause() {
    long deadline = clock.monotonicNanos() + ROUND_PAUSE_NANOS;
    while (!pace.isClosed()) {
      long left = deadline - clock.monotonicNanos();
      if (left <= 0) {
        return;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        pace.close();
        Thread.currentThread().interrupt();
      }
    }
  }

  private void check(ReplicaStatus replica) {
    try {
      boolean good = store.verify(replica.chunk(), replica.length(), pace).good();
      verified.increment();
      if (!good && store.isBad(replica.chunk())) {
        bad.increment();
        onBad.run();
      }
    } catch (CairnException e) {
      LOG.warn("{} cannot be verified: {}", replica.chunk(), e.getMessage());
    }
  }

  private ChunkId restoreCursor() {
    try {
      return ScrubCursor.read(stateDisk);
    } catch (IOException e) {
      LOG.warn("the scrubber starts from the beginning: {}", e.getMessage());
      return new ChunkId(0);
    }
  }

  private void saveCursor(ChunkId cursor) {
    try {
      ScrubCursor.write(stateDisk, cursor);
    } catch (IOException e) {
      LOG.warn("the scrubber's place is not kept: {}", e.getMessage());
    }
  }

  /** Ends after the replica at hand. Any thread. */
  void close() {
    pace.close();
    synchronized (this) {
      notifyAll();
    }
  }
}
