package io.cairnfs.bench.recovery;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.OwnCluster;
import io.cairnfs.bench.rig.Standstill;
import io.cairnfs.bench.rig.WriteLoad;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code bench steady}: a full load for minutes, in which no leader may be elected: nothing fails.
 */
@Command(
    name = "steady",
    mixinStandardHelpOptions = true,
    description =
        "Loads the metaservers fully for minutes and counts elections, of which there should be none.")
public final class SteadyBench implements Callable<Integer> {
  private static final int WARM_UP_CALLS = 60_000;
  private static final long LIMIT_SECONDS = 300;

  @Option(
      names = "--minutes",
      defaultValue = "10",
      description = "How long (default: ${DEFAULT-VALUE}).")
  private int minutes;

  @Option(
      names = "--clients",
      defaultValue = "64",
      description = "Callers that create files all the time (default: ${DEFAULT-VALUE}).")
  private int callers;

  @Mixin private OwnCluster own;
  @Spec private CommandSpec spec;

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();

  @Override
  public Integer call() throws Exception {
    if (minutes < 1 || callers < 1) {
      throw new ParameterException(
          spec.commandLine(), "--minutes and --clients must be at least 1");
    }
    int elections = 0;
    int excused = 0;
    double longestGap = 0;
    double longestStandstill = 0;
    double rate;
    long failed;
    try (BenchCluster cluster = own.open();
        CairnFileSystem fileSystem = cluster.connect();
        Standstill standstill = new Standstill(clock);
        WriteLoad load = new WriteLoad(fileSystem, clock, "/load", callers)) {
      load.await(WARM_UP_CALLS, LIMIT_SECONDS);
      Leaders leaders = new Leaders(fileSystem, clock);
      long term = leaders.term();
      double before = standstill.takeLongestMillis();
      double unused = load.takeLongestGapMillis();
      long start = clock.monotonicNanos();
      long completed = load.completed();
      for (long second = 0; second < TimeUnit.MINUTES.toSeconds(minutes); second++) {
        TimeUnit.SECONDS.sleep(1);
        double still = standstill.takeLongestMillis();
        double gap = load.takeLongestGapMillis();
        longestStandstill = Math.max(longestStandstill, still);
        longestGap = Math.max(longestGap, gap);
        long now = leaders.term();
        if (now != term) {
          boolean excuse = Math.max(still, before) > FailoverBench.STANDSTILL_MILLIS;
          System.err.printf(
              "second %d: term %d became %d, %.0f ms without an answer%s%n",
              second, term, now, gap, excuse ? "; the machine itself stood still" : "");
          elections += excuse ? 0 : 1;
          excused += excuse ? 1 : 0;
        }
        term = now;
        before = still;
      }
      rate = (load.completed() - completed) / ((clock.monotonicNanos() - start) / 1e9);
      failed = load.failed();
      load.firstFailure().ifPresent(problem -> System.err.println("first failure: " + problem));
    }
    FigureTable table =
        new FigureTable(
            "bench steady: %d callers create files for %d minutes".formatted(callers, minutes));
    table.add(Figure.rate("created", rate, "/s", ""));
    table.add(Figure.time("elections", elections, "", "nothing had failed"));
    table.add(Figure.time("elections left out", excused, "", "the machine itself stood still"));
    table.add(Figure.time("longest time without an answer", longestGap, "ms", ""));
    table.add(
        Figure.time(
            "longest standstill of the machine",
            longestStandstill,
            "ms",
            "as this process saw it"));
    table.add(Figure.time("failed calls", (double) failed, "", ""));
    output.print(table);
    return failed == 0 && elections == 0 ? 0 : 1;
  }
}
