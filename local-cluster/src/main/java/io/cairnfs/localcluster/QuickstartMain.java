package io.cairnfs.localcluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientStatistics;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.localcluster.SourceTree.SourceFile;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bin/cairn quickstart}: the main job on real input. Six processes, thousands of real files
 * and one of 1 GiB go in while a data server and the leading metaserver are killed, come out again
 * and are compared; the cluster heals.
 */
@Command(
    name = "cairn quickstart",
    mixinStandardHelpOptions = true,
    versionProvider = LocalMain.Version.class,
    description =
        "Builds if need be, starts a local cluster of six processes, copies real files in while servers are killed, copies them out, compares every checksum, heals and checks the cluster.")
public final class QuickstartMain implements Callable<Integer> {
  private static final long NEEDED_BYTES = 10L << 30;
  private static final int LEAST_FILES = 5_000;
  private static final double KILL_DATA_SERVER_AT = 0.25;
  private static final double KILL_LEADER_AT = 0.50;
  private static final Duration HEAL_LIMIT = Duration.ofMinutes(3);
  private static final CairnPath TARGET = CairnPath.of("/quickstart");

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Put all state there (default: ~/.cairn/local).")
  private Path directory;

  @Option(
      names = "--stop",
      description = "Stop the cluster at the end instead of leaving it running.")
  private boolean stop;

  @Option(
      names = "--base-port",
      defaultValue = "7700",
      description =
          "Ports of a new cluster, as in 'cairn local start' (default: ${DEFAULT-VALUE}).")
  private int basePort;

  private final Clock clock = new SystemClock();

  public static void main(String[] arguments) {
    ServerLogging.toStandardError("ERROR");
    CommandLine commandLine = new CommandLine(new QuickstartMain());
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          if (exception instanceof LocalClusterException || exception instanceof IOException) {
            line.getErr().println("cairn quickstart: " + exception.getMessage());
            return 1;
          }
          throw exception;
        });
    System.exit(commandLine.execute(arguments));
  }

  @Override
  public Integer call() throws IOException, LocalClusterException {
    long began = clock.monotonicNanos();
    Path root = (directory == null ? ClusterDirectory.defaultRoot() : directory).toAbsolutePath();
    requireSpace(root);
    try (RpcEventLoops loops = RpcEventLoops.create(1, "cairn-quickstart");
        RpcClient rpc = LocalRpc.client(loops)) {
      ClusterController cluster =
          new ClusterController(root, clock, new RpcStatusProbe(rpc), QuickstartMain::say);
      step("Starting a cluster of six processes in " + root);
      startAsProcesses(cluster);
      say(StatusReport.text(cluster.status()));
      step(
          "Collecting real files: this installation, the JDK, the libraries' jars unpacked, one file of 1 GiB");
      Path scratch = root.resolve(ClusterDirectory.QUICKSTART_FILES);
      ClusterDirectory.deleteTree(scratch);
      List<SourceFile> files = SourceTree.prepare(scratch.resolve("in"), home(), library());
      long total = files.stream().mapToLong(SourceFile::bytes).sum();
      say("%,d files, %s".formatted(files.size(), StatusReport.bytes(total)));
      if (files.size() < LEAST_FILES) {
        throw new LocalClusterException(
            "only " + files.size() + " files found; " + LEAST_FILES + " are wanted");
      }
      boolean same = copyThroughFaults(cluster, files, total, scratch);
      ClusterDirectory.deleteTree(scratch);
      step("Healing: waiting until every replica is back, then checking the whole file system");
      String verdict = awaitHealthy(cluster);
      if (stop) {
        cluster.stop();
      }
      summary(cluster, root, verdict, began, same);
      return same && verdict.contains("HEALTHY") ? 0 : 1;
    }
  }

  private void requireSpace(Path root) throws IOException, LocalClusterException {
    Files.createDirectories(root);
    long usable = Files.getFileStore(root).getUsableSpace();
    if (usable < NEEDED_BYTES) {
      throw new LocalClusterException(
          "%s has %s free; quickstart needs %s (--dir D puts its state elsewhere)"
              .formatted(root, StatusReport.bytes(usable), StatusReport.bytes(NEEDED_BYTES)));
    }
  }

  private void startAsProcesses(ClusterController cluster)
      throws LocalClusterException, IOException {
    if (cluster.directory().exists()
        && cluster.runningMode().equals(Optional.of(ClusterMode.SINGLE))) {
      say("the local cluster runs in one process: restarting it as six");
      cluster.stop();
    }
    cluster.start(new ClusterPlan(3, 3, basePort), Optional.of(ClusterMode.PROCESSES));
    if (cluster.directory().roles().stream().filter(r -> r.kind() == Role.Kind.METASERVER).count()
            < 3
        || cluster.directory().roles().stream()
                .filter(r -> r.kind() == Role.Kind.DATA_SERVER)
                .count()
            < 3) {
      throw new LocalClusterException(
          "the cluster in "
              + cluster.directory().root()
              + " is too small to kill servers in: use another --dir");
    }
  }

  private boolean copyThroughFaults(
      ClusterController cluster, List<SourceFile> files, long total, Path scratch)
      throws IOException, LocalClusterException {
    try (CairnFileSystem fileSystem = LocalRpc.connect(cluster.metaservers())) {
      boolean unused = fileSystem.delete(TARGET, CairnFileSystem.DeleteMode.RECURSIVE);
      TreeCopy copy = new TreeCopy(fileSystem, TARGET);
      step("Copying in; one data server and the leading metaserver will be killed on the way");
      List<String> killed = new ArrayList<>();
      long start = clock.monotonicNanos();
      Map<String, String> in = copyInWithKills(cluster, copy, files, total, killed);
      rate("copied in", total, clock.monotonicNanos() - start);
      ClientStatistics statistics = fileSystem.statistics();
      say(
          "pipelines that went on in another chunk: %d, calls that went on at another metaserver: %d"
              .formatted(statistics.pipelineFailovers(), statistics.callFailovers()));
      if (statistics.pipelineFailovers() == 0 || statistics.callFailovers() == 0) {
        throw new LocalClusterException("the kills met nobody: nothing was proved");
      }
      step("Copying out with " + killed + " still dead, and comparing SHA-256 of every file");
      start = clock.monotonicNanos();
      Map<String, String> out = copy.out(files, scratch.resolve("out"));
      rate("copied out", total, clock.monotonicNanos() - start);
      long different =
          in.entrySet().stream().filter(e -> !e.getValue().equals(out.get(e.getKey()))).count();
      say(
          different == 0
              ? "all %,d files came back equal".formatted(in.size())
              : "DIFFERENT: %,d of %,d files".formatted(different, in.size()));
      for (String id : killed) {
        cluster.restart(id);
        say("restarted " + id);
      }
      return different == 0 && in.size() == files.size();
    }
  }

  private Map<String, String> copyInWithKills(
      ClusterController cluster,
      TreeCopy copy,
      List<SourceFile> files,
      long total,
      List<String> killed)
      throws IOException, LocalClusterException {
    AtomicReference<Exception> failure = new AtomicReference<>();
    Thread killer =
        new Thread(
            () -> {
              try {
                killAt(cluster, copy, total, KILL_DATA_SERVER_AT, "d2", killed);
                killAt(cluster, copy, total, KILL_LEADER_AT, leader(cluster), killed);
              } catch (LocalClusterException | IOException e) {
                failure.set(e);
              }
            },
            "killer");
    killer.setDaemon(true);
    killer.start();
    Map<String, String> digests = copy.in(files);
    try {
      killer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted", e);
    }
    if (failure.get() != null) {
      throw new LocalClusterException(
          "killing failed: " + failure.get().getMessage(), failure.get());
    }
    return digests;
  }

  private static void killAt(
      ClusterController cluster,
      TreeCopy copy,
      long total,
      double fraction,
      String id,
      List<String> killed)
      throws LocalClusterException, IOException {
    while (copy.bytesCopied() < total * fraction) {
      pause();
    }
    cluster.kill(id);
    killed.add(id);
    say(
        "killed %s (SIGKILL) at %.0f %% of the bytes"
            .formatted(id, 100.0 * copy.bytesCopied() / total));
  }

  private static String leader(ClusterController cluster)
      throws LocalClusterException, IOException {
    return cluster.status().stream()
        .filter(RoleStatus::leads)
        .map(each -> each.role().id())
        .findFirst()
        .orElseThrow(() -> new LocalClusterException("no metaserver leads"));
  }

  /** The last line of the check once it is HEALTHY, or when patience ends. */
  private String awaitHealthy(ClusterController cluster) throws IOException, LocalClusterException {
    long deadline = clock.monotonicNanos() + HEAL_LIMIT.toNanos();
    while (true) {
      LocalProcesses.Check check = FsckRun.of(cluster.uri());
      if (check.exitCode() == 0 || clock.monotonicNanos() > deadline) {
        say(check.output());
        return check.lastLine();
      }
      for (int i = 0; i < 20; i++) {
        pause();
      }
    }
  }

  private void summary(
      ClusterController cluster, Path root, String verdict, long began, boolean same)
      throws LocalClusterException {
    step(same && verdict.contains("HEALTHY") ? "Done" : "FAILED");
    say(verdict);
    say("took %d s".formatted(Duration.ofNanos(clock.monotonicNanos() - began).toSeconds()));
    say(
        "data and logs: "
            + root
            + " (remove: bin/cairn local stop --dir "
            + root
            + " && bin/cairn local destroy --dir "
            + root
            + ")");
    if (stop) {
      say("the cluster is stopped; start it again: bin/cairn local start --dir " + root);
    } else {
      boolean isDefault = root.equals(ClusterDirectory.defaultRoot().toAbsolutePath());
      say("the cluster runs: " + cluster.uri());
      say(
          """
          try next:  %1$s -ls /quickstart
                     %1$s -put README.md /tmp/
                     bin/cairn local status%2$s
                     bin/cairn admin %3$sreport"""
              .formatted(
                  cluster.directory().shell(),
                  isDefault ? "" : " --dir " + root,
                  isDefault ? "" : "-fs " + cluster.uri() + " "));
    }
  }

  private static Path home() {
    String home = System.getenv("CAIRN_HOME");
    return home == null ? Path.of("").toAbsolutePath() : Path.of(home);
  }

  private static Path library() throws LocalClusterException {
    String library = System.getenv("CAIRN_LIB");
    if (library == null) {
      throw new LocalClusterException("CAIRN_LIB is not set: start quickstart with bin/cairn");
    }
    return Path.of(library);
  }

  private static void pause() throws LocalClusterException {
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted", e);
    }
  }

  private static void rate(String what, long bytes, long nanos) {
    double seconds = nanos / 1e9;
    say(
        "%s %s in %.1f s: %.0f MiB/s"
            .formatted(what, StatusReport.bytes(bytes), seconds, bytes / seconds / (1 << 20)));
  }

  private static void step(String text) {
    System.out.println("\n== " + text);
  }

  private static void say(String text) {
    System.out.println("   " + text.stripTrailing().replace("\n", "\n   "));
  }
}
