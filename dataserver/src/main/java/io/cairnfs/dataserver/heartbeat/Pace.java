package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReadPace;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;

/**
 * A rate in bytes a second that several readers share, and that may change while they wait. Once
 * closed it holds nobody back. Safe for any thread.
 */
final class Pace implements ReadPace, AutoCloseable {
  /** So soon a changed rate is noticed. */
  private static final long LONGEST_WAIT_NANOS = Duration.ofMillis(200).toNanos();

  private final Clock clock;
  private final DoubleSupplier bytesPerSecond;
  private final LongConsumer begun;

  @GuardedBy("this")
  private final RateBudget budget;

  private volatile boolean closed;

  /**
   * @param bytesPerSecond above 0; asked under this pace's lock
   * @param begun hears of the bytes of each piece that may be read now
   */
  Pace(Clock clock, DoubleSupplier bytesPerSecond, LongConsumer begun) {
    this.clock = clock;
    this.bytesPerSecond = bytesPerSecond;
    this.begun = begun;
    this.budget = new RateBudget(clock.monotonicNanos());
  }

  @Override
  public synchronized void beforeRead(int bytes) {
    boolean interrupted = false;
    while (!closed) {
      long left = budget.nanosToWait(clock.monotonicNanos(), bytesPerSecond.getAsDouble());
      if (left <= 0) {
        break;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, LONGEST_WAIT_NANOS));
      } catch (InterruptedException e) {
        interrupted = true;
        closed = true;
      }
    }
    budget.take(bytes);
    begun.accept(bytes);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
