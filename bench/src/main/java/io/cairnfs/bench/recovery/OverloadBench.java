package io.cairnfs.bench.recovery;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.OwnCluster;
import io.cairnfs.bench.rig.WriteLoad;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code bench overload}: as many callers as saturate the metaservers, then many times as many for
 * a while, then the former number again, which must find the former rate soon.
 */
@Command(
    name = "overload",
    mixinStandardHelpOptions = true,
    description =
        "Overloads the metaservers for a while and measures whether the former rate comes back.")
public final class OverloadBench implements Callable<Integer> {
  private static final int WARM_UP_CALLS = 60_000;
  private static final long LIMIT_SECONDS = 300;

  @Option(
      names = "--clients",
      defaultValue = "64",
      description = "Callers that saturate the metaservers (default: ${DEFAULT-VALUE}).")
  private int callers;

  @Option(
      names = "--times",
      defaultValue = "10",
      description = "So many times as many in the overload (default: ${DEFAULT-VALUE}).")
  private int times;

  @Option(
      names = "--seconds",
      defaultValue = "60",
      description = "How long the overload lasts (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--measure",
      defaultValue = "10",
      description = "Seconds of the measurement before and after (default: ${DEFAULT-VALUE}).")
  private int measured;

  @Mixin private OwnCluster own;
  @Spec private CommandSpec spec;

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();

  @Override
  public Integer call() throws Exception {
    if (callers < 1 || times < 2 || seconds < 1 || measured < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "--clients, --seconds and --measure must be at least 1, --times at least 2");
    }
    FigureTable table =
        new FigureTable(
            "bench overload: %d callers create files, then %d for %d s, then %d again"
                .formatted(callers, callers * times, seconds, callers));
    long failed;
    try (BenchCluster cluster = own.open();
        CairnFileSystem fileSystem = cluster.connect()) {
      try (WriteLoad load = new WriteLoad(fileSystem, clock, "/warm", callers)) {
        load.await(WARM_UP_CALLS, LIMIT_SECONDS);
      }
      try (WriteLoad load = new WriteLoad(fileSystem, clock, "/steady", callers)) {
        double before = rate(load, measured);
        double during;
        double gap;
        try (WriteLoad more =
            new WriteLoad(fileSystem, clock, "/overload", callers * (times - 1))) {
          long others = more.completed();
          during = rate(load, seconds) + (more.completed() - others) / (double) seconds;
          gap = more.takeLongestGapMillis();
          failed = more.failed();
          more.firstFailure().ifPresent(OverloadBench::tell);
        }
        double after = rate(load, measured);
        failed += load.failed();
        load.firstFailure().ifPresent(OverloadBench::tell);
        table.add(Figure.rate("before", before, "/s", ""));
        table.add(Figure.rate("in the overload, all callers together", during, "/s", ""));
        table.add(Figure.time("longest time without an answer in it", gap, "ms", ""));
        table.add(
            Figure.rate("in the %d s after it".formatted(measured), after, "/s", "")
                .withFloor(before));
        table.add(Figure.time("failed calls", (double) failed, "", "slower calls are none"));
      }
    }
    output.print(table);
    return failed == 0 ? 0 : 1;
  }

  private static void tell(IOException problem) {
    System.err.println("first failure: " + problem);
  }

  private double rate(WriteLoad load, int overSeconds) throws InterruptedException {
    long completed = load.completed();
    long start = clock.monotonicNanos();
    TimeUnit.SECONDS.sleep(overSeconds);
    return (load.completed() - completed) / ((clock.monotonicNanos() - start) / 1e9);
  }
}
