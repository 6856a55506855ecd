package io.cairnfs.simulation.chaos;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientListener;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.localcluster.LocalProcesses;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.types.ServerHealth;
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
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bin/cairn chaos}: real processes, real faults, and an account of every byte. */
@Command(
    name = "cairn chaos",
    description = {
      "Starts a cluster of real processes on this machine, kills and freezes them at moments that",
      "a seed chooses, and checks that every acknowledged byte and name survives.",
      "Exit code: 0 nothing was lost or wrong; 1 something was; 2 wrong usage."
    },
    mixinStandardHelpOptions = true,
    versionProvider = ChaosMain.Version.class)
public final class ChaosMain implements Callable<Integer> {
  private static final Duration HEAL_LIMIT = Duration.ofMinutes(3);
  private static final Duration CLIENT_TIMEOUT = Duration.ofSeconds(60);
  private static final long POLL_MILLIS = 200;
  private static final int METASERVERS = 3;
  private static final int SHORTEST_PAUSE_MILLIS = 500;
  private static final int LONGEST_PAUSE_MILLIS = 4_000;

  @Spec private CommandSpec spec;

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
  private LocalProcesses cluster;

  public static void main(String[] arguments) {
    System.exit(execute(new PrintWriter(System.out, true, StandardCharsets.UTF_8), arguments));
  }

  static int execute(PrintWriter out, String... arguments) {
    return new CommandLine(new ChaosMain()).setOut(out).execute(arguments);
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
    Path root = directory.isPresent() ? directory.get() : Files.createTempDirectory("cairn-chaos");
    say("seed %d: %s minutes, %d writers, state in %s".formatted(chosen, minutes, writers, root));
    try (LocalProcesses started = LocalProcesses.start(root, METASERVERS, dataServers)) {
      cluster = started;
      boolean ran = false;
      try {
        run(random);
        ran = true;
      } finally {
        if (!ran || !tally.violations().isEmpty()) {
          started.keepDirectory();
          say("data and logs are kept in " + root);
        }
      }
    }
    return verdict(chosen);
  }

  private void run(RandomGenerator random) throws IOException, InterruptedException {
    List<CairnFileSystem> clients = new ArrayList<>();
    try (CairnFileSystem watcher = connect("watcher")) {
      List<ChaosWriter> all = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        CairnFileSystem client = connect("writer-" + i);
        clients.add(client);
        ChaosWriter writer = new ChaosWriter(client, i, writers, split(random), tally);
        all.add(writer);
        Thread thread = new Thread(writer, "writer-" + i);
        threads.add(thread);
        thread.start();
      }
      try {
        faults(random, watcher);
      } finally {
        all.forEach(ChaosWriter::stop);
        for (Thread thread : threads) {
          thread.join();
        }
      }
      say("the writers have stopped; waiting until everything is well");
      heal(watcher);
      all.forEach(ChaosWriter::verify);
      check();
    } finally {
      for (CairnFileSystem client : clients) {
        client.close();
      }
    }
  }

  private static RandomGenerator split(RandomGenerator random) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(random.nextLong());
  }

  private CairnFileSystem connect(String name) throws IOException {
    return CairnFileSystem.connect(
        ClientOptions.builder(cluster.metaservers())
            .clientName(name)
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

  private void faults(RandomGenerator random, CairnFileSystem watcher)
      throws IOException, InterruptedException {
    long end = clock.monotonicNanos() + (long) (minutes * 60e9);
    while (true) {
      Thread.sleep(random.nextInt(SHORTEST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS));
      Duration left = Duration.ofNanos(end - clock.monotonicNanos());
      if (left.compareTo(Duration.ofMillis(POLL_MILLIS)) < 0) {
        return;
      }
      Fault fault = Fault.draw(random, left);
      if (fault.target() == Fault.Target.EVERYTHING) {
        say("kill -9 of everything");
        cluster.killAll();
        cluster.startAll();
      } else {
        strike(fault, victims(fault, random, watcher));
      }
    }
  }

  private List<String> victims(Fault fault, RandomGenerator random, CairnFileSystem watcher)
      throws IOException {
    List<String> victims = new ArrayList<>();
    if (fault.target() != Fault.Target.DATA_SERVER) {
      String leader =
          watcher.administration().report().getMetaserversList().stream()
              .filter(MetaserverReport::getLeader)
              .map(MetaserverReport::getId)
              .findFirst()
              .orElseThrow(() -> new IOException("no metaserver leads"));
      if (fault.target() == Fault.Target.FOLLOWER) {
        List<String> followers = new ArrayList<>(new TreeSet<>(cluster.metaserverPids().keySet()));
        followers.remove(leader);
        victims.add(followers.get(random.nextInt(followers.size())));
      } else {
        victims.add(leader);
      }
    }
    if (fault.target() == Fault.Target.DATA_SERVER
        || fault.target() == Fault.Target.LEADER_AND_DATA_SERVER) {
      victims.add("d" + (1 + random.nextInt(dataServers)));
    }
    return victims;
  }

  private void strike(Fault fault, List<String> victims) throws IOException, InterruptedException {
    say(
        "%s %s for %d ms"
            .formatted(
                fault.kind() == Fault.Kind.KILL ? "kill -9" : "freeze",
                String.join(" and ", victims),
                fault.duration().toMillis()));
    for (String victim : victims) {
      if (fault.kind() == Fault.Kind.KILL) {
        cluster.kill(victim);
      } else {
        cluster.signal(victim, "STOP");
      }
    }
    try {
      Thread.sleep(fault.duration().toMillis());
    } finally {
      for (String victim : victims) {
        if (fault.kind() == Fault.Kind.KILL) {
          cluster.restart(victim);
        } else {
          cluster.signal(victim, "CONT");
        }
      }
    }
  }

  /** Until every server is up and every chunk has all its replicas. */
  private void heal(CairnFileSystem watcher) throws IOException, InterruptedException {
    long deadline = clock.monotonicNanos() + HEAL_LIMIT.toNanos();
    ClusterReportResult report = watcher.administration().report();
    while (!isWell(report)) {
      if (clock.monotonicNanos() > deadline) {
        tally.violated("not well after " + HEAL_LIMIT.toSeconds() + " s: " + report);
        return;
      }
      Thread.sleep(POLL_MILLIS);
      report = watcher.administration().report();
    }
  }

  private static boolean isWell(ClusterReportResult report) {
    boolean serversUp =
        report.getServersList().stream()
            .allMatch(server -> server.getMember().getHealth() == ServerHealth.UP);
    boolean metaserversUp =
        report.getMetaserversList().stream()
            .allMatch(member -> member.getLeader() || member.getReachable());
    return serversUp
        && metaserversUp
        && report.getRepairBacklog() == 0
        && report.getChunksUnderReplicated() == 0
        && report.getChunksSettling() == 0;
  }

  private void check() throws IOException {
    LocalProcesses.Check check = cluster.fsck();
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
        "seed %d: %s%n",
        chosen,
        violations.isEmpty()
            ? "every acknowledged byte and name is there"
            : violations.size() + " promises broken");
    return violations.isEmpty() ? 0 : 1;
  }
}
