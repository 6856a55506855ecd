package io.cairnfs.bench.report;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints figures as a table: name, value, floor, ratio, aim where there are any, remark. */
public final class FigureTable {
  private final String title;
  private final String floorName;
  private final List<Figure> figures = new ArrayList<>();

  public FigureTable(String title) {
    this(title, "floor");
  }

  /**
   * @param floorName what stands above the floors, in print
   */
  public FigureTable(String title, String floorName) {
    this.title = title;
    this.floorName = floorName;
  }

  public void add(Figure figure) {
    figures.add(figure);
  }

  public List<Figure> figures() {
    return List.copyOf(figures);
  }

  /** For people. */
  public void print(PrintStream out) {
    int width = 10;
    for (Figure figure : figures) {
      width = Math.max(width, figure.name().length());
    }
    boolean aims = figures.stream().anyMatch(figure -> figure.aim().isPresent());
    String line = "%-" + width + "s  %12s %-7s  %12s  %6s  " + (aims ? "%12s  " : "%s") + "%s%n";
    out.println(title);
    out.printf(line, "", "value", "", floorName, "ratio", aims ? "aim" : "", "");
    for (Figure figure : figures) {
      out.printf(
          line,
          figure.name(),
          Figure.format(figure.value()),
          figure.unit(),
          figure.floor().isPresent() ? Figure.format(figure.floor().getAsDouble()) : "-",
          figure.ratio().isPresent()
              ? String.format(Locale.ROOT, "%.2f", figure.ratio().getAsDouble())
              : "-",
          aims ? aim(figure) : "",
          figure.remark());
    }
    out.println();
  }

  private static String aim(Figure figure) {
    if (figure.aim().isEmpty()) {
      return "-";
    }
    return Figure.format(figure.aim().getAsDouble()) + (figure.reachesAim() ? " +" : " -");
  }

  /** For programs: one JSON object a line. */
  public void printJson(PrintStream out) {
    for (Figure figure : figures) {
      out.printf(
          Locale.ROOT,
          "{\"bench\":\"%s\",\"name\":\"%s\",\"value\":%.6f,\"unit\":\"%s\",\"floor\":%s,"
              + "\"ratio\":%s,\"aim\":%s}%n",
          title,
          figure.name(),
          figure.value(),
          figure.unit(),
          figure.floor().isPresent() ? Double.toString(figure.floor().getAsDouble()) : "null",
          figure.ratio().isPresent() ? Double.toString(figure.ratio().getAsDouble()) : "null",
          figure.aim().isPresent() ? Double.toString(figure.aim().getAsDouble()) : "null");
    }
  }
}
