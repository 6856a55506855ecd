package io.cairnfs.bench.report;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The middle of several runs. */
public final class Median {
  private Median() {}

  public static <T> double of(List<T> runs, ToDoubleFunction<T> value) {
    double[] values = runs.stream().mapToDouble(value).sorted().toArray();
    return quantile(values, 0.5);
  }

  public static double of(double[] runs) {
    return quantile(Arrays.stream(runs).sorted().toArray(), 0.5);
  }

  /** Of sorted values. */
  public static double quantile(double[] sorted, double fraction) {
    if (sorted.length == 0) {
      throw new IllegalArgumentException("no values");
    }
    int rank = (int) Math.ceil(sorted.length * fraction) - 1;
    return sorted[Math.max(0, Math.min(sorted.length - 1, rank))];
  }

  /** A quantile of unsorted values. */
  public static double quantile(long[] values, double fraction) {
    return quantile(Arrays.stream(values).sorted().asDoubleStream().toArray(), fraction);
  }
}
