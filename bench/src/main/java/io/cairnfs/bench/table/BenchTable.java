package io.cairnfs.bench.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Rows of {@code what, value, unit, floor or peer, ratio, spread}. Not for several threads. */
public final class BenchTable {
  private record Row(String what, String value, String floor, String ratio, String spread) {}

  private final String title;
  private final List<Row> rows = new ArrayList<>();

  public BenchTable(String title) {
    this.title = title;
  }

  /**
   * Adds a row with the median of the runs.
   *
   * @param floor what the same machine could do at best, or what a peer does, in the same unit
   */
  public void add(String what, double[] runs, String unit, OptionalDouble floor) {
    double[] sorted = runs.clone();
    Arrays.sort(sorted);
    double median = median(runs);
    rows.add(
        new Row(
            what,
            number(median) + " " + unit,
            floor.isPresent() ? number(floor.getAsDouble()) + " " + unit : "",
            floor.isPresent()
                ? String.format(Locale.ROOT, "%.2f", median / floor.getAsDouble())
                : "",
            number(sorted[0]) + " - " + number(sorted[sorted.length - 1])));
  }

  public static double median(double[] runs) {
    if (runs.length == 0) {
      throw new IllegalArgumentException("no runs");
    }
    double[] sorted = runs.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static String number(double value) {
    if (value >= 100) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.3f", value);
  }

  /** The table as Markdown. */
  public String render() {
    StringBuilder text = new StringBuilder("\n" + title + "\n\n");
    text.append(
        "| what | median | floor | ratio | min - max |\n| --- | ---: | ---: | ---: | --- |\n");
    for (Row row : rows) {
      text.append("| ").append(row.what()).append(" | ").append(row.value()).append(" | ");
      text.append(row.floor()).append(" | ").append(row.ratio()).append(" | ").append(row.spread());
      text.append(" |\n");
    }
    return text.toString();
  }
}
