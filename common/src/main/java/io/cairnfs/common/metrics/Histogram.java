package io.cairnfs.common.metrics;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * Distribution of non-negative values in buckets of at most 1/16 relative width, over the life of
 * the process. Recording is one atomic increment; any thread.
 */
public final class Histogram {
  private static final int SUB_BITS = 4;
  private static final int SUB_BUCKETS = 1 << SUB_BITS;
  private static final int BUCKETS = (64 - SUB_BITS) * SUB_BUCKETS;

  private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
  private final LongAdder sum = new LongAdder();
  private final LongAccumulator max = new LongAccumulator(Math::max, 0);

  Histogram() {}

  /** Negative values count as 0. */
  public void record(long value) {
    long bounded = Math.max(0, value);
    counts.incrementAndGet(bucket(bounded));
    sum.add(bounded);
    max.accumulate(bounded);
  }

  static int bucket(long value) {
    if (value < SUB_BUCKETS) {
      return (int) value;
    }
    int exponent = 63 - Long.numberOfLeadingZeros(value) - SUB_BITS;
    return (exponent + 1) * SUB_BUCKETS + (int) (value >>> exponent) - SUB_BUCKETS;
  }

  /** Largest value that falls into the bucket. */
  static long upperEdge(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int exponent = bucket / SUB_BUCKETS - 1;
    long head = (long) (bucket % SUB_BUCKETS) + SUB_BUCKETS;
    return ((head + 1) << exponent) - 1;
  }

  /** By bucket. */
  long[] counts() {
    long[] copy = new long[BUCKETS];
    for (int i = 0; i < BUCKETS; i++) {
      copy[i] = counts.get(i);
    }
    return copy;
  }

  public HistogramSnapshot snapshot() {
    long[] copy = counts();
    long count = 0;
    for (long each : copy) {
      count += each;
    }
    return new HistogramSnapshot(
        count,
        count == 0 ? 0 : (double) sum.sum() / count,
        quantile(copy, count, 0.5),
        quantile(copy, count, 0.99),
        quantile(copy, count, 0.999),
        max.get());
  }

  private long quantile(long[] copy, long count, double fraction) {
    long rank = (long) Math.ceil(count * fraction);
    long seen = 0;
    for (int i = 0; i < copy.length; i++) {
      seen += copy[i];
      if (copy[i] > 0 && seen >= rank) {
        return Math.min(upperEdge(i), max.get());
      }
    }
    return 0;
  }
}
