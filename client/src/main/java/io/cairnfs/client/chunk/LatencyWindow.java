package io.cairnfs.client.chunk;

import java.util.Arrays;

/** The last requests' durations and their 99th percentile. Safe for any thread. */
final class LatencyWindow {
  private static final int SAMPLES = 512;
  private static final int REFRESH = 64;

  private final long[] nanos = new long[SAMPLES];
  private int next;
  private int filled;
  private volatile long percentile99;

  synchronized void record(long durationNanos) {
    nanos[next] = durationNanos;
    next = (next + 1) % SAMPLES;
    filled = Math.min(filled + 1, SAMPLES);
    if (next % REFRESH == 0) {
      long[] sorted = Arrays.copyOf(nanos, filled);
      Arrays.sort(sorted);
      percentile99 = sorted[filled * 99 / 100];
    }
  }

  /** 0 until there are enough samples. */
  long percentile99Nanos() {
    return percentile99;
  }
}
