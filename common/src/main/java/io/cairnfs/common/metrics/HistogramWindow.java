package io.cairnfs.common.metrics;

/**
 * What a histogram recorded since a moment, for those who judge the present and not the whole life
 * of the process. One thread.
 */
public final class HistogramWindow {
  private final Histogram histogram;
  private long[] before;

  /** From now on. */
  public HistogramWindow(Histogram histogram) {
    this.histogram = histogram;
    this.before = histogram.counts();
  }

  /** How many values were recorded since the last {@link #begin}. */
  public long count() {
    long count = 0;
    long[] now = histogram.counts();
    for (int i = 0; i < now.length; i++) {
      count += now[i] - before[i];
    }
    return count;
  }

  /**
   * A quantile of the values since the last {@link #begin}: the largest value of its bucket, at
   * most 1/16 too large; 0 if there are none.
   *
   * @param fraction above 0, up to 1
   */
  public long quantile(double fraction) {
    long rank = (long) Math.ceil(count() * fraction);
    long[] now = histogram.counts();
    long seen = 0;
    for (int i = 0; i < now.length; i++) {
      seen += now[i] - before[i];
      if (now[i] > before[i] && seen >= rank) {
        return Histogram.upperEdge(i);
      }
    }
    return 0;
  }

  /** Begins anew. */
  public void begin() {
    before = histogram.counts();
  }
}
