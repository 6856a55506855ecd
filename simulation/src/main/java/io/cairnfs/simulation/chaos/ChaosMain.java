package io.cairnfs.simulation.chaos;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientListener;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.localcluster.LocalProcesses;
import io.cairnfs.localcluster.volume.LoopVolume;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.simulation.chaos.Tally.Count;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code bin/cairn chaos}: real processes, real faults, and an account of every byte. */
@Command(
    name = "cairn chaos",
    description = {
      "Starts a cluster of real processes on this machine and does to it what a schedule says, at",
      "moments that a seed chooses; then checks that every acknowledged byte and name survived.",
      "  kill       SIGKILL and SIGSTOP of servers",
      "  partition  cut links (network namespaces: root) and troubled connections (a proxy)",
      "  power      power cuts of whole disks (ext4 on loop devices: root)",
      "  damage     full disks (root), changed bytes of replicas and of a metaserver's files",
      "What this machine does not offer is left out, in a line that begins with SKIPPED.",
      "Exit code: 0 nothing was lost or wrong; 1 something was; 2 wrong usage."
    },
    mixinStandardHelpOptions = true,
    versionProvider = ChaosMain.Version.class)
public final class ChaosMain implements Callable<Integer> {
  private static final Duration HEAL_LIMIT = Duration.ofMinutes(3);
  private static final Duration CLIENT_TIMEOUT = Duration.ofSeconds(60);
  private static final long POLL_MILLIS = 200;
  private static final Duration STOP_LIMIT = Duration.ofSeconds(90);
  private static final int TOLD_LINES = 8;
  private static final int METASERVERS = 3;
  private static final int CONTENDERS = 2;
  private static final int SHORTEST_PAUSE_MILLIS = 500;
  private static final int LONGEST_PAUSE_MILLIS = 2_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--schedule",
      paramLabel = "WHAT",
      converter = ScheduleConverter.class,
      description = "kill, partition, power or damage (default: kill).")
  private Schedule schedule = Schedule.KILL;

  @Option(
      names = "--loopback",
      description = "No network namespaces and no disks, as for a user who is not root.")
  private boolean loopback;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      description = "How long faults happen (default: ${DEFAULT-VALUE}).")
  private double minutes = 1;

  @Option(names = "--seed", paramLabel = "S", description = "Of the faults and the load.")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--writers",
      paramLabel = "N",
      description = "Clients that write and read (default: ${DEFAULT-VALUE}).")
  private int writers = 3;

  @Option(
      names = "--dataservers",
      paramLabel = "N",
      description = "Data servers, at least 3 (default: ${DEFAULT-VALUE}).")
  private int dataServers = 4;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Where the cluster keeps its data: empty or missing (default: a temporary one).")
  private Optional<Path> directory = Optional.empty();

  private final Clock clock = new SystemClock();
  private final Tally tally = new Tally();
  private PrintWriter out;
  private long began;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopped;
  private ChaosCluster cluster;
  private Histories histories;

  public static void main(String[] arguments) {
    System.exit(execute(new PrintWriter(System.out, true, StandardCharsets.UTF_8), arguments));
  }

  static int execute(PrintWriter out, String... arguments) {
    return new CommandLine(new ChaosMain()).setOut(out).execute(arguments);
  }

  /** Words of {@link Schedule}. */
  static final class ScheduleConverter implements ITypeConverter<Schedule> {
    @Override
    public Schedule convert(String word) {
      return Stream.of(Schedule.values())
          .filter(each -> each.word().equals(word))
          .findFirst()
          .orElseThrow(() -> new TypeConversionException("'" + word + "' is no schedule"));
    }
  }

  /** For {@code --version}. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"cairn " + CairnVersion.text()};
    }
  }

  @Override
  public Integer call() throws Exception {
    if (!(minutes > 0) || writers < 1 || dataServers < 3) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--minutes must be more than 0, --writers at least 1, --dataservers at least 3");
    }
    out = spec.commandLine().getOut();
    began = clock.monotonicNanos();
    long chosen = seed.orElseGet(() -> clock.wallNanos() & 0xffffff);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(chosen);
    if (directory.isEmpty()) {
      Leftovers.remove(temporary())
          .forEach(left -> say("left behind by a run that was killed, removed: " + left));
    }
    Optional<ChaosCluster.Rig> rig = rig();
    if (rig.isEmpty()) {
      return 0;
    }
    Path root =
        directory.isPresent()
            ? directory.get()
            : Files.createTempDirectory(temporary(), Leftovers.PREFIX);
    say(
        "seed %d: %s, %s minutes, %d writers, state in %s"
            .formatted(chosen, schedule.word(), minutes, writers, root));
    Thread main = Thread.currentThread();
    Thread hook = new Thread(() -> stop(main), "chaos-stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try (ChaosCluster started = ChaosCluster.start(root, METASERVERS, dataServers, rig.get())) {
      cluster = started;
      boolean ran = false;
      try {
        run(random);
        ran = true;
      } finally {
        if (!stopped && (!ran || !tally.violations().isEmpty())) {
          started.keep();
          say("logs are kept in " + root);
        }
      }
    } finally {
      ended.countDown();
    }
    return verdict(chosen);
  }

  private static Path temporary() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  /** A signal: everything is taken away before the process ends. */
  private void stop(Thread main) {
    if (ended.getCount() == 0) {
      return;
    }
    stopped = true;
    main.interrupt();
    try {
      if (!ended.await(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        out.println("not everything was taken away; the next run does it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What this machine has of what the schedule needs; empty if too little for it. */
  private Optional<ChaosCluster.Rig> rig() throws IOException {
    boolean namespaces = false;
    boolean volumes = false;
    if (schedule == Schedule.PARTITION) {
      Optional<String> why = loopback ? Optional.of("--loopback") : Namespaces.unavailable();
      namespaces = why.isEmpty();
      why.ifPresent(
          reason ->
              out.println("SKIPPED: cuts between two servers, no network namespaces: " + reason));
    }
    if (schedule == Schedule.POWER || schedule == Schedule.DAMAGE) {
      Optional<String> why = loopback ? Optional.of("--loopback") : volumesUnavailable();
      volumes = why.isEmpty();
      if (!volumes) {
        String what = schedule == Schedule.POWER ? "power cuts" : "full disks";
        out.println("SKIPPED: " + what + ", no loop volumes: " + why.get());
        if (schedule == Schedule.POWER) {
          return Optional.empty();
        }
      }
    }
    return Optional.of(new ChaosCluster.Rig(namespaces, volumes, schedule == Schedule.PARTITION));
  }

  private static Optional<String> volumesUnavailable() throws IOException {
    Path probe = Files.createTempDirectory(temporary(), "cairn-probe-");
    try {
      return LoopVolume.unavailable(probe);
    } finally {
      Files.deleteIfExists(probe);
    }
  }

  private FaultSource faults(Stage stage) {
    return switch (schedule) {
      case KILL -> new KillFaults(stage);
      case PARTITION -> new PartitionFaults(stage);
      case POWER -> new PowerFaults(stage);
      case DAMAGE -> new DamageFaults(stage);
    };
  }

  private void run(RandomGenerator random) throws IOException, InterruptedException {
    List<CairnFileSystem> clients = new ArrayList<>();
    histories = new Histories(cluster.root().resolve("histories"));
    boolean checked = false;
    try (CairnFileSystem watcher = connect("watcher")) {
      watcher.mkdir(CairnPath.of(Contender.DIRECTORY), 0777);
      List<ChaosWriter> all = new ArrayList<>();
      List<Contender> contenders = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < CONTENDERS; i++) {
        CairnFileSystem client = connect("contender-" + i);
        clients.add(client);
        Contender contender = new Contender(client, split(random), tally);
        contenders.add(contender);
        Thread thread = new Thread(contender, "contender-" + i);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
      }
      for (int i = 0; i < writers; i++) {
        CairnFileSystem client = connect("writer-" + i);
        clients.add(client);
        ChaosWriter writer =
            new ChaosWriter(client, i, writers, split(random), tally, schedule == Schedule.DAMAGE);
        all.add(writer);
        Thread thread = new Thread(writer, "writer-" + i);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
      }
      FaultSource source = faults(new Stage(cluster, watcher, random, tally, this::say));
      try {
        strikeUntilEnd(source, random);
      } finally {
        all.forEach(ChaosWriter::stop);
        contenders.forEach(Contender::stop);
        if (!stopped) {
          for (Thread thread : threads) {
            thread.join();
          }
        }
      }
      say("the writers have stopped; waiting until everything is well");
      if (heal(watcher)) {
        check(all);
        checked = true;
      }
    } finally {
      for (CairnFileSystem client : clients) {
        client.close();
      }
    }
    // Clients give back idle chunks by themselves: only now nothing is being changed any more.
    if (checked) {
      histories.check(cluster.metaserverDirectories(), tally, this::say);
    }
  }

  private static RandomGenerator split(RandomGenerator random) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(random.nextLong());
  }

  private CairnFileSystem connect(String name) throws IOException {
    return CairnFileSystem.connect(
        ClientOptions.builder(cluster.processes().metaservers())
            .clientName(name)
            .history(histories.of(name))
            .timeout(CLIENT_TIMEOUT)
            .listener(
                new ClientListener() {
                  @Override
                  public void callFailedOver(String from, String to) {
                    tally.add(Count.CALLS_FAILED_OVER, 1);
                  }

                  @Override
                  public void pipelineFailedOver(String chunk, String server, String reason) {
                    tally.add(Count.PIPELINES_FAILED_OVER, 1);
                  }

                  @Override
                  public void readFailedOver(String chunk, String server, String reason) {
                    tally.add(Count.READS_FAILED_OVER, 1);
                  }
                })
            .build());
  }

  private void strikeUntilEnd(FaultSource source, RandomGenerator random)
      throws InterruptedException {
    long end = clock.monotonicNanos() + (long) (minutes * 60e9);
    try {
      while (true) {
        Thread.sleep(random.nextInt(SHORTEST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS));
        long left = (end - clock.monotonicNanos()) / 1_000_000;
        if (left < POLL_MILLIS) {
          source.finish();
          return;
        }
        source.strike(left);
      }
    } catch (IOException e) {
      // A server that does not come back, a report that nobody answers: promises, too.
      if (stopped) {
        throw new InterruptedException(e.getMessage());
      }
      tally.violated("the faults could not go on: " + e);
    }
  }

  /**
   * Until every server is up and every chunk has all its replicas.
   *
   * @return false, and it is noted, if that does not come
   */
  private boolean heal(CairnFileSystem watcher) throws InterruptedException {
    long deadline = clock.monotonicNanos() + HEAL_LIMIT.toNanos();
    while (true) {
      String seen;
      try {
        ClusterReportResult report = watcher.administration().report();
        List<String> troubles = Stage.troubles(report);
        if (troubles.isEmpty()) {
          return true;
        }
        seen = String.join(", ", troubles);
      } catch (CairnException e) {
        seen = "nobody reports: " + e;
      }
      if (clock.monotonicNanos() > deadline) {
        tally.violated("not well after " + HEAL_LIMIT.toSeconds() + " s: " + seen);
        tellWhatIsUnwell();
        return false;
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  /** The end of what fsck says, and of what each metaserver has warned of. */
  private void tellWhatIsUnwell() {
    try {
      say("fsck: " + last(cluster.processes().fsck().output().lines().toList()));
      for (String id : cluster.metaservers()) {
        say(id + " warned of: " + last(warnings(cluster.processes().log(id))));
      }
    } catch (IOException e) {
      say("nothing more can be told: " + e);
    }
  }

  private static List<String> warnings(Path log) throws IOException {
    try (Stream<String> lines = Files.lines(log, StandardCharsets.UTF_8)) {
      return lines.filter(line -> line.contains(" WARN ") || line.contains(" ERROR ")).toList();
    }
  }

  private static String last(List<String> lines) {
    return String.join(
        "\n    ", lines.subList(Math.max(0, lines.size() - TOLD_LINES), lines.size()));
  }

  /** When everything is well again: whatever is checked at the end is checked here. */
  private void check(List<ChaosWriter> all) throws IOException {
    all.forEach(ChaosWriter::verify);
    LocalProcesses.Check check = cluster.processes().fsck();
    say(check.lastLine());
    if (check.exitCode() != 0) {
      tally.violated("fsck: exit code " + check.exitCode() + ": " + check.output());
    }
  }

  private void say(String line) {
    out.printf(Locale.ROOT, "%6.1f s  %s%n", (clock.monotonicNanos() - began) / 1e9, line);
  }

  private int verdict(long chosen) {
    for (Map.Entry<Count, Long> count : tally.counts().entrySet()) {
      String name = count.getKey().name().toLowerCase(Locale.ROOT).replace('_', ' ');
      out.printf(Locale.ROOT, "  %-24s %,12d%n", name, count.getValue());
    }
    tally.failures().stream().limit(5).forEach(one -> out.println("  failed call: " + one));
    List<String> violations = tally.violations();
    if (violations.isEmpty() && tally.of(Count.FILES_WRITTEN) == 0) {
      violations = List.of("no file was written: nothing is proved");
    }
    violations.forEach(one -> out.println("VIOLATED: " + one));
    out.printf(
        "%s, seed %d: %s%n",
        schedule.word(),
        chosen,
        violations.isEmpty()
            ? "every acknowledged byte and name is there"
            : violations.size() + " promises broken");
    return violations.isEmpty() ? 0 : 1;
  }
}
