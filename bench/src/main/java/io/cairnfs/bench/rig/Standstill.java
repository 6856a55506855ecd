package io.cairnfs.bench.rig;

import io.cairnfs.common.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Notices when the whole machine stood still: a thread that wants to wake every ten milliseconds
 * and sees by how much it comes late. What happened in such a gap is not the software's doing.
 */
public final class Standstill implements AutoCloseable {
  private static final Duration STEP = Duration.ofMillis(10);

  private final Clock clock;
  private final AtomicLong longestNanos = new AtomicLong();
  private final Thread watch = new Thread(this::watch, "standstill");
  private volatile boolean closed;

  public Standstill(Clock clock) {
    this.clock = clock;
    watch.setDaemon(true);
    watch.start();
  }

  private void watch() {
    long before = clock.monotonicNanos();
    while (!closed) {
      LockSupport.parkNanos(STEP.toNanos());
      long now = clock.monotonicNanos();
      longestNanos.accumulateAndGet(now - before - STEP.toNanos(), Math::max);
      before = now;
    }
  }

  /** The longest standstill since the last call, in milliseconds. */
  public double takeLongestMillis() {
    return longestNanos.getAndSet(0) / 1e6;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(watch);
  }
}
