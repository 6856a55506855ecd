package io.cairnfs.bench.mount;

import io.cairnfs.bench.report.Figure;
import io.cairnfs.bench.report.FigureOutput;
import io.cairnfs.bench.report.FigureTable;
import io.cairnfs.bench.report.Median;
import io.cairnfs.bench.rig.WarmUp;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code bench mount}: what programs see of a directory's speed, on a mount or on anything else; by
 * turns in two places if a second one stands beside.
 */
@Command(
    name = "mount",
    mixinStandardHelpOptions = true,
    description =
        "Runs the same workloads, through system calls and ordinary programs, in any directory."
            + " Without DIR: on a mount of a local cluster of six processes made for the bench,"
            + " and beside it on the local file system.")
public final class MountBench implements Callable<Integer> {
  private static final int WORKERS = 8;

  /** So often a worker does everything before: its JVM has compiled it then. */
  private static final int WORKER_ROUNDS = 8;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "DIR",
      description = "An existing directory; all that is made in it is removed.")
  private Optional<Path> directory = Optional.empty();

  @Option(
      names = "--beside",
      paramLabel = "DIR",
      description = "A directory to compare with, by turns: its values are printed beside.")
  private Optional<Path> beside = Optional.empty();

  @Option(
      names = "--runs",
      defaultValue = "3",
      description = "Runs of each figure (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "WORKLOAD",
      description =
          "streams, random, append, small (create, stat, read, unlink), list, tree (untar, cp),"
              + " git (clone, commit, rm), sqlite (default: all).")
  private List<Script.Part> only = List.of(Script.Part.values());

  @Option(
      names = "--warm-up",
      defaultValue = "90",
      paramLabel = "SECONDS",
      description =
          "After this time no further round of the warm-up begins; 0 = none (default:"
              + " ${DEFAULT-VALUE}).")
  private int warmUpSeconds;

  @Option(
      names = "-o",
      paramLabel = "OPTIONS",
      defaultValue = "",
      description = "Without DIR: options of the mount, as for cairn mount.")
  private String mountOptions;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Where the bench's own cluster, the local directory and what programs are given lie"
              + " (default: a temporary directory).")
  private Optional<Path> base = Optional.empty();

  @Mixin private FigureOutput output;

  private final Clock clock = new SystemClock();

  @Override
  public Integer call() throws Exception {
    Path scratch =
        base.isPresent()
            ? Files.createTempDirectory(base.get().toAbsolutePath(), "cairn-bench-mount")
            : Files.createTempDirectory("cairn-bench-mount");
    Programs programs = new Programs(scratch, clock);
    try {
      if (directory.isPresent()) {
        measure(List.of(directory.get()), scratch, programs);
      } else {
        try (OwnMount mount = OwnMount.start(scratch, mountOptions, programs)) {
          measure(
              List.of(mount.point(), Files.createDirectory(scratch.resolve("local"))),
              scratch,
              programs);
        }
      }
    } finally {
      removeAll(scratch);
    }
    return 0;
  }

  /** The output of rm must not lie in what it removes. */
  private void removeAll(Path path) throws IOException, InterruptedException {
    Path log = Files.createTempDirectory("cairn-bench-end");
    double unused = new Programs(log, clock).run(Path.of("/"), "rm", "-rf", path.toString());
    Files.delete(log.resolve("output"));
    Files.delete(log);
  }

  private void measure(List<Path> roots, Path scratch, Programs programs) throws Exception {
    List<Path> all = new ArrayList<>(roots);
    beside.ifPresent(all::add);
    List<Place> places = new ArrayList<>();
    try {
      for (Path root : all) {
        Path own = Files.createTempDirectory(root.toAbsolutePath(), "cairn-bench-");
        places.add(new Place(Files.getFileStore(root).type(), own));
      }
      measurePlaces(places, scratch, programs);
    } finally {
      for (Place place : places) {
        removeAll(place.directory());
      }
    }
  }

  private void measurePlaces(List<Place> places, Path scratch, Programs programs) throws Exception {
    KernelCache cache = KernelCache.ofMachine(programs);
    if (!cache.mayBeDropped()) {
      tell("only root drops the kernel's caches: what is measured cold is left out");
    }
    Set<Script.Part> parts = possible();
    Path memory = Path.of("/dev/shm");
    Path warm =
        Files.isWritable(memory)
            ? Files.createTempDirectory(memory, "cairn-bench-")
            : Files.createDirectory(scratch.resolve("workers"));
    try (Workers workers = Workers.start(WORKERS, warm, WORKER_ROUNDS)) {
      Script script = new Script(workers, programs, cache, scratch);
      warmUp(script, places.get(0), parts, scratch, programs);
      Sources sources = sources(scratch.resolve("given"), Sizes.FULL, programs);
      List<Map<Line, List<Double>>> values = new ArrayList<>();
      places.forEach(place -> values.add(new EnumMap<>(Line.class)));
      for (int run = 0; run < runs; run++) {
        for (Script.Part part : parts) {
          for (int i = 0; i < places.size(); i++) {
            Map<Line, List<Double>> of = values.get(i);
            script.run(
                part,
                places.get(i),
                Sizes.FULL,
                sources,
                (line, value) -> of.computeIfAbsent(line, key -> new ArrayList<>()).add(value));
          }
        }
      }
      output.print(table(places, values));
    } finally {
      removeAll(warm);
    }
  }

  private static void tell(String text) {
    System.err.println("bench: " + text);
  }

  /** Those whose programs there are. */
  private Set<Script.Part> possible() {
    Set<Script.Part> parts = EnumSet.noneOf(Script.Part.class);
    for (Script.Part part : only) {
      Set<String> missing = new TreeSet<>(part.programs());
      missing.removeIf(Programs::isInstalled);
      if (missing.isEmpty()) {
        parts.add(part);
      } else {
        tell(part.name().toLowerCase(Locale.ROOT) + " is left out: not installed: " + missing);
      }
    }
    return parts;
  }

  private static Sources sources(Path where, Sizes sizes, Programs programs)
      throws IOException, InterruptedException {
    return Sources.make(Files.createDirectory(where), sizes, programs);
  }

  /** What serves the place may be a process that has just begun. */
  private void warmUp(
      Script script, Place place, Set<Script.Part> parts, Path scratch, Programs programs)
      throws Exception {
    if (warmUpSeconds == 0) {
      return;
    }
    Sources few = sources(scratch.resolve("warm-up"), Sizes.WARM_UP, programs);
    new WarmUp(clock, Duration.ofSeconds(warmUpSeconds))
        .run(
            round -> {
              for (Script.Part part : parts) {
                script.run(part, place, Sizes.WARM_UP, few, (line, value) -> {});
              }
            });
  }

  private FigureTable table(List<Place> places, List<Map<Line, List<Double>>> values) {
    Place first = places.get(0);
    String title = "bench mount: " + first.name() + ", median of " + runs;
    boolean compared = places.size() > 1;
    FigureTable table =
        compared ? new FigureTable(title, places.get(1).name()) : new FigureTable(title);
    values
        .get(0)
        .forEach(
            (line, of) -> {
              Figure figure =
                  Figure.median(line.text(), array(of), line.unit(), line.better())
                      .withAim(line.aim());
              table.add(
                  compared
                      ? figure.withFloor(Median.of(values.get(1).get(line), each -> each))
                      : figure);
            });
    return table;
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(each -> each).toArray();
  }
}
