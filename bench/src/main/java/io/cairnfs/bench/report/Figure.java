package io.cairnfs.bench.report;

import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * One measured value beside what limits it.
 *
 * @param name what was measured, with its parameters
 * @param floor what no implementation could beat on this machine, in the same unit; empty where
 *     there is no such thing
 * @param aim what is aimed at, in the same unit; empty where nothing is
 * @param remark what the floor is made of, or anything else worth knowing
 */
public record Figure(
    String name,
    double value,
    String unit,
    OptionalDouble floor,
    OptionalDouble aim,
    Better better,
    String remark) {

  /** Which direction is good. */
  public enum Better {
    HIGHER,
    LOWER
  }

  public static Figure rate(String name, double value, String unit, String remark) {
    return new Figure(
        name, value, unit, OptionalDouble.empty(), OptionalDouble.empty(), Better.HIGHER, remark);
  }

  public static Figure time(String name, double value, String unit, String remark) {
    return new Figure(
        name, value, unit, OptionalDouble.empty(), OptionalDouble.empty(), Better.LOWER, remark);
  }

  /** The median of several runs; the remark tells how far apart they were. */
  public static Figure median(String name, double[] runs, String unit, Better better) {
    return better == Better.LOWER ? medianTime(name, runs, unit) : medianRate(name, runs, unit);
  }

  /** The median of several runs; the remark tells how far apart they were. */
  public static Figure medianRate(String name, double[] runs, String unit) {
    return rate(name, Median.of(runs), unit, spread(runs));
  }

  /** The median of several runs; the remark tells how far apart they were. */
  public static Figure medianTime(String name, double[] runs, String unit) {
    return time(name, Median.of(runs), unit, spread(runs));
  }

  private static String spread(double[] runs) {
    double[] sorted = Arrays.stream(runs).sorted().toArray();
    return sorted.length == 1
        ? "one run"
        : format(sorted[0]) + " to " + format(sorted[sorted.length - 1]);
  }

  public Figure withRemark(String more) {
    return new Figure(
        name, value, unit, floor, aim, better, remark.isEmpty() ? more : remark + "; " + more);
  }

  public Figure withFloor(double limit) {
    return new Figure(name, value, unit, OptionalDouble.of(limit), aim, better, remark);
  }

  public Figure withAim(OptionalDouble wanted) {
    return new Figure(name, value, unit, floor, wanted, better, remark);
  }

  /** Whether the value is as good as the aim; true where there is none. */
  public boolean reachesAim() {
    return aim.isEmpty()
        || (better == Better.LOWER ? value <= aim.getAsDouble() : value >= aim.getAsDouble());
  }

  /** How often worse than the floor; 1 is perfect. */
  public OptionalDouble ratio() {
    if (floor.isEmpty() || value == 0) {
      return OptionalDouble.empty();
    }
    double limit = floor.getAsDouble();
    return OptionalDouble.of(better == Better.LOWER ? value / limit : limit / value);
  }

  static String format(double value) {
    double size = Math.abs(value);
    if (size >= 1000) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, size >= 10 ? "%.1f" : "%.3f", value);
  }
}
