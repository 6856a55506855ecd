package io.cairnfs.bench.recovery;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.rig.BenchCluster;
import io.cairnfs.bench.rig.Filler;
import io.cairnfs.bench.rig.OwnCluster;
import io.cairnfs.bench.rig.WriteLoad;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.client.ContentSummary;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.localcluster.LocalProcesses;
import io.cairnfs.proto.admin.AddMetaserver;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.PromoteMetaserver;
import io.cairnfs.proto.admin.RemoveMetaserver;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code bench restart}: fills a namespace, kills everything, and measures what depends on its size
 * elsewhere: the restart, a failover, memory, disk, large directories, the deletion of a large
 * tree.
 */
@Command(
    name = "restart",
    mixinStandardHelpOptions = true,
    description =
        "Fills a namespace, kills all processes and measures the restart, and what else could depend on its size.")
public final class RestartBench implements Callable<Integer> {
  private static final long MEBIBYTE = 1 << 20;
  private static final int FILES_OF_A_DIRECTORY = 1_000;

  /** One of the trees is deleted. */
  private static final int FILES_OF_A_TREE = 1_000_000;

  private static final int LOAD_CALLERS = 4;
  private static final int LOAD_CALLS = 1_000;
  private static final long LIMIT_SECONDS = 120;
  private static final Duration PURGE_LIMIT = Duration.ofHours(1);
  private static final long POLL_MILLIS = 100;

  /** A metaserver flushes what it applied when little comes any more. */
  private static final long REST_MILLIS = 3_000;

  private static final CairnPath ROOT = CairnPath.of("/size");
  private static final CairnPath BIG = CairnPath.of("/size/big");
  private static final CairnPath TREE = CairnPath.of("/size/tree");

  @Option(
      names = "--files",
      defaultValue = "1000000",
      description =
          "Files of the namespace: half of them, but at most a million, in one directory, the others"
              + " in directories of a thousand (default: ${DEFAULT-VALUE}).")
  private long files;

  @Option(
      names = "--runs",
      defaultValue = "3",
      description = "Restarts and failovers (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description =
          "restarts, failovers, checkpoints, member (a new one), walks (list, count), deletion"
              + " (default: all); each changes what the next one finds.")
  private List<Part> only = List.of(Part.values());

  @Mixin private OwnCluster own;
  @Spec private CommandSpec spec;

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();

  private enum Part {
    RESTARTS,
    FAILOVERS,
    CHECKPOINTS,
    MEMBER,
    WALKS,
    DELETION
  }

  @Override
  public Integer call() throws Exception {
    if (files < 2 || runs < 1) {
      throw new ParameterException(
          spec.commandLine(), "--files must be at least 2, --runs at least 1");
    }
    FigureTable table =
        new FigureTable("bench restart: %,d files, median of %d".formatted(files, runs));
    try (BenchCluster cluster = own.open();
        CairnFileSystem fileSystem = cluster.connect()) {
      LocalProcesses processes = cluster.processes().orElseThrow();
      long inOne = Math.min(files / 2, 1_000_000);
      fill(fileSystem, table, inOne);
      space(cluster, processes, table);
      if (only.contains(Part.RESTARTS)) {
        restarts(fileSystem, processes, table);
      }
      if (only.contains(Part.FAILOVERS)) {
        failovers(fileSystem, processes, table);
      }
      if (only.contains(Part.CHECKPOINTS)) {
        checkpoints(fileSystem, processes, table);
      }
      if (only.contains(Part.MEMBER)) {
        newMember(fileSystem, processes, table);
      }
      if (only.contains(Part.WALKS)) {
        walks(fileSystem, table, inOne);
      }
      if (only.contains(Part.DELETION)) {
        deletion(fileSystem, table, Math.min(FILES_OF_A_TREE, files - inOne));
      }
      memory(processes, table, "at the end");
    }
    output.print(table);
    return 0;
  }

  private void fill(CairnFileSystem fileSystem, FigureTable table, long inOne)
      throws IOException, InterruptedException {
    Filler filler = new Filler(fileSystem, clock);
    double one = filler.fill("one directory", inOne, number -> BIG + "/file-" + number);
    double tree =
        filler.fill(
            "tree",
            files - inOne,
            number ->
                "%s/t%d/d%d/file-%d"
                    .formatted(
                        TREE, number / FILES_OF_A_TREE, number / FILES_OF_A_DIRECTORY, number));
    table.add(Figure.rate("filling one directory", one, "/s", "%,d files".formatted(inOne)));
    table.add(
        Figure.rate(
            "filling directories of a thousand", tree, "/s", "%,d files".formatted(files - inOne)));
  }

  private void space(BenchCluster cluster, LocalProcesses processes, FigureTable table)
      throws IOException {
    memory(processes, table, "after filling");
    long bytes = 0;
    for (String id : processes.metaserverPids().keySet()) {
      bytes = Math.max(bytes, bytesOf(cluster.directory(), id));
    }
    table.add(
        Figure.time(
            "disk of a metaserver, store and log",
            (double) bytes / MEBIBYTE,
            "MiB",
            "%d bytes a file".formatted(bytes / files)));
  }

  /** The largest resident size of the metaservers. */
  private static void memory(LocalProcesses processes, FigureTable table, String when)
      throws IOException {
    long most = 0;
    for (long pid : processes.metaserverPids().values()) {
      most = Math.max(most, residentBytes(pid));
    }
    table.add(
        Figure.time("memory of a metaserver " + when, (double) most / MEBIBYTE, "MiB", "resident"));
  }

  private static long residentBytes(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
        .findFirst()
        .orElseThrow(() -> new IOException("process " + pid + " tells no resident size"));
  }

  /** Of the directory of a metaserver, wherever it lies below the cluster's. */
  private static long bytesOf(Path root, String id) throws IOException {
    AtomicLong bytes = new AtomicLong();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            for (Path part : root.relativize(file)) {
              if (part.toString().equals(id)) {
                bytes.addAndGet(attributes.size());
                break;
              }
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              // The servers run and delete what they no longer need.
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }
        });
    return bytes.get();
  }

  private void restarts(CairnFileSystem fileSystem, LocalProcesses processes, FigureTable table)
      throws Exception {
    double[] atRest = new double[runs];
    double[] underLoad = new double[runs];
    for (int run = 0; run < runs; run++) {
      Thread.sleep(REST_MILLIS);
      processes.killAll();
      atRest[run] = firstWriteSeconds(fileSystem, processes, "rest-" + run);
      try (WriteLoad load = new WriteLoad(fileSystem, clock, ROOT + "/restart", LOAD_CALLERS)) {
        load.await(LOAD_CALLS * 10, LIMIT_SECONDS);
        processes.killAll();
        underLoad[run] = firstWriteSeconds(fileSystem, processes, "load-" + run);
      }
    }
    table.add(
        Figure.medianTime(
            "all killed at rest: start of the processes to the first write", atRest, "s"));
    table.add(Figure.medianTime("all killed under load: the same", underLoad, "s"));
  }

  /** From the start of the first process until somebody has written something. */
  private double firstWriteSeconds(
      CairnFileSystem fileSystem, LocalProcesses processes, String name) throws Exception {
    long start = clock.monotonicNanos();
    FutureTask<Long> write =
        new FutureTask<>(
            () -> {
              if (!fileSystem.mkdirs(ROOT.resolve(name), 0755).isDirectory()) {
                throw new IOException("a new directory is none");
              }
              return clock.monotonicNanos();
            });
    Thread writer = new Thread(write, "first-write");
    writer.setDaemon(true);
    writer.start();
    processes.startAll();
    return (write.get(LIMIT_SECONDS, TimeUnit.SECONDS) - start) / 1e9;
  }

  private void failovers(CairnFileSystem fileSystem, LocalProcesses processes, FigureTable table)
      throws Exception {
    Leaders leaders = new Leaders(fileSystem, clock);
    double[] gaps = new double[runs];
    long failed;
    try (WriteLoad load = new WriteLoad(fileSystem, clock, ROOT + "/load", LOAD_CALLERS)) {
      for (int run = 0; run < runs; run++) {
        leaders.awaitAllWell();
        load.await(LOAD_CALLS, LIMIT_SECONDS);
        String leader = leaders.leader();
        double unused = load.takeLongestGapMillis();
        processes.kill(leader);
        load.await(LOAD_CALLS, LIMIT_SECONDS);
        gaps[run] = load.takeLongestGapMillis();
        processes.restart(leader);
      }
      leaders.awaitAllWell();
      failed = load.failed();
    }
    table.add(
        Figure.medianTime("leader killed: longest time without an answer", gaps, "ms")
            .withRemark(failed + " calls failed"));
  }

  /** What the metaservers made since they were started last. */
  private static void checkpoints(
      CairnFileSystem fileSystem, LocalProcesses processes, FigureTable table) throws IOException {
    long made = 0;
    long longest = 0;
    for (HostPort metaserver : processes.metaservers()) {
      made += metric(fileSystem, metaserver, "raft.checkpoints.count").getValue();
      longest =
          Math.max(
              longest,
              metric(fileSystem, metaserver, "raft.checkpoint.millis").getHistogram().getMax());
    }
    table.add(
        Figure.time(
            "longest checkpoint since the last start",
            (double) longest,
            "ms",
            made + " made by all members"));
  }

  private static Metric metric(CairnFileSystem fileSystem, HostPort server, String name)
      throws IOException {
    return fileSystem.administration().metrics(server).getMetricsList().stream()
        .filter(metric -> metric.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new IOException(server + " has no metric " + name));
  }

  /** An empty member joins, gets everything, votes, and leaves again. */
  private void newMember(CairnFileSystem fileSystem, LocalProcesses processes, FigureTable table)
      throws IOException {
    String id = "m4";
    HostPort address = processes.startJoining(id);
    ClusterAdministration administration = fileSystem.administration();
    long start = clock.monotonicNanos();
    var unused =
        administration.changeMetaservers(
            ChangeMetaserversRequest.newBuilder()
                .setAdd(
                    AddMetaserver.newBuilder()
                        .setId(id)
                        .setHost(address.host())
                        .setPort(address.port())
                        .setInstance(administration.whoLeads(address).getInstance()))
                .build());
    ChangeMetaserversRequest promote =
        ChangeMetaserversRequest.newBuilder()
            .setPromote(PromoteMetaserver.newBuilder().setId(id))
            .build();
    boolean votes = false;
    while (!votes) {
      try {
        unused = administration.changeMetaservers(promote);
        votes = true;
      } catch (CairnException e) {
        // Refused until it has caught up; the client itself tries again for as long as a call may.
        if (!e.code().isRetryable() || clock.monotonicNanos() - start > PURGE_LIMIT.toNanos()) {
          throw e;
        }
      }
    }
    double seconds = (clock.monotonicNanos() - start) / 1e9;
    long installed = metric(fileSystem, address, "raft.installs.count").getValue();
    table.add(
        Figure.time(
            "an empty member added: until it votes",
            seconds,
            "s",
            installed > 0 ? "a checkpoint, then the log" : "from the log alone"));
    unused =
        administration.changeMetaservers(
            ChangeMetaserversRequest.newBuilder()
                .setRemove(RemoveMetaserver.newBuilder().setId(id))
                .build());
    processes.kill(id);
  }

  private void walks(CairnFileSystem fileSystem, FigureTable table, long inOne) throws IOException {
    long start = clock.monotonicNanos();
    long listed = 0;
    var entries = fileSystem.list(BIG);
    while (entries.hasNext()) {
      listed += entries.next().isDirectory() ? 0 : 1;
    }
    double seconds = (clock.monotonicNanos() - start) / 1e9;
    if (listed != inOne) {
      throw new IOException("listed %d of %d files".formatted(listed, inOne));
    }
    table.add(
        Figure.time("listing the large directory", seconds, "s", "%,d entries".formatted(listed)));
    start = clock.monotonicNanos();
    ContentSummary summary = fileSystem.contentSummary(ROOT);
    table.add(
        Figure.time(
            "count of the whole tree",
            (clock.monotonicNanos() - start) / 1e9,
            "s",
            "%,d files".formatted(summary.files())));
  }

  private void deletion(CairnFileSystem fileSystem, FigureTable table, long inTree)
      throws IOException, InterruptedException {
    long before = fileSystem.administration().report().getFiles();
    long start = clock.monotonicNanos();
    if (!fileSystem.delete(TREE.resolve("t0"), DeleteMode.RECURSIVE)) {
      throw new IOException(TREE + "/t0 is gone");
    }
    table.add(
        Figure.time(
            "deleting a tree: the call",
            (clock.monotonicNanos() - start) / 1e6,
            "ms",
            "%,d files".formatted(inTree)));
    long deadline = start + PURGE_LIMIT.toNanos();
    while (fileSystem.administration().report().getFiles() > before - inTree) {
      if (clock.monotonicNanos() > deadline) {
        throw new IOException("the tree was not purged within " + PURGE_LIMIT);
      }
      Thread.sleep(POLL_MILLIS);
    }
    table.add(
        Figure.time(
            "deleting a tree: until every record is gone",
            (clock.monotonicNanos() - start) / 1e9,
            "s",
            ""));
  }
}
