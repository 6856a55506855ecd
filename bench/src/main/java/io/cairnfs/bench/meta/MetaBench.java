package io.cairnfs.bench.meta;

import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.table.BenchTable;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench meta}: operations a second on names, with 1, 16 and 64 callers in flight. */
@Command(
    name = "meta",
    mixinStandardHelpOptions = true,
    description =
        "Creates, stats, opens, lists, renames and deletes through the real RPC, with durable three-way replication.")
public final class MetaBench implements Callable<Integer> {
  private static final int LIST_ENTRIES = 100;

  @Option(
      names = "-fs",
      description = "Use this cluster (default: make a local one of six processes).")
  private Optional<String> uri = Optional.empty();

  @Option(
      names = "--dir",
      description = "Where a local cluster keeps its data (default: a temporary directory).")
  private Optional<Path> directory = Optional.empty();

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
      defaultValue = "4000",
      description =
          "Files of a run with many callers; one caller does a quarter (default: ${DEFAULT-VALUE}).")
  private int files;

  private final Clock clock = new SystemClock();

  private interface Operation {
    void run(int number) throws IOException;
  }

  @Override
  public Integer call() throws Exception {
    try (BenchCluster cluster = BenchCluster.open(uri, directory);
        CairnFileSystem fileSystem = cluster.connect()) {
      BenchTable table =
          new BenchTable(
              "bench meta: operations a second, three metaservers, every mutation forced on a majority");
      warmUp(fileSystem);
      for (int callers : clients) {
        measure(fileSystem, table, callers);
      }
      System.out.println(table.render());
    }
    return 0;
  }

  private void warmUp(CairnFileSystem fileSystem) throws Exception {
    double unused =
        rate(
            16, files, number -> create(fileSystem, "/bench-warm/d" + number % 16 + "/f" + number));
    unused =
        rate(
            16,
            files,
            number ->
                touch(
                    fileSystem.stat(CairnPath.of("/bench-warm/d" + number % 16 + "/f" + number))));
    boolean deleted = fileSystem.delete(CairnPath.of("/bench-warm"), DeleteMode.RECURSIVE);
    if (!deleted) {
      throw new IOException("the warm-up left nothing");
    }
  }

  private void measure(CairnFileSystem fileSystem, BenchTable table, int callers) throws Exception {
    int count = callers == 1 ? Math.max(1, files / 4) : files;
    List<String> names =
        List.of(
            "create",
            "create+close",
            "stat",
            "open",
            "list of " + LIST_ENTRIES,
            "rename",
            "delete");
    List<double[]> results = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      results.add(new double[runs]);
    }
    for (int run = 0; run < runs; run++) {
      String root = "/bench-" + callers + "-" + run;
      var made = fileSystem.mkdirs(CairnPath.of(root + "/list"), 0755);
      touch(made);
      for (int i = 0; i < LIST_ENTRIES; i++) {
        create(fileSystem, root + "/list/e" + i);
      }
      results.get(0)[run] =
          rate(
              callers,
              count,
              number -> create(fileSystem, root + "/c" + number % 16 + "/f" + number));
      results.get(1)[run] =
          rate(
              callers,
              count,
              number -> createAndClose(fileSystem, root + "/w" + number % 16 + "/f" + number));
      results.get(2)[run] =
          rate(callers, count * 4, number -> touch(fileSystem.stat(file(root, number % count))));
      results.get(3)[run] =
          rate(callers, count * 4, number -> open(fileSystem, file(root, number % count)));
      results.get(4)[run] =
          rate(
              callers,
              Math.max(1, count / 4),
              number -> touch(fileSystem.listAll(CairnPath.of(root + "/list"))));
      results.get(5)[run] =
          rate(
              callers,
              count,
              number ->
                  touch(
                      fileSystem.rename(
                          file(root, number),
                          CairnPath.of(root + "/c" + number % 16 + "/r" + number),
                          RenameMode.NO_REPLACE)));
      results.get(6)[run] =
          rate(
              callers,
              count,
              number -> fileSystem.unlink(CairnPath.of(root + "/c" + number % 16 + "/r" + number)));
      if (!fileSystem.delete(CairnPath.of(root), DeleteMode.RECURSIVE)) {
        throw new IOException(root + " is gone");
      }
    }
    for (int i = 0; i < names.size(); i++) {
      table.add(
          names.get(i) + ", " + callers + " in flight",
          results.get(i),
          "/s",
          OptionalDouble.empty());
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

  /** Operations a second of {@code count} operations shared among the callers. */
  private double rate(int callers, int count, Operation operation) throws Exception {
    AtomicInteger next = new AtomicInteger();
    CountDownLatch begin = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(callers);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        done.add(
            pool.submit(
                () -> {
                  begin.await();
                  for (int number = next.getAndIncrement();
                      number < count;
                      number = next.getAndIncrement()) {
                    operation.run(number);
                  }
                  return null;
                }));
      }
      long start = clock.monotonicNanos();
      begin.countDown();
      for (Future<?> each : done) {
        each.get();
      }
      return count / ((clock.monotonicNanos() - start) / 1e9);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }
}
