package io.cairnfs.bench.meta;

import io.cairnfs.bench.calibrate.Calibration;
import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.BenchTarget;
import io.cairnfs.bench.rig.Callers;
import io.cairnfs.bench.rig.Filler;
import io.cairnfs.bench.rig.ProcessCost;
import io.cairnfs.bench.rig.WarmUp;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench meta}: operations a second on names, with 1, 16 and 64 callers in flight. */
@Command(
    name = "meta",
    mixinStandardHelpOptions = true,
    description =
        "Creates, stats, opens, locks, lists, renames and deletes through the real RPC, with durable three-way replication.")
public final class MetaBench implements Callable<Integer> {
  private static final int LIST_ENTRIES = 100;
  private static final Duration WARM_UP = Duration.ofMinutes(2);
  private static final String NAMESPACE = "/bench-namespace";

  /** A prime beyond the sizes in use: its multiples fall everywhere, in no order. */
  private static final long SPREAD = 1_000_000_007;

  @Mixin private BenchTarget target;

  @Option(
      names = "--runs",
      defaultValue = "3",
      description = "Runs of each figure (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--clients",
      split = ",",
      defaultValue = "1,16,64",
      description = "Callers in flight (default: ${DEFAULT-VALUE}).")
  private List<Integer> clients = List.of();

  @Option(
      names = "--files",
      defaultValue = "10000",
      description =
          "Files of a run with many callers; one caller does a quarter (default: ${DEFAULT-VALUE}).")
  private int files;

  @Option(
      names = "--namespace",
      split = ",",
      defaultValue = "0",
      description =
          "Files that the cluster holds besides, as 10000,1000000: it is filled up to each size in turn"
              + " and measured there (default: ${DEFAULT-VALUE}).")
  private List<Long> sizes = List.of();

  @Mixin private FigureOutput output;
  @Spec private CommandSpec spec;

  private final Clock clock = new SystemClock();
  private final Callers pool = new Callers(clock);

  /** What is measured: the operation, how many of each run, what each waits for at least. */
  private record Kind(String name, int count, Limit limit, Callers.Work operation) {}

  private enum Limit {
    /** A force and two round trips: caller to leader, leader to follower. */
    FORCE,
    /** One round trip. */
    ROUND_TRIP
  }

  @Override
  public Integer call() throws Exception {
    for (int i = 0; i < sizes.size(); i++) {
      if (sizes.get(i) < (i == 0 ? 0 : sizes.get(i - 1))) {
        throw new ParameterException(spec.commandLine(), "--namespace: sizes must not shrink");
      }
    }
    try (BenchCluster cluster = BenchCluster.open(target);
        CairnFileSystem fileSystem = cluster.connect()) {
      FigureTable table =
          new FigureTable(
              "bench meta: three metaservers, every mutation forced on a majority, median of "
                  + runs);
      double roundTripMicros = Calibration.roundTripMicros(clock);
      double forceMicros = Calibration.forceMicros(cluster.directory(), clock);
      table.add(Figure.time("fdatasync p50", forceMicros, "us", ""));
      table.add(Figure.time("loopback round trip", roundTripMicros, "us", ""));
      long filled = 0;
      for (long size : sizes) {
        fill(fileSystem, table, filled, size);
        filled = size;
        new WarmUp(clock, WARM_UP).run(round -> warmUp(fileSystem, round));
        for (int callers : clients) {
          measure(cluster, fileSystem, table, callers, size, forceMicros, roundTripMicros);
        }
      }
      output.print(table);
    }
    return 0;
  }

  private void fill(CairnFileSystem fileSystem, FigureTable table, long from, long to)
      throws IOException, InterruptedException {
    if (to > from) {
      double rate =
          new Filler(fileSystem, clock).fill("namespace", from, to, MetaBench::fileOfNamespace);
      table.add(
          Figure.rate("filling up to %,d files".formatted(to), rate, "/s", "2,048 in flight"));
    }
  }

  private static String fileOfNamespace(long number) {
    return NAMESPACE + "/" + number / 1_000_000 + "/" + number / 1_000 % 1_000 + "/file-" + number;
  }

  /** Everything that is measured, so that it runs compiled. */
  private void warmUp(CairnFileSystem fileSystem, int round) throws Exception {
    String root = "/bench-warm-" + round;
    prepare(fileSystem, root);
    for (Kind kind : kinds(fileSystem, root, 16, 0)) {
      double unused = pool.seconds(16, kind.count(), kind.operation());
    }
    remove(fileSystem, root);
  }

  private static void prepare(CairnFileSystem fileSystem, String root) throws IOException {
    touch(fileSystem.mkdirs(CairnPath.of(root + "/list"), 0755));
    for (int i = 0; i < LIST_ENTRIES; i++) {
      create(fileSystem, root + "/list/e" + i);
    }
  }

  private static void remove(CairnFileSystem fileSystem, String root) throws IOException {
    if (!fileSystem.delete(CairnPath.of(root), DeleteMode.RECURSIVE)) {
      throw new IOException(root + " is gone");
    }
  }

  /** In an order in which each finds what it needs. */
  private List<Kind> kinds(CairnFileSystem fileSystem, String root, int callers, long size) {
    int count = callers == 1 ? Math.max(1, files / 4) : files;
    CairnLocks locks = fileSystem.locks();
    List<Kind> kinds =
        new ArrayList<>(
            List.of(
                new Kind(
                    "create",
                    count,
                    Limit.FORCE,
                    number -> create(fileSystem, root + "/c" + number % 16 + "/f" + number)),
                new Kind(
                    "create+close",
                    count,
                    Limit.FORCE,
                    number ->
                        createAndClose(fileSystem, root + "/w" + number % 16 + "/f" + number)),
                new Kind(
                    "stat",
                    count * 4,
                    Limit.ROUND_TRIP,
                    number -> touch(fileSystem.stat(file(root, number % count)))),
                new Kind(
                    "open",
                    count * 4,
                    Limit.ROUND_TRIP,
                    number -> open(fileSystem, file(root, number % count))),
                new Kind(
                    "lock+unlock",
                    count,
                    Limit.FORCE,
                    number -> lockAndUnlock(locks, file(root, number))),
                new Kind(
                    "list of " + LIST_ENTRIES,
                    Math.max(1, count / 4),
                    Limit.ROUND_TRIP,
                    number -> touch(fileSystem.listAll(CairnPath.of(root + "/list")))),
                new Kind(
                    "rename",
                    count,
                    Limit.FORCE,
                    number ->
                        touch(
                            fileSystem.rename(
                                file(root, number),
                                CairnPath.of(root + "/c" + number % 16 + "/r" + number),
                                RenameMode.NO_REPLACE))),
                new Kind(
                    "delete",
                    count,
                    Limit.FORCE,
                    number ->
                        fileSystem.unlink(
                            CairnPath.of(root + "/c" + number % 16 + "/r" + number)))));
    if (size > 0) {
      kinds.add(
          new Kind(
              "stat of any file",
              count * 4,
              Limit.ROUND_TRIP,
              number ->
                  touch(fileSystem.stat(CairnPath.of(fileOfNamespace(number * SPREAD % size))))));
    }
    return kinds;
  }

  private void measure(
      BenchCluster cluster,
      CairnFileSystem fileSystem,
      FigureTable table,
      int callers,
      long size,
      double forceMicros,
      double roundTripMicros)
      throws Exception {
    List<Long> processes = cluster.pids();
    List<double[]> rates = new ArrayList<>();
    List<List<ProcessCost>> costs = new ArrayList<>();
    List<Kind> kinds = List.of();
    for (int run = 0; run < runs; run++) {
      String root = "/bench-%d-%d-%d".formatted(size, callers, run);
      prepare(fileSystem, root);
      kinds = kinds(fileSystem, root, callers, size);
      for (int i = 0; i < kinds.size(); i++) {
        if (run == 0) {
          rates.add(new double[runs]);
          costs.add(new ArrayList<>());
        }
        Kind kind = kinds.get(i);
        if (!ProcessCost.awaitRest(processes, clock)) {
          System.err.println(
              kinds.get(i).name() + ": the servers have work of their own meanwhile");
        }
        ProcessCost before = ProcessCost.of(processes);
        rates.get(i)[run] = pool.rate(callers, kind.count(), kind.operation());
        costs.get(i).add(ProcessCost.of(processes).minus(before));
      }
      remove(fileSystem, root);
    }
    for (int i = 0; i < kinds.size(); i++) {
      Kind kind = kinds.get(i);
      double least =
          kind.limit() == Limit.FORCE ? forceMicros + 2 * roundTripMicros : roundTripMicros;
      table.add(
          Figure.medianRate(
                  kind.name()
                      + ", "
                      + callers
                      + " in flight"
                      + (size == 0 ? "" : ", %,d files".formatted(size)),
                  rates.get(i),
                  "/s")
              .withFloor(callers * 1e6 / least)
              .withRemark(ProcessCost.median(costs.get(i)).each(kind.count())));
    }
  }

  private static CairnPath file(String root, int number) {
    return CairnPath.of(root + "/c" + number % 16 + "/f" + number);
  }

  /** A whole empty file by one command. */
  private static void create(CairnFileSystem fileSystem, String name) throws IOException {
    touch(
        fileSystem.createWithContent(
            CairnPath.of(name), ByteBuffer.allocate(0), CreateOptions.defaults().createParents()));
  }

  /** A file that is visible at creation, and its close: two commands. */
  private static void createAndClose(CairnFileSystem fileSystem, String name) throws IOException {
    try (CairnOutputStream out =
        fileSystem.create(CairnPath.of(name), CreateOptions.defaults().createParents())) {
      if (out.position() != 0) {
        throw new IOException("a new file begins at 0, not " + out.position());
      }
    }
  }

  /** Two commands, one after the other. */
  private static void lockAndUnlock(CairnLocks locks, CairnPath path) throws IOException {
    CairnLock lock = locks.of(path, CairnLock.Mode.EXCLUSIVE);
    if (!lock.tryLock()) {
      throw new IOException(path + " is locked by another");
    }
    lock.unlock();
  }

  private static void open(CairnFileSystem fileSystem, CairnPath path) throws IOException {
    try (CairnInputStream in = fileSystem.open(path)) {
      touch(in);
    }
  }

  private static void touch(Object answer) throws IOException {
    if (answer == null) {
      throw new IOException("no answer");
    }
  }
}
