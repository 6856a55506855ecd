package io.cairnfs.bench.report;

import picocli.CommandLine.Option;

/** Options of a bench that say how its figures are printed. */
public final class FigureOutput {
  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  FigureOutput() {}

  /** To standard output. */
  public void print(FigureTable table) {
    if (json) {
      table.printJson(System.out);
    } else {
      table.print(System.out);
    }
  }
}
