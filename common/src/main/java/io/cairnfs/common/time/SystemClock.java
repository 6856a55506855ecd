package io.cairnfs.common.time;

import java.time.Instant;

/** The machine's clock. */
public final class SystemClock implements Clock {
  @Override
  public long monotonicNanos() {
    return System.nanoTime();
  }

  @Override
  public long wallNanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }
}
