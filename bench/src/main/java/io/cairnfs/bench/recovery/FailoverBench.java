package io.cairnfs.bench.recovery;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.report.Median;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.OwnCluster;
import io.cairnfs.bench.rig.Standstill;
import io.cairnfs.bench.rig.WriteLoad;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.localcluster.LocalProcesses;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.TransferLeadership;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench failover}: kills the leading metaserver under a load of writes, again and again. */
@Command(
    name = "failover",
    mixinStandardHelpOptions = true,
    description =
        "Kills the leading metaserver under a load of writes and measures how long nobody gets an answer.")
public final class FailoverBench implements Callable<Integer> {
  private static final int WARM_UP_CALLS = 40_000;
  private static final int CALLS_AFTER = 2_000;
  private static final long LIMIT_SECONDS = 120;

  /** Half of the shortest election time-out: a standstill of this length can elect a leader. */
  static final double STANDSTILL_MILLIS = 150;

  @Option(
      names = "--kills",
      defaultValue = "20",
      description = "How often the leader is killed (default: ${DEFAULT-VALUE}).")
  private int kills;

  @Option(
      names = "--clients",
      defaultValue = "16",
      description = "Callers that create files all the time (default: ${DEFAULT-VALUE}).")
  private int callers;

  @Option(
      names = "--planned",
      description = "The leader hands over by command instead of being killed.")
  private boolean planned;

  @Mixin private OwnCluster own;
  @Spec private CommandSpec spec;

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();

  @Override
  public Integer call() throws Exception {
    if (kills < 1 || callers < 1) {
      throw new ParameterException(spec.commandLine(), "--kills and --clients must be at least 1");
    }
    List<Double> gaps = new ArrayList<>();
    int excused = 0;
    long failed;
    try (BenchCluster cluster = own.open();
        CairnFileSystem fileSystem = cluster.connect();
        Standstill standstill = new Standstill(clock)) {
      LocalProcesses processes = cluster.processes().orElseThrow();
      Leaders leaders = new Leaders(fileSystem, clock);
      try (WriteLoad load = new WriteLoad(fileSystem, clock, "/load", callers)) {
        load.await(WARM_UP_CALLS, LIMIT_SECONDS);
        for (int kill = 1; kill <= kills; kill++) {
          leaders.awaitAllWell();
          String leader = leaders.leader();
          double unused = standstill.takeLongestMillis() + load.takeLongestGapMillis();
          end(leader, leaders, fileSystem, processes);
          load.await(CALLS_AFTER, LIMIT_SECONDS);
          double gap = load.takeLongestGapMillis();
          double still = standstill.takeLongestMillis();
          boolean excuse = still > STANDSTILL_MILLIS;
          System.err.printf(
              "%d of %d: %s %s, %.0f ms without an answer%s%n",
              kill,
              kills,
              leader,
              planned ? "handed over" : "killed",
              gap,
              excuse ? "; the machine itself stood still for %.0f ms".formatted(still) : "");
          if (excuse) {
            excused++;
          } else {
            gaps.add(gap);
          }
          if (!planned) {
            processes.restart(leader);
          }
        }
        failed = load.failed();
        load.firstFailure().ifPresent(problem -> System.err.println("first failure: " + problem));
      }
    }
    print(gaps, excused, failed);
    return failed == 0 ? 0 : 1;
  }

  /** Ends the leadership, in the way that was asked for. */
  private void end(
      String leader, Leaders leaders, CairnFileSystem fileSystem, LocalProcesses processes)
      throws IOException {
    if (planned) {
      var unused =
          fileSystem
              .administration()
              .changeMetaservers(
                  ChangeMetaserversRequest.newBuilder()
                      .setTransfer(TransferLeadership.newBuilder().setId(leaders.follower()))
                      .build());
    } else {
      processes.kill(leader);
    }
  }

  private void print(List<Double> gaps, int excused, long failed) {
    FigureTable table =
        new FigureTable(
            "bench failover: %d callers create files, the leading metaserver %s %d times"
                .formatted(callers, planned ? "hands over" : "is killed", kills));
    double[] sorted = gaps.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length > 0) {
      table.add(Figure.time("without an answer, p50", Median.quantile(sorted, 0.5), "ms", ""));
      table.add(Figure.time("without an answer, p99", Median.quantile(sorted, 0.99), "ms", ""));
      table.add(Figure.time("without an answer, longest", sorted[sorted.length - 1], "ms", ""));
    }
    table.add(Figure.time("failed calls", (double) failed, "", "slower calls are no failed ones"));
    table.add(Figure.time("left out", excused, "", "the machine itself stood still meanwhile"));
    output.print(table);
  }
}
