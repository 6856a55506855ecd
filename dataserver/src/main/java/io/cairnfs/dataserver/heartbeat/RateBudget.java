package io.cairnfs.dataserver.heartbeat;

/**
 * How long to wait between pieces of work so that they follow a rate, which may change at any
 * moment. One thread, or the caller's lock.
 */
final class RateBudget {
  private static final double NANOS_PER_SECOND = 1e9;

  private double owedBytes;
  private long atNanos;

  RateBudget(long nowNanos) {
    this.atNanos = nowNanos;
  }

  /** Nanoseconds until the next piece may begin at this rate; 0 = now. */
  long nanosToWait(long nowNanos, double bytesPerSecond) {
    owedBytes = Math.max(0, owedBytes - (nowNanos - atNanos) / NANOS_PER_SECOND * bytesPerSecond);
    atNanos = nowNanos;
    return (long) Math.ceil(owedBytes / bytesPerSecond * NANOS_PER_SECOND);
  }

  /** A piece begins. */
  void take(long bytes) {
    owedBytes += bytes;
  }
}
