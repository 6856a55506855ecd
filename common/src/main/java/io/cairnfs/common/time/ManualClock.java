package io.cairnfs.common.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until it is advanced: for tests and simulations. */
public final class ManualClock implements Clock {
  private final AtomicLong monotonicNanos = new AtomicLong();
  private final AtomicLong wallOffsetNanos;

  public ManualClock(long wallNanos) {
    wallOffsetNanos = new AtomicLong(wallNanos);
  }

  public void advance(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("monotonic time cannot go back by " + duration);
    }
    monotonicNanos.addAndGet(duration.toNanos());
  }

  /** Moves wall time alone, in either direction. */
  public void jumpWall(Duration duration) {
    wallOffsetNanos.addAndGet(duration.toNanos());
  }

  @Override
  public long monotonicNanos() {
    return monotonicNanos.get();
  }

  @Override
  public long wallNanos() {
    return monotonicNanos.get() + wallOffsetNanos.get();
  }
}
