package io.cairnfs.contract.fuzz;

import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.contract.EmbeddedCluster;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bin/cairn fuzz}: the same random calls to Cairn and to a local directory. */
@Command(
    name = "cairn fuzz",
    description = {
      "Makes the same random calls, as several users, to a cluster in this process and to a local",
      "directory, and compares results, errno, content and attributes. Root has several users; anybody",
      "else is alone, with two processes. The machine's side is called by a process for each user.",
      "Exit code: 0 all equal; 1 a difference, of which a short sequence is printed."
    },
    mixinStandardHelpOptions = true)
public final class FuzzMain implements Callable<Integer> {
  private static final int STEPS = 500;
  private static final int LONG_FACTOR = 100;
  private static final int DEFAULT_USERS = 3;

  @Spec private CommandSpec spec;

  @Option(names = "--seed", paramLabel = "S", description = "First seed (default: 1).")
  private long seed = 1;

  @Option(
      names = "--operations",
      paramLabel = "N",
      description = "How many calls (default: 100,000); each 500 of them have a seed of their own.")
  private long operations = 100_000;

  @Option(
      names = "--users",
      paramLabel = "U",
      description = "How many users, 1 to 8, besides the superuser (default: 3).")
  private int users = DEFAULT_USERS;

  @Option(names = "--long", description = "A hundred times as many calls.")
  private boolean isLong;

  @Option(
      names = "--complete",
      description =
          "Fails also if a difference by design or an occasion was not met, or no call of a kind succeeded.")
  private boolean complete;

  @Option(
      names = "--without",
      paramLabel = "KIND",
      split = ",",
      description = "Leaves calls of these kinds out.")
  private Set<Step.Kind> without = EnumSet.noneOf(Step.Kind.class);

  @Option(
      names = "--failures",
      paramLabel = "N",
      description = "Stops after so many differences (default: 1).")
  private int maxFailures = 1;

  @Option(names = "--threads", paramLabel = "N", description = "Sequences at once (default: 4).")
  private int threads = 4;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where directories are made, on ext4 (default: the temporary directory).")
  private Path directory = Path.of(System.getProperty("java.io.tmpdir"));

  @Option(
      names = "--cluster-dir",
      paramLabel = "DIR",
      description = {
        "Where the cluster's directory is made (default: as --dir).",
        "In memory (/dev/shm) it is faster: nothing here is about disks."
      })
  private Path clusterDirectory;

  @Option(
      names = "--mount",
      paramLabel = "DIR",
      description = {
        "Calls a directory of a mount of Cairn instead, by system calls as the other side. Not",
        "together with --complete: some differences by design are not met there."
      })
  private Path mount;

  private Surroundings surroundings;

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new FuzzMain()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    if (mount != null && complete) {
      throw new ParameterException(spec.commandLine(), "--mount and --complete exclude each other");
    }
    if (users < 1 || users > Cast.NAMES.size() || threads < 1 || operations < 1) {
      throw new ParameterException(
          spec.commandLine(), "1 to 8 users, and at least one thread and operation");
    }
    ServerLogging.setLevel("io.cairnfs", "WARN");
    PrintWriter out = spec.commandLine().getOut();
    Cast cast = cast(out);
    surroundings = Surroundings.of(cast);
    if (surroundings.stickyProtected()) {
      out.println(
          "SKIPPED sticky directories: fs.protected_symlinks or fs.protected_regular is set here");
    }
    Tally tally = new Tally();
    Path local = Files.createTempDirectory(directory, "cairn-fuzz-");
    try {
      open(local);
      try (Home linux = new LinuxHome(local, cast, Actor.GivingUp.BY_CLOSE)) {
        if (mount == null) {
          againstCluster(linux, cast, tally);
        } else {
          againstMount(linux, cast, tally);
        }
      }
    } finally {
      LinuxHome.delete(local);
    }
    return report(out, tally);
  }

  private void againstCluster(Home linux, Cast cast, Tally tally) throws Exception {
    Path stored =
        Files.createTempDirectory(
            Optional.ofNullable(clusterDirectory).orElse(directory), "cairn-fuzz-cluster-");
    try (EmbeddedCluster cluster = EmbeddedCluster.start(stored);
        Home cairn = new CairnHome(cluster, cast)) {
      run(new Worlds(linux, cairn, cast), cast, tally);
    } finally {
      LinuxHome.delete(stored);
    }
  }

  private void againstMount(Home linux, Cast cast, Tally tally) throws Exception {
    Path mounted = Files.createTempDirectory(mount, "cairn-fuzz-");
    try {
      open(mounted);
      try (Home cairn = new LinuxHome(mounted, cast, Actor.GivingUp.BEFORE_CLOSE)) {
        run(new Worlds(linux, cairn, cast), cast, tally);
      }
    } finally {
      LinuxHome.delete(mounted);
    }
  }

  private Cast cast(PrintWriter out) {
    String user = System.getProperty("user.name");
    if (user.equals(Cast.SUPERUSER)) {
      return Cast.ofUsers(users);
    }
    out.println(
        "SKIPPED the calls of several users: only root can become another user; all are "
            + user
            + "'s");
    return Cast.ofOne(user);
  }

  /** Other users have to get through. */
  private static void open(Path path) throws IOException {
    var unused = Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void run(Worlds worlds, Cast cast, Tally tally) throws Exception {
    long total = operations * (isLong ? LONG_FACTOR : 1);
    AtomicLong next = new AtomicLong();
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> parts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        parts.add(
            workers.submit(
                () -> {
                  for (long at = next.getAndAdd(STEPS);
                      at < total && tally.failures().size() < maxFailures;
                      at = next.getAndAdd(STEPS)) {
                    sequence(worlds, cast, tally, at / STEPS, (int) Math.min(STEPS, total - at));
                  }
                  return null;
                }));
      }
      for (Future<?> part : parts) {
        Object unused = part.get();
      }
    } finally {
      List<Runnable> unused = workers.shutdownNow();
    }
  }

  private void sequence(Worlds worlds, Cast cast, Tally tally, long number, int length)
      throws IOException {
    StepSource source = new StepSource(new SplittableRandom(seed + number), cast, surroundings);
    List<Step> steps =
        Stream.generate(source::next)
            .filter(step -> !without.contains(step.kind()))
            .limit(length)
            .toList();
    Worlds.Result result = worlds.run(steps);
    tally.add(steps.size(), result);
    if (result.difference().isPresent()) {
      tally.fail(failure(worlds, seed + number, steps, result.difference().get()));
    }
  }

  private String failure(Worlds worlds, long failed, List<Step> steps, Episode.Difference first)
      throws IOException {
    List<Step> shortest =
        new Shrinking(shorter -> worlds.run(shorter).difference().isPresent())
            .shortest(steps.subList(0, first.steps()));
    String seen =
        worlds.run(shortest).difference().map(Episode.Difference::text).orElse(first.text());
    StringBuilder text = new StringBuilder("seed " + failed + ": a difference after:\n");
    shortest.forEach(step -> text.append("  ").append(step).append('\n'));
    return text.append("  -> ")
        .append(seen)
        .append("\nagain: ")
        .append(again(failed, first.steps()))
        .append('\n')
        .toString();
  }

  /** What shows the difference once more, with as few calls as lead to it. */
  private String again(long failed, int steps) {
    StringBuilder text = new StringBuilder("bin/cairn fuzz --seed ").append(failed);
    text.append(" --operations ").append(steps);
    if (users != DEFAULT_USERS) {
      text.append(" --users ").append(users);
    }
    if (mount != null) {
      text.append(" --mount ").append(mount);
    }
    if (!without.isEmpty()) {
      text.append(" --without ");
      text.append(without.stream().map(Step.Kind::name).collect(Collectors.joining(",")));
    }
    return text.toString();
  }

  private int report(PrintWriter out, Tally tally) {
    tally.failures().forEach(out::println);
    List<String> missing = complete ? tally.missing(surroundings) : List.of();
    out.println(tally + ", seed " + seed);
    missing.forEach(out::println);
    out.flush();
    return tally.failures().isEmpty() && missing.isEmpty() ? 0 : 1;
  }
}
