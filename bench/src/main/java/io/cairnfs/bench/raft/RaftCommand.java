package io.cairnfs.bench.raft;

import io.cairnfs.bench.calibrate.Calibration;
import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.report.Median;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.raft.driver.EngineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.ratis.rpc.SupportedRpcType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench raft}. */
@Command(
    name = "raft",
    description = {
      "Measures the consensus engine alone: three members in one process over loopback.",
      "Rounds of all systems alternate; what is printed is the median."
    },
    mixinStandardHelpOptions = true)
public final class RaftCommand implements Callable<Integer> {
  private static final Duration WARM_UP = Duration.ofSeconds(3);

  @Option(
      names = "--dir",
      split = ",",
      description =
          "Where the logs lie; several are measured one after the other"
              + " (default: ${DEFAULT-VALUE}).",
      defaultValue = "bench-raft,/dev/shm/bench-raft")
  private List<Path> directories;

  @Option(
      names = "--systems",
      split = ",",
      description = "cairn, ratis-netty, ratis-grpc (default: ${DEFAULT-VALUE}).",
      defaultValue = "cairn,ratis-netty,ratis-grpc")
  private List<String> systems;

  @Option(
      names = "--outstanding",
      split = ",",
      description = "Operations in flight (default: ${DEFAULT-VALUE}).",
      defaultValue = "1,64,512")
  private List<Integer> outstanding;

  @Option(names = "--bytes", description = "Bytes of an operation.", defaultValue = "200")
  private int bytes;

  @Option(names = "--seconds", description = "Length of a run.", defaultValue = "5")
  private int seconds;

  @Option(names = "--rounds", description = "Runs of each kind.", defaultValue = "3")
  private int rounds;

  @Option(names = "--kills", description = "Crashes of the leader.", defaultValue = "5")
  private int kills;

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();

  @Override
  public Integer call() throws Exception {
    for (Path directory : directories) {
      Files.createDirectories(directory);
      FigureTable table = new FigureTable("raft, logs in " + directory);
      try {
        measure(directory, table);
      } finally {
        deleteTree(directory);
      }
      output.print(table);
    }
    return 0;
  }

  /** What one system did at one load, round by round. */
  private record Series(String system, int outstanding, List<ClosedLoop.Outcome> runs) {}

  private void measure(Path directory, FigureTable table) throws Exception {
    List<Series> writes = new ArrayList<>();
    List<Series> reads = new ArrayList<>();
    for (String system : systems) {
      for (int load : outstanding) {
        writes.add(new Series(system, load, new ArrayList<>()));
      }
      reads.add(new Series(system, 64, new ArrayList<>()));
    }
    double forceMicros = Calibration.forceMicros(directory, clock);
    double roundTripMicros = Calibration.roundTripMicros(clock);
    table.add(Figure.time("fdatasync p50", forceMicros, "us", ""));
    table.add(Figure.time("loopback round trip", roundTripMicros, "us", ""));
    for (int round = 0; round < rounds; round++) {
      for (String system : systems) {
        Path own = directory.resolve(system + "-" + round);
        deleteTree(own);
        Files.createDirectories(own);
        try (ConsensusGroup group = open(system, own)) {
          group.awaitLeader();
          run(group, 64, WARM_UP, () -> group.submit(new byte[bytes]));
          for (Series series : writes) {
            if (series.system().equals(system)) {
              series
                  .runs()
                  .add(
                      run(
                          group,
                          series.outstanding(),
                          Duration.ofSeconds(seconds),
                          () -> group.submit(new byte[bytes])));
            }
          }
          for (Series series : reads) {
            if (series.system().equals(system)) {
              series.runs().add(run(group, 64, Duration.ofSeconds(2), group::read));
            }
          }
        }
        deleteTree(own);
      }
    }
    double floorMicros = forceMicros + 2 * roundTripMicros;
    for (Series series : writes) {
      report(series, floorMicros, table);
    }
    for (Series series : reads) {
      double rate = Median.of(series.runs(), ClosedLoop.Outcome::perSecond);
      table.add(Figure.rate(series.system() + " linearizable reads", rate, "op/s", "by lease"));
    }
    for (String system : systems) {
      failover(system, directory, table);
    }
  }

  private ConsensusGroup open(String system, Path directory) throws IOException {
    return switch (system) {
      case "cairn" -> new CairnGroup(directory, EngineOptions.DEFAULT, clock);
      case "ratis-netty" -> new RatisGroup(directory, SupportedRpcType.NETTY, clock);
      case "ratis-grpc" -> new RatisGroup(directory, SupportedRpcType.GRPC, clock);
      default -> throw new IllegalArgumentException("no system '" + system + "'");
    };
  }

  private ClosedLoop.Outcome run(
      ConsensusGroup group, int load, Duration time, Supplier<CompletableFuture<?>> operation)
      throws InterruptedException {
    ClosedLoop.Load repeated =
        new ClosedLoop.Load() {
          @Override
          public CompletableFuture<?> submit() {
            return operation.get();
          }

          @Override
          public void recover() throws IOException {
            group.awaitLeader();
          }
        };
    return new ClosedLoop(clock).run(repeated, load, group.submitters(load), time);
  }

  private void report(Series series, double floorMicros, FigureTable table) {
    String name = series.system() + " writes, " + series.outstanding() + " outstanding";
    double rate = Median.of(series.runs(), ClosedLoop.Outcome::perSecond);
    double p50 = Median.of(series.runs(), ClosedLoop.Outcome::p50Micros);
    double p99 = Median.of(series.runs(), ClosedLoop.Outcome::p99Micros);
    long failures = series.runs().stream().mapToLong(ClosedLoop.Outcome::failures).sum();
    String remark = failures == 0 ? "" : failures + " failed in changes of leader";
    table.add(Figure.rate(name, rate, "op/s", remark));
    Figure median = Figure.time(name + ", p50", p50, "us", "");
    // With more than one outstanding an operation also waits for the batch before its own.
    table.add(series.outstanding() == 1 ? median.withFloor(floorMicros) : median);
    table.add(Figure.time(name + ", p99", p99, "us", ""));
  }

  /** From the moment the leader dies to the first write that another one acknowledges. */
  private void failover(String system, Path directory, FigureTable table) throws Exception {
    if (kills == 0) {
      return;
    }
    Path own = directory.resolve(system + "-failover");
    deleteTree(own);
    Files.createDirectories(own);
    List<Double> millis = new ArrayList<>();
    try (ConsensusGroup group = open(system, own)) {
      group.awaitLeader();
      run(group, 1, Duration.ofSeconds(1), () -> group.submit(new byte[bytes]));
      for (int i = 0; i < kills; i++) {
        long start = clock.monotonicNanos();
        group.killLeader();
        awaitWrite(group);
        millis.add((clock.monotonicNanos() - start) / 1e6);
        group.restart();
        run(group, 1, Duration.ofSeconds(2), () -> group.submit(new byte[bytes]));
      }
    }
    deleteTree(own);
    double worst = millis.stream().max(Comparator.naturalOrder()).orElseThrow();
    table.add(
        Figure.time(
            system + " failover",
            Median.of(millis, value -> value),
            "ms",
            "longest %.0f ms of %d".formatted(worst, kills)));
  }

  private void awaitWrite(ConsensusGroup group) throws IOException {
    while (true) {
      group.awaitLeader();
      try {
        group.submit(new byte[bytes]).join();
        return;
      } catch (CompletionException e) {
        // Not this one, or not yet: whoever leads next is asked.
        Thread.onSpinWait();
      }
    }
  }

  private static void deleteTree(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(directory)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }
}
