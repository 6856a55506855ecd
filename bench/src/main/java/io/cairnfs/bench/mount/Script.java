package io.cairnfs.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What is done in each place, and what it took. Whatever is compared or looked at afterwards, and
 * whatever comes before a measurement, is not timed. For one thread.
 */
final class Script {
  private static final int MANY = 8;

  private final Workers workers;
  private final Programs programs;
  private final KernelCache cache;
  private final Path scratch;

  /** Lines that are measured together, since one goes on with what another one has made. */
  enum Part {
    STREAMS,
    RANDOM,
    APPEND,
    SMALL,
    LIST,
    TREE,
    GIT,
    SQLITE;

    /** Programs without which it cannot be measured. */
    Set<String> programs() {
      return switch (this) {
        case STREAMS, RANDOM, APPEND, SMALL -> Set.of();
        case LIST -> Set.of("ls");
        case TREE -> Set.of("tar", "cp", "diff");
        case GIT -> Set.of("git", "cp");
        case SQLITE -> Set.of("sqlite3");
      };
    }
  }

  /** Takes what was measured. */
  interface Results {
    void measured(Line line, double value);
  }

  /**
   * @param workers at least eight
   * @param scratch on a local disk
   */
  Script(Workers workers, Programs programs, KernelCache cache, Path scratch) {
    this.workers = workers;
    this.programs = programs;
    this.cache = cache;
    this.scratch = scratch;
  }

  /** Does one part in a new directory, which it removes. */
  void run(Part part, Place place, Sizes sizes, Sources sources, Results results)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory(place.directory(), "part-");
    try {
      switch (part) {
        case STREAMS -> streams(directory, sizes, results);
        case RANDOM -> random(directory, sizes, results);
        case APPEND -> append(directory, sizes, results);
        case SMALL -> {
          small(directory, sizes.files(), 1, results);
          small(directory, sizes.files(), MANY, results);
        }
        case LIST -> list(directory, sizes, results);
        case TREE -> tree(directory, sources, results);
        case GIT -> git(directory, sources, results);
        case SQLITE -> sqlite(directory, sizes, sources, results);
      }
    } finally {
      programs.run(place.directory(), "rm", "-rf", directory.toString());
    }
  }

  private void streams(Path directory, Sizes sizes, Results results)
      throws IOException, InterruptedException {
    Path file = directory.resolve("stream");
    results.measured(
        Line.SEQUENTIAL_WRITE,
        workers.run(FileWork.Operation.STREAM_WRITE, file, sizes.streamMebibytes()).rate());
    if (cache.mayBeDropped()) {
      cache.dropAll();
      results.measured(
          Line.SEQUENTIAL_READ,
          workers.run(FileWork.Operation.STREAM_READ, file, sizes.streamMebibytes()).rate());
    }
  }

  private void random(Path directory, Sizes sizes, Results results)
      throws IOException, InterruptedException {
    Path file = directory.resolve("random");
    Workers.Done unused =
        workers.run(FileWork.Operation.STREAM_WRITE, file, sizes.randomMebibytes());
    int millis = (int) sizes.randomTime().toMillis();
    if (cache.mayBeDropped()) {
      cache.dropAll();
      results.measured(
          Line.RANDOM_READ, workers.run(FileWork.Operation.RANDOM_READ, file, millis).rate());
      cache.dropAll();
    }
    results.measured(
        Line.RANDOM_WRITE, workers.run(FileWork.Operation.RANDOM_WRITE, file, millis).rate());
  }

  private void append(Path directory, Sizes sizes, Results results) throws IOException {
    Workers.Done done =
        workers.run(FileWork.Operation.APPEND, directory.resolve("log"), sizes.appends());
    results.measured(Line.APPEND, done.seconds() * 1e3);
  }

  /** Each process has a directory of its own. */
  private void small(Path root, int files, int processes, Results results)
      throws IOException, InterruptedException {
    List<Path> directories = new ArrayList<>();
    for (int i = 0; i < processes; i++) {
      directories.add(Files.createDirectory(root.resolve(processes + "-" + i)));
    }
    boolean one = processes == 1;
    int each = files / processes;
    results.measured(
        one ? Line.CREATE_ONE : Line.CREATE_MANY,
        workers.run(FileWork.Operation.CREATE, directories, each).rate());
    if (cache.mayBeDropped()) {
      cache.dropNames();
      results.measured(
          one ? Line.STAT_ONE : Line.STAT_MANY,
          workers.run(FileWork.Operation.STAT, directories, each).rate());
      cache.dropAll();
      results.measured(
          one ? Line.READ_ONE : Line.READ_MANY,
          workers.run(FileWork.Operation.READ, directories, each).rate());
    }
    results.measured(
        one ? Line.UNLINK_ONE : Line.UNLINK_MANY,
        workers.run(FileWork.Operation.UNLINK, directories, each).rate());
  }

  private void list(Path directory, Sizes sizes, Results results)
      throws IOException, InterruptedException {
    Path listed = Files.createDirectory(directory.resolve("listed"));
    Workers.Done unused = workers.run(FileWork.Operation.CREATE, listed, sizes.listed());
    if (cache.mayBeDropped()) {
      cache.dropAll();
      results.measured(Line.LIST, programs.run(directory, "ls", "-l", "listed"));
      long lines = programs.said().lines().filter(line -> line.startsWith("-")).count();
      require(lines == sizes.listed(), "ls has listed " + lines + " files");
    }
  }

  private static void require(boolean condition, String otherwise) throws IOException {
    if (!condition) {
      throw new IOException(otherwise);
    }
  }

  private void tree(Path directory, Sources sources, Results results)
      throws IOException, InterruptedException {
    sources.warm();
    results.measured(
        Line.UNTAR, programs.run(directory, "tar", "-xf", sources.archive().toString()));
    requireEqual(sources.tree(), directory.resolve("tree"));
    String copy = directory.resolve("copy").toString();
    sources.warm();
    results.measured(
        Line.COPY_IN, programs.run(directory, "cp", "-r", sources.tree().toString(), copy));
    if (cache.mayBeDropped()) {
      cache.dropAll();
      Path out = scratch.resolve("out");
      results.measured(Line.COPY_OUT, programs.run(scratch, "cp", "-r", copy, out.toString()));
      requireEqual(sources.tree(), out);
      programs.run(scratch, "rm", "-rf", out.toString());
    }
  }

  private void requireEqual(Path expected, Path found) throws IOException, InterruptedException {
    programs.run(scratch, "diff", "-r", expected.toString(), found.toString());
  }

  private void git(Path directory, Sources sources, Results results)
      throws IOException, InterruptedException {
    sources.warm();
    Path clone = directory.resolve("clone");
    results.measured(
        Line.CLONE,
        programs.run(directory, "git", "clone", "-q", sources.repositoryUrl(), clone.toString()));
    requireClean(clone);
    Path work = directory.resolve("work");
    programs.run(directory, "cp", "-r", sources.tree().toString(), work.toString());
    programs.run(directory, "sync");
    results.measured(
        Line.COMMIT,
        programs.run(work, "git", "init", "-q")
            + programs.run(work, "git", "add", "-A")
            + programs.run(work, "git", "commit", "-q", "-m", "tree"));
    requireClean(work);
    results.measured(Line.REMOVE, programs.run(directory, "rm", "-rf", "work"));
    require(Files.notExists(work), "rm has left " + work);
  }

  private void requireClean(Path repository) throws IOException, InterruptedException {
    programs.run(repository, "git", "status", "--porcelain");
    require(programs.said().isEmpty(), repository + ": " + programs.said());
  }

  private void sqlite(Path directory, Sizes sizes, Sources sources, Results results)
      throws IOException, InterruptedException {
    results.measured(
        Line.SQLITE, programs.run(directory, sources.statements(), "sqlite3", "-bail", "database"));
    require(
        programs.said().strip().equals(Integer.toString(sizes.transactions())),
        "SQLite has counted " + programs.said());
  }
}
