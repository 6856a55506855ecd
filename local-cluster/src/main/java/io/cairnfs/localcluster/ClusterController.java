package io.cairnfs.localcluster;

import com.google.common.base.Splitter;
import com.google.common.collect.Iterables;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.process.PidFile;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Starts, watches and ends the processes of a local cluster. One controller at a time should change
 * a cluster; what it finds on disk and in the process table is the truth, so another may go on
 * where one was killed.
 */
public final class ClusterController {
  private static final Duration START_LIMIT = Duration.ofMinutes(1);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(50);

  private final ClusterDirectory directory;
  private final Clock clock;
  private final StatusProbe probe;
  private final Consumer<String> progress;
  private final Map<String, RolePlace> places;

  /**
   * @param progress gets a line for each step that a person may wait for
   */
  public ClusterController(Path root, Clock clock, StatusProbe probe, Consumer<String> progress) {
    this(root, clock, probe, progress, Map.of());
  }

  /**
   * @param places of the roles that do not live in the cluster's directory on this machine's
   *     network
   */
  ClusterController(
      Path root,
      Clock clock,
      StatusProbe probe,
      Consumer<String> progress,
      Map<String, RolePlace> places) {
    this.places = Map.copyOf(places);
    this.directory = new ClusterDirectory(root);
    this.clock = clock;
    this.probe = probe;
    this.progress = progress;
  }

  ClusterDirectory directory() {
    return directory;
  }

  /** {@code cairn://} URI of the cluster. */
  public String uri() throws LocalClusterException {
    return directory.uri();
  }

  public List<HostPort> metaservers() throws LocalClusterException {
    return directory.metaserverAddresses();
  }

  /**
   * Makes the cluster if it is not there, and starts every role that does not run. Returns when all
   * answer and a metaserver leads.
   *
   * @param plan of a new cluster; an existing one keeps its own
   * @return false when everything ran already
   */
  boolean start(ClusterPlan plan, Optional<ClusterMode> wanted)
      throws LocalClusterException, IOException {
    if (!directory.exists()) {
      create(plan);
    }
    ClusterMode mode = wanted.orElse(directory.mode());
    ClusterMode running = runningMode().orElse(mode);
    if (running != mode) {
      throw new LocalClusterException(
          "the cluster runs as '"
              + running.word()
              + "': stop it first ('cairn local stop') to run it as '"
              + mode.word()
              + "'");
    }
    directory.setMode(mode);
    List<Role> missing = new ArrayList<>();
    for (Role role : directory.roles()) {
      if (pid(role).isEmpty()) {
        missing.add(role);
      }
    }
    if (missing.isEmpty()) {
      awaitServing();
      return false;
    }
    List<HostPort> taken =
        ClusterDirectory.taken(
            missing.stream()
                .filter(role -> !places.containsKey(role.id()))
                .map(Role::address)
                .toList());
    if (!taken.isEmpty()) {
      throw new LocalClusterException(
          "another program listens on "
              + taken
              + ": stop it, or make a cluster with other ports ('cairn local start --dir D --base-port P')");
    }
    formatMissing();
    if (mode == ClusterMode.SINGLE) {
      launchSingle();
    } else {
      launchAll(missing);
    }
    awaitServing();
    return true;
  }

  /** How the cluster runs at this moment, if any of it does. */
  Optional<ClusterMode> runningMode() throws LocalClusterException, IOException {
    if (directory.pidFile(ClusterDirectory.SINGLE).running().isPresent()) {
      return Optional.of(ClusterMode.SINGLE);
    }
    for (Role role : directory.roles()) {
      if (directory.pidFile(role.id()).running().isPresent()) {
        return Optional.of(ClusterMode.PROCESSES);
      }
    }
    return Optional.empty();
  }

  private void create(ClusterPlan plan) throws LocalClusterException, IOException {
    if (plan.basePort() != 0) {
      List<HostPort> taken =
          ClusterDirectory.taken(
              plan.fixedPorts().stream().map(port -> new HostPort("127.0.0.1", port)).toList());
      if (!taken.isEmpty()) {
        throw new LocalClusterException(
            "another program listens on "
                + taken
                + ": stop it (is another local cluster running?), or choose other ports with --base-port P (0 = any free ones)");
      }
    }
    directory.requireOwn(plan);
    directory.create(plan);
    progress.accept(
        "made a cluster of %d metaservers and %d data servers in %s"
            .formatted(plan.metaservers(), plan.dataServers(), directory.root()));
  }

  /** Formats metaservers that have no data yet: the first makes the cluster, the others join it. */
  private void formatMissing() throws LocalClusterException, IOException {
    Path idFile = directory.root().resolve("cluster-id");
    String clusterId = Files.exists(idFile) ? Files.readString(idFile).strip() : "";
    for (Role role : directory.roles()) {
      Path formatted = directory.root().resolve("pids").resolve(role.id() + ".formatted");
      if (role.kind() != Role.Kind.METASERVER || Files.exists(formatted)) {
        continue;
      }
      clusterId = format(role, clusterId);
      Files.writeString(idFile, clusterId + "\n");
      Files.writeString(formatted, clusterId + "\n");
    }
  }

  /**
   * Puts a further metaserver into the configuration, formats it to join, and starts it; whatever
   * runs already has read the configuration before. It is no member until it is added.
   *
   * @param id one that the configuration does not know
   * @return its address
   */
  public HostPort startJoining(String id) throws LocalClusterException, IOException {
    requireProcesses("a further metaserver");
    configure("metaservers.%1$s { host = 127.0.0.1, port = %2$d, directory = %1$s }%n", id);
    Role role = directory.role(id);
    String clusterId = Files.readString(directory.root().resolve("cluster-id")).strip();
    if (!format(role, clusterId, "--join").equals(clusterId)) {
      throw new LocalClusterException(id + " was formatted for another cluster");
    }
    restart(id);
    return role.address();
  }

  /**
   * Puts a further data server into the configuration and starts it: it registers by itself and is
   * given its share. Returns when it answers.
   *
   * @return its id, one that the configuration did not know
   */
  public String addDataServer() throws LocalClusterException, IOException {
    requireProcesses("a further data server");
    Set<String> ids = directory.roles().stream().map(Role::id).collect(Collectors.toSet());
    int number = 1;
    while (ids.contains("d" + number) || Files.exists(directory.root().resolve("d" + number))) {
      number++;
    }
    String id = "d" + number;
    configure(
        "dataservers.%1$s { host = 127.0.0.1, port = %2$d, directory = %1$s, volumes = [%1$s/v1] }%n",
        id);
    restart(id);
    return id;
  }

  /** Appends a line to the configuration. */
  private void configure(String line, String id) throws LocalClusterException, IOException {
    Set<Integer> taken =
        directory.roles().stream().map(role -> role.address().port()).collect(Collectors.toSet());
    int port = Iterables.getOnlyElement(ClusterDirectory.freePorts(1, taken));
    Files.writeString(
        directory.configurationFile(), line.formatted(id, port), StandardOpenOption.APPEND);
  }

  /** Formats the emptied directory of a metaserver as one that is to be added. */
  void formatJoining(String id) throws LocalClusterException, IOException {
    String unused =
        format(
            directory.role(id),
            Files.readString(directory.root().resolve("cluster-id")).strip(),
            "--join");
  }

  private String format(Role role, String clusterId, String... options)
      throws LocalClusterException, IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of("--conf", directory.configurationFile().toString(), "--id", role.id()));
    if (!clusterId.isEmpty()) {
      arguments.add("--cluster-id");
      arguments.add(clusterId);
    }
    arguments.addAll(List.of(options));
    Path errors = directory.outputFile(role.id() + "-format");
    Process process =
        JavaCommand.of(JavaCommand.toolFlags(), "io.cairnfs.metaserver.FormatMain", arguments)
            .redirectError(ProcessBuilder.Redirect.to(errors.toFile()))
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = await(process);
    if (exit != 0) {
      throw new LocalClusterException(
          "formatting "
              + role.id()
              + " failed (exit "
              + exit
              + "): "
              + Files.readString(errors).strip());
    }
    return Iterables.getLast(
        Splitter.on(' ').split(Iterables.getLast(Splitter.on('\n').split(output.strip()))));
  }

  private static int await(Process process) throws LocalClusterException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted", e);
    }
  }

  private void launchSingle() throws IOException {
    Process process =
        JavaCommand.startDetached(
            JavaCommand.of(
                withLog(JavaCommand.singleFlags(), ClusterDirectory.SINGLE),
                "io.cairnfs.localcluster.LocalDaemonMain",
                List.of("--dir", directory.root().toString())),
            directory.outputFile(ClusterDirectory.SINGLE));
    directory.pidFile(ClusterDirectory.SINGLE).write(process.toHandle());
  }

  /**
   * Where there are fewer processors than processes, those that start together are in each other's
   * way: the data servers then wait until the metaservers, without which nobody can do anything,
   * are there.
   */
  private void launchAll(List<Role> roles) throws LocalClusterException, IOException {
    List<Role> first = roles.stream().filter(role -> role.kind() == Role.Kind.METASERVER).toList();
    for (Role role : first) {
      launch(role);
    }
    if (Runtime.getRuntime().availableProcessors() < roles.size()) {
      for (Role role : first) {
        awaitAnswer(role);
      }
    }
    for (Role role : roles) {
      if (!first.contains(role)) {
        launch(role);
      }
    }
  }

  private void launch(Role role) throws IOException {
    String main =
        switch (role.kind()) {
          case METASERVER -> "io.cairnfs.metaserver.MetaserverMain";
          case DATA_SERVER -> "io.cairnfs.dataserver.DataServerMain";
        };
    ProcessBuilder command =
        JavaCommand.of(
            withLog(JavaCommand.flags(role.kind()), role.id()),
            main,
            List.of("--conf", directory.configurationFile().toString(), "--id", role.id()));
    RolePlace place = places.get(role.id());
    if (place != null) {
      command.command().addAll(0, place.prefix());
    }
    Process process = JavaCommand.startDetached(command, directory.outputFile(role.id()));
    directory.pidFile(role.id()).write(process.toHandle());
  }

  private List<String> withLog(List<String> flags, String id) {
    List<String> result = new ArrayList<>(flags);
    result.add("-Dcairn.log.file=" + directory.logFile(id));
    return result;
  }

  private void awaitServing() throws LocalClusterException, IOException {
    long deadline = clock.monotonicNanos() + startLimit().toNanos();
    while (true) {
      List<RoleStatus> all = status();
      if (all.stream().allMatch(RoleStatus::isUp) && all.stream().anyMatch(RoleStatus::leads)) {
        return;
      }
      for (RoleStatus each : all) {
        if (each.pid().isEmpty()) {
          throw new LocalClusterException(
              each.role().id() + " ended while it started: " + lastWords(each.role()));
        }
      }
      if (clock.monotonicNanos() > deadline) {
        throw new LocalClusterException(
            "not serving after "
                + startLimit().toSeconds()
                + " s: "
                + all.stream()
                    .filter(each -> !each.isUp())
                    .map(each -> each.role().id() + " " + each.state())
                    .toList()
                + "; logs are in "
                + directory.root().resolve("logs"));
      }
      pause();
    }
  }

  /** Rigs of tests run where other tests run, too. */
  private Duration startLimit() {
    return places.isEmpty() ? START_LIMIT : START_LIMIT.multipliedBy(3);
  }

  private String lastWords(Role role) throws IOException {
    String id = directory.mode() == ClusterMode.SINGLE ? ClusterDirectory.SINGLE : role.id();
    Path output = directory.outputFile(id);
    if (!Files.exists(output)) {
      return "see " + directory.logFile(id);
    }
    List<String> lines = Files.readAllLines(output, StandardCharsets.ISO_8859_1);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 8), lines.size()))
        + "\n(logs: "
        + directory.logFile(id)
        + ")";
  }

  private static void pause() throws LocalClusterException {
    try {
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted", e);
    }
  }

  /** Every role, asked now. */
  List<RoleStatus> status() throws LocalClusterException, IOException {
    List<CompletableFuture<RoleStatus>> asked = new ArrayList<>();
    for (Role role : directory.roles()) {
      Optional<Long> pid = pid(role).map(ProcessHandle::pid);
      asked.add(
          pid.map(some -> probe.ask(role.address()))
              .orElse(CompletableFuture.completedFuture(Optional.empty()))
              .thenApply(reply -> new RoleStatus(role, pid, reply)));
    }
    return asked.stream().map(CompletableFuture::join).toList();
  }

  private Optional<ProcessHandle> pid(Role role) throws IOException {
    Optional<ProcessHandle> single = directory.pidFile(ClusterDirectory.SINGLE).running();
    return single.isPresent() ? single : directory.pidFile(role.id()).running();
  }

  /**
   * Ends every process, data servers last so that metaservers can still write; then those that do
   * not go are killed.
   *
   * @return how many processes ended
   */
  int stop() throws LocalClusterException, IOException {
    List<PidFile> files = new ArrayList<>();
    files.add(directory.pidFile(ClusterDirectory.SINGLE));
    for (Role role : directory.roles()) {
      files.add(directory.pidFile(role.id()));
    }
    List<ProcessHandle> running = new ArrayList<>();
    for (PidFile file : files) {
      Optional<ProcessHandle> process = file.running();
      if (process.isPresent()) {
        running.add(process.get());
        process.get().destroy();
      }
    }
    long deadline = clock.monotonicNanos() + STOP_LIMIT.toNanos();
    while (running.stream().anyMatch(ProcessHandle::isAlive) && clock.monotonicNanos() < deadline) {
      pause();
    }
    for (ProcessHandle process : running) {
      if (process.isAlive()) {
        progress.accept("pid " + process.pid() + " does not stop: killing it");
        process.destroyForcibly();
        awaitEnd(process);
      }
    }
    for (PidFile file : files) {
      file.delete();
    }
    return running.size();
  }

  private void awaitEnd(ProcessHandle process) throws LocalClusterException {
    long deadline = clock.monotonicNanos() + STOP_LIMIT.toNanos();
    while (process.isAlive()) {
      if (clock.monotonicNanos() > deadline) {
        throw new LocalClusterException("pid " + process.pid() + " does not end");
      }
      pause();
    }
  }

  /** SIGKILL of one role's process. */
  public void kill(String id) throws LocalClusterException, IOException {
    Role role = directory.role(id);
    requireProcesses("kill");
    ProcessHandle process =
        directory
            .pidFile(role.id())
            .running()
            .orElseThrow(() -> new LocalClusterException(id + " does not run"));
    process.destroyForcibly();
    awaitEnd(process);
    directory.pidFile(id).delete();
  }

  /**
   * Brings one role back with its data; a running one is stopped first. Returns when it answers.
   */
  public void restart(String id) throws LocalClusterException, IOException {
    Role role = directory.role(id);
    requireProcesses("restart");
    Optional<ProcessHandle> process = directory.pidFile(id).running();
    if (process.isPresent()) {
      process.get().destroy();
      awaitEnd(process.get());
    }
    launch(role);
    awaitAnswer(role);
  }

  private void awaitAnswer(Role role) throws LocalClusterException, IOException {
    String id = role.id();
    long deadline = clock.monotonicNanos() + startLimit().toNanos();
    while (probe.ask(role.address()).join().isEmpty()) {
      if (directory.pidFile(id).running().isEmpty()) {
        throw new LocalClusterException(id + " ended while it started: " + lastWords(role));
      }
      if (clock.monotonicNanos() > deadline) {
        throw new LocalClusterException(
            id
                + " does not answer after "
                + startLimit().toSeconds()
                + " s; see "
                + directory.logFile(id));
      }
      pause();
    }
  }

  private void requireProcesses(String verb) throws LocalClusterException, IOException {
    if (runningMode().orElse(directory.mode()) != ClusterMode.PROCESSES) {
      throw new LocalClusterException(
          verb
              + " needs a process for each role, but all roles run in one: 'cairn local stop', then"
              + " 'cairn local start --processes'");
    }
  }

  void requireStopped() throws LocalClusterException, IOException {
    if (!directory.exists()) {
      throw new LocalClusterException("no local cluster in " + directory.root());
    }
    if (runningMode().isPresent()) {
      throw new LocalClusterException("the cluster runs: 'cairn local stop' first");
    }
  }

  /** Removes the cluster with all data. It must be stopped. */
  void destroy() throws LocalClusterException, IOException {
    requireStopped();
    directory.delete();
  }
}
