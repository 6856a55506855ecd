package io.cairnfs.localcluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A cluster of real processes for tests: free ports, one directory, and nothing left behind, also
 * after a failure.
 */
final class RealCluster implements AutoCloseable {
  private final RpcEventLoops loops = RpcEventLoops.create(1, "test-cluster");
  private final RpcClient rpc = LocalRpc.client(loops);
  private final Clock clock = new SystemClock();
  private final ClusterController controller;
  private final Path root;

  private RealCluster(Path root) {
    this.root = root;
    this.controller = new ClusterController(root, clock, new RpcStatusProbe(rpc), line -> {});
  }

  static RealCluster start(Path root, int metaservers, int dataServers) throws Exception {
    return start(root, metaservers, dataServers, "");
  }

  /**
   * As {@link #start(Path, int, int)}.
   *
   * @param configuration further lines for the cluster's configuration
   */
  static RealCluster start(Path root, int metaservers, int dataServers, String configuration)
      throws Exception {
    String library = System.getProperty("cairn.lib", "");
    if (!library.isEmpty()) {
      System.setProperty("cairn.class.path", library + "/*");
    }
    RealCluster cluster = new RealCluster(root);
    try {
      ClusterPlan plan = new ClusterPlan(metaservers, dataServers, 0);
      ClusterDirectory directory = cluster.controller.directory();
      directory.create(plan);
      Files.writeString(
          directory.configurationFile(), configuration + "\n", StandardOpenOption.APPEND);
      boolean started = cluster.controller.start(plan, Optional.of(ClusterMode.PROCESSES));
      if (!started) {
        throw new IllegalStateException("a cluster ran already in " + root);
      }
    } catch (Exception e) {
      cluster.close();
      throw e;
    }
    return cluster;
  }

  ClusterController controller() {
    return controller;
  }

  Path root() {
    return root;
  }

  /** Formats the directory of a metaserver for this cluster. */
  void format(String id, String... options) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--conf",
                controller.directory().configurationFile().toString(),
                "--id",
                id,
                "--cluster-id",
                Files.readString(root.resolve("cluster-id")).strip()));
    all.addAll(List.of(options));
    Process process =
        JavaCommand.of(JavaCommand.toolFlags(), "io.cairnfs.metaserver.FormatMain", all)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException("format " + all + ": " + output);
    }
  }

  /** SIGTERM, and the end of the process. */
  void terminate(String id) throws Exception {
    ProcessHandle process =
        ProcessHandle.of(pid(id)).orElseThrow(() -> new IllegalStateException(id + " is gone"));
    signal(id, "TERM");
    process.onExit().get(30, TimeUnit.SECONDS);
  }

  CairnFileSystem connect() throws Exception {
    return LocalRpc.connect(controller.metaservers());
  }

  /** The id of the metaserver that leads, waited for. */
  String leader() throws Exception {
    return await(
        Duration.ofSeconds(20),
        "a leader",
        () ->
            controller.status().stream()
                .filter(RoleStatus::leads)
                .map(each -> each.role().id())
                .findFirst());
  }

  /** The ids of the metaservers that do not lead. */
  List<String> followers() throws Exception {
    String leader = leader();
    return controller.status().stream()
        .filter(each -> each.role().kind() == Role.Kind.METASERVER)
        .map(each -> each.role().id())
        .filter(id -> !id.equals(leader))
        .toList();
  }

  long pid(String id) throws Exception {
    return controller
        .directory()
        .pidFile(id)
        .running()
        .orElseThrow(() -> new IllegalStateException(id + " does not run"))
        .pid();
  }

  /** Sends a signal such as STOP or CONT. */
  void signal(String id, String name) throws Exception {
    Process process =
        new ProcessBuilder("kill", "-" + name, Long.toString(pid(id))).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IllegalStateException("kill -" + name + " " + id + " failed");
    }
  }

  /** The exit code of the file system check, and what it printed. */
  Fsck fsck(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("-fs", controller.uri()));
    all.addAll(List.of(arguments));
    Process process =
        JavaCommand.of(JavaCommand.toolFlags(), "io.cairnfs.shell.FsckMain", all)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Fsck(process.waitFor(), output);
  }

  record Fsck(int exit, String output) {}

  /** Waits until the check finds everything healthy; fails with what it found last. */
  void awaitHealthy(Duration limit) throws Exception {
    Fsck[] last = new Fsck[1];
    try {
      boolean unused =
          await(
              limit,
              "HEALTHY",
              () -> {
                last[0] = fsck("/");
                return last[0].exit() == 0 ? Optional.of(true) : Optional.empty();
              });
    } catch (AssertionError e) {
      throw new AssertionError(
          "not healthy after " + limit + ":\n" + last[0].output() + lastWords(), e);
    }
  }

  /** How the log of each role ends. */
  private String lastWords() throws IOException {
    StringBuilder words = new StringBuilder();
    try (DirectoryStream<Path> logs =
        Files.newDirectoryStream(controller.directory().root().resolve("logs"), "*.log")) {
      for (Path log : logs) {
        List<String> lines = Files.readAllLines(log);
        lines
            .subList(Math.max(0, lines.size() - 4), lines.size())
            .forEach(
                line -> words.append(log.getFileName()).append(": ").append(line).append('\n'));
      }
    }
    return words.toString();
  }

  interface Attempt<T> {
    Optional<T> get() throws Exception;
  }

  /** Tries again until there is a value; fails when the limit is over. */
  <T> T await(Duration limit, String what, Attempt<T> attempt) throws Exception {
    long deadline = clock.monotonicNanos() + limit.toNanos();
    while (true) {
      Optional<T> value = attempt.get();
      if (value.isPresent()) {
        return value.get();
      }
      if (clock.monotonicNanos() > deadline) {
        throw new AssertionError("no " + what + " within " + limit);
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  @Override
  public void close() throws IOException, LocalClusterException {
    try {
      if (controller.directory().exists()) {
        for (Role role : controller.directory().roles()) {
          controller
              .directory()
              .pidFile(role.id())
              .running()
              .ifPresent(ProcessHandle::destroyForcibly);
        }
        controller.stop();
      }
    } finally {
      rpc.close();
      loops.close();
    }
  }
}
