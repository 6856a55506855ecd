package io.cairnfs.client.base;

import io.cairnfs.common.time.Clock;
import java.time.Duration;

/** An instant of monotonic time after which nobody waits any more. Immutable. */
public final class Deadline {
  private final Clock clock;
  private final long startNanos;
  private final long endNanos;

  private Deadline(Clock clock, long startNanos, long endNanos) {
    this.clock = clock;
    this.startNanos = startNanos;
    this.endNanos = endNanos;
  }

  public static Deadline in(Clock clock, Duration duration) {
    long now = clock.monotonicNanos();
    return new Deadline(clock, now, now + duration.toNanos());
  }

  public boolean isOver() {
    return clock.monotonicNanos() - endNanos >= 0;
  }

  /** What is left, rounded up to milliseconds; 0 when it is over. */
  public long remainingMillis() {
    long nanos = endNanos - clock.monotonicNanos();
    return nanos <= 0 ? 0 : (nanos + 999_999) / 1_000_000;
  }

  /** The less of what is left and {@code most}, at least 1 ms. */
  public Duration atMost(Duration most) {
    return Duration.ofMillis(Math.max(1, Math.min(most.toMillis(), remainingMillis())));
  }

  /** Since the deadline was set. */
  public Duration elapsed() {
    return Duration.ofNanos(clock.monotonicNanos() - startNanos);
  }
}
