package io.cairnfs.localcluster;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A throw-away cluster of real processes on free ports, for benches and tools. Closing it ends the
 * processes and deletes its directory, unless it is to be kept. For one thread.
 */
public final class LocalProcesses implements AutoCloseable {
  private final RpcEventLoops loops = RpcEventLoops.create(1, "local-processes");
  private final RpcClient rpc = LocalRpc.client(loops);
  private final ClusterController controller;
  private boolean keep;

  private LocalProcesses(Path root, Map<String, RolePlace> places) {
    controller =
        new ClusterController(root, new SystemClock(), new RpcStatusProbe(rpc), line -> {}, places);
  }

  /** Makes and starts a cluster in an empty or missing directory. */
  public static LocalProcesses start(Path root, int metaservers, int dataServers)
      throws IOException {
    return new LocalProcesses(root, Map.of()).started(new ClusterPlan(metaservers, dataServers, 0));
  }

  /**
   * The same.
   *
   * @param configuration further lines of the configuration
   */
  public static LocalProcesses start(
      Path root, int metaservers, int dataServers, String configuration) throws IOException {
    LocalProcesses processes = new LocalProcesses(root, Map.of());
    ClusterDirectory directory = processes.controller.directory();
    ClusterPlan plan = new ClusterPlan(metaservers, dataServers, 0);
    run(() -> directory.requireOwn(plan));
    run(() -> directory.create(plan));
    Files.writeString(
        directory.configurationFile(), configuration + "\n", StandardOpenOption.APPEND);
    return processes.started(plan);
  }

  /**
   * Makes and starts a cluster whose roles live in places of their own.
   *
   * @param places metaservers by ids that begin with m, data servers by others
   * @param configuration further lines of the configuration
   */
  public static LocalProcesses start(Path root, Map<String, RolePlace> places, String configuration)
      throws IOException {
    LocalProcesses processes = new LocalProcesses(root, places);
    processes.controller.directory().create(places, configuration);
    // Its logs tell why it does not start.
    processes.keepDirectory();
    // The configuration is there: the plan is not asked.
    LocalProcesses started = processes.started(new ClusterPlan(1, 1, 0));
    started.keep = false;
    return started;
  }

  /** Ends the processes of a cluster in a directory, whoever made it, and deletes the directory. */
  public static void remove(Path root) throws IOException {
    new LocalProcesses(root, Map.of()).close();
  }

  /** Ports of the loopback address that nobody listens on. */
  public static List<Integer> freePorts(int count) throws IOException {
    return ClusterDirectory.freePorts(count);
  }

  private LocalProcesses started(ClusterPlan plan) throws IOException {
    LocalProcesses processes = this;
    try {
      boolean started = controller.start(plan, Optional.of(ClusterMode.PROCESSES));
      if (!started) {
        throw new IOException("a cluster runs already in " + controller.directory().root());
      }
      return processes;
    } catch (LocalClusterException e) {
      processes.close();
      throw new IOException(e.getMessage(), e);
    } catch (IOException e) {
      processes.close();
      throw e;
    }
  }

  public List<HostPort> metaservers() {
    try {
      return controller.metaservers();
    } catch (LocalClusterException e) {
      throw new IllegalStateException("the configuration was written by this object", e);
    }
  }

  /** As {@link ClusterController#startJoining}. */
  public HostPort startJoining(String id) throws IOException {
    try {
      return controller.startJoining(id);
    } catch (LocalClusterException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** As {@link ClusterController#addDataServer}. */
  public String addDataServer() throws IOException {
    try {
      return controller.addDataServer();
    } catch (LocalClusterException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** SIGKILL. */
  public void kill(String id) throws IOException {
    run(() -> controller.kill(id));
  }

  public void restart(String id) throws IOException {
    run(() -> controller.restart(id));
  }

  /** SIGKILL of every process. */
  public void killAll() throws IOException {
    List<String> ids = new ArrayList<>();
    run(
        () ->
            controller.status().stream()
                .filter(role -> role.pid().isPresent())
                .forEach(role -> ids.add(role.role().id())));
    for (String id : ids) {
      kill(id);
    }
  }

  /** Starts what does not run; returns when all of it serves and a metaserver leads. */
  public void startAll() throws IOException {
    run(
        () -> {
          // An existing cluster keeps its plan.
          boolean unused =
              controller.start(new ClusterPlan(1, 1, 0), Optional.of(ClusterMode.PROCESSES));
        });
  }

  /** The metaservers that run, by id. */
  public Map<String, Long> metaserverPids() throws IOException {
    Map<String, Long> pids = new TreeMap<>();
    run(
        () ->
            controller.status().stream()
                .filter(role -> role.role().kind() == Role.Kind.METASERVER)
                .forEach(role -> role.pid().ifPresent(pid -> pids.put(role.role().id(), pid))));
    return pids;
  }

  /** Sends a signal such as STOP or CONT. */
  public void signal(String id, String name) throws IOException {
    long pid =
        controller
            .directory()
            .pidFile(id)
            .running()
            .orElseThrow(() -> new IOException(id + " does not run"))
            .pid();
    Process process =
        new ProcessBuilder("kill", "-" + name, Long.toString(pid)).inheritIO().start();
    try {
      if (process.waitFor() != 0) {
        throw new IOException("kill -" + name + " " + id + " failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Whether a role's process is there. */
  public boolean isRunning(String id) throws IOException {
    return controller.directory().pidFile(id).running().isPresent();
  }

  /** Whether a role says how it is; one that is ending does not, though its process is there. */
  public boolean answers(String id) throws IOException {
    List<RoleStatus> found = new ArrayList<>();
    run(
        () ->
            controller.status().stream()
                .filter(role -> role.role().id().equals(id))
                .forEach(found::add));
    return found.stream().anyMatch(role -> role.reply().isPresent());
  }

  /**
   * Makes a metaserver a new member in place of itself: as its operator would, after its disk was
   * lost. It must not run.
   */
  public void replaceMetaserver(String id, Path directory) throws IOException {
    String address;
    try {
      address = controller.directory().role(id).address().toString();
    } catch (LocalClusterException e) {
      throw new IOException(e.getMessage(), e);
    }
    admin("metaserver", "remove", id);
    ClusterDirectory.deleteTree(directory);
    run(() -> controller.formatJoining(id));
    restart(id);
    admin("metaserver", "add", id, address);
  }

  private void admin(String... words) throws IOException {
    ProcessBuilder builder =
        JavaCommand.of(JavaCommand.toolFlags(), "io.cairnfs.shell.AdminMain", List.of(words));
    try {
      builder.environment().put("CAIRN_FS", controller.uri());
    } catch (LocalClusterException e) {
      throw new IOException(e.getMessage(), e);
    }
    Process process = builder.redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      if (process.waitFor() != 0) {
        throw new IOException("cairn admin " + String.join(" ", words) + ": " + output);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** What a role has logged; missing until it did. */
  public Path log(String id) {
    return controller.directory().logFile(id);
  }

  /** Of all that run. */
  public List<Long> pids() throws IOException {
    List<Long> pids = new ArrayList<>();
    run(() -> controller.status().forEach(role -> role.pid().ifPresent(pids::add)));
    return pids;
  }

  /**
   * What {@code cairn fsck /} said.
   *
   * @param exitCode 0 healthy, 1 under-replicated, 2 corrupt, 255 could not look
   * @param lastLine the verdict
   */
  public record Check(int exitCode, String lastLine, String output) {}

  /** Checks the whole file system. */
  public Check fsck() throws IOException {
    try {
      return FsckRun.of(controller.uri());
    } catch (LocalClusterException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private interface Step {
    void run() throws LocalClusterException, IOException;
  }

  private static void run(Step step) throws IOException {
    try {
      step.run();
    } catch (LocalClusterException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Closing will stop the processes and leave their directory, to be looked at. */
  public void keepDirectory() {
    keep = true;
  }

  @Override
  public void close() throws IOException {
    try {
      if (controller.directory().exists()) {
        run(controller::stop);
        if (!keep) {
          run(controller::destroy);
        }
      }
    } finally {
      rpc.close();
      loops.close();
    }
  }
}
