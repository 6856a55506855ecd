package io.cairnfs.common.metrics;

import java.util.Arrays;
import java.util.OptionalLong;

/**
 * Whether one of several equals is slow, by the 99th percentiles of windows of the same length.
 *
 * <pre>
 * FAST -> SLOW   three windows in a row above 5 times the median of the others, and above 50 ms
 * SLOW -> FAST   three windows in a row under half of both, or without a statement
 * </pre>
 *
 * A window without a statement speaks for the slow one: it may be slow no more and has nothing to
 * do, just because it counts as slow. One thread.
 */
public final class Slowness {
  /** Nobody is slow who is not slower than this. */
  public static final long FLOOR_MICROS = 50_000;

  /** So many times the others' median. */
  public static final int FACTOR = 5;

  /** In a row. */
  public static final int WINDOWS = 3;

  private boolean slow;
  private int against;

  /** The middle one, the larger of two; empty of none. */
  public static OptionalLong median(long... values) {
    if (values.length == 0) {
      return OptionalLong.empty();
    }
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    return OptionalLong.of(sorted[sorted.length / 2]);
  }

  /**
   * One window is over.
   *
   * @param micros its 99th percentile; empty where too little was done
   * @param others the median of the others' ones; empty where there is nobody to compare with
   * @return whether it is slow from now on
   */
  public boolean judge(OptionalLong micros, OptionalLong others) {
    boolean speaksAgainst;
    if (micros.isEmpty() || others.isEmpty()) {
      speaksAgainst = slow;
    } else {
      long limit = Math.max(FLOOR_MICROS, FACTOR * others.getAsLong());
      speaksAgainst = slow ? micros.getAsLong() < limit / 2 : micros.getAsLong() > limit;
    }
    against = speaksAgainst ? against + 1 : 0;
    if (against == WINDOWS) {
      slow = !slow;
      against = 0;
    }
    return slow;
  }

  public boolean isSlow() {
    return slow;
  }
}
