package io.cairnfs.common.metrics;

import java.util.OptionalLong;

/**
 * How long something took in the last whole window, which its owner ends. {@link #record} is for
 * any thread; {@link #endWindow} for one.
 */
public final class RecentLatency {
  /** Of fewer values the 99th percentile is one odd value, and nothing is said. */
  public static final int LEAST_VALUES = 50;

  private static final double QUANTILE = 0.99;

  private final Histogram micros = new Histogram();
  private final HistogramWindow window = new HistogramWindow(micros);
  private volatile OptionalLong p99Micros = OptionalLong.empty();

  public void record(long nanos) {
    micros.record(nanos / 1_000);
  }

  /**
   * Begins the next window.
   *
   * @return how many values the one that ends had
   */
  public long endWindow() {
    long count = window.count();
    p99Micros =
        count < LEAST_VALUES ? OptionalLong.empty() : OptionalLong.of(window.quantile(QUANTILE));
    window.begin();
    return count;
  }

  /**
   * Of the last window that was ended, at most 1/16 too large; empty where it had fewer than {@link
   * #LEAST_VALUES}.
   */
  public OptionalLong p99Micros() {
    return p99Micros;
  }
}
