package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReadPace;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A rate in bytes a second that several readers share. Once closed it holds nobody back. Safe for
 * any thread.
 */
final class Pace implements ReadPace, AutoCloseable {
  private static final double NANOS_PER_SECOND = 1e9;

  private final Clock clock;
  private final LongSupplier bytesPerSecond;

  @GuardedBy("this")
  private long freeAtNanos;

  @GuardedBy("this")
  private boolean closed;

  Pace(Clock clock, LongSupplier bytesPerSecond) {
    this.clock = clock;
    this.bytesPerSecond = bytesPerSecond;
    this.freeAtNanos = clock.monotonicNanos();
  }

  @Override
  public synchronized void beforeRead(int bytes) {
    long start = Math.max(freeAtNanos, clock.monotonicNanos());
    freeAtNanos =
        start + (long) (bytes * NANOS_PER_SECOND / Math.max(1, bytesPerSecond.getAsLong()));
    boolean interrupted = false;
    while (!closed) {
      long left = start - clock.monotonicNanos();
      if (left <= 0) {
        break;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        interrupted = true;
        closed = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
