package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.time.Clock;

/**
 * The cluster's time as far as a client can know it: never ahead of what was heard by more than has
 * passed since, and never the same twice. Safe for any thread.
 */
final class ClusterTime {
  private final Clock clock;

  @GuardedBy("this")
  private long offset = Long.MIN_VALUE;

  @GuardedBy("this")
  private long last;

  ClusterTime(Clock clock) {
    this.clock = clock;
  }

  /** The cluster has said what time it is. */
  synchronized void heard(long nanos) {
    // An answer has been under way: the latest time is the least wrong one.
    offset = Math.max(offset, nanos - clock.monotonicNanos());
    last = Math.max(last, nanos);
  }

  /** Nanoseconds since the epoch. */
  synchronized long next() {
    last = Math.max(last + 1, clock.monotonicNanos() + offset);
    return last;
  }
}
