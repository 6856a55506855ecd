package io.cairnfs.dataserver.transfer;

import java.time.Duration;

/**
 * Judges from its signs of life whether the next member is alive, while something is outstanding
 * there. The time-out grows with the gaps seen so far, so that a slow but living member is borne;
 * and time in which this process itself stood still does not count. One thread.
 */
final class LifeSigns {
  private static final int GAPS = 4;
  private static final int MAX_STRETCH = 8;

  private final long baseNanos;
  private final long tickNanos;
  private long quietSinceNanos;
  private long lastTickNanos;
  private double smoothedGapNanos;
  private boolean waiting;

  LifeSigns(Duration base, Duration tick, long now) {
    this.baseNanos = base.toNanos();
    this.tickNanos = tick.toNanos();
    this.lastTickNanos = now;
    this.quietSinceNanos = now;
  }

  /** Something was asked of the member, or all of it is answered. */
  void waiting(boolean outstanding, long now) {
    if (outstanding && !waiting) {
      quietSinceNanos = now;
    }
    waiting = outstanding;
  }

  void heard(long now) {
    if (waiting) {
      long gap = now - quietSinceNanos;
      smoothedGapNanos += (gap - smoothedGapNanos) / 8;
    }
    quietSinceNanos = now;
  }

  /**
   * Called regularly; whether the member has been silent for too long.
   *
   * @param patience factor of the time-out: more while connections are still being made
   */
  boolean isDead(long now, int patience) {
    long late = now - lastTickNanos - tickNanos;
    lastTickNanos = now;
    if (late > tickNanos) {
      quietSinceNanos += late;
    }
    return waiting && now - quietSinceNanos > patience * timeoutNanos();
  }

  private long timeoutNanos() {
    return (long)
        Math.min(
            MAX_STRETCH * (double) baseNanos,
            Math.max((double) baseNanos, GAPS * smoothedGapNanos));
  }
}
