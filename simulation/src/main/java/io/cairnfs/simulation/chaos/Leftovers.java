package io.cairnfs.simulation.chaos;

import io.cairnfs.common.process.PidFile;
import io.cairnfs.localcluster.volume.LoopVolume;
import io.cairnfs.localcluster.volume.RootCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** What runs that were killed left behind: found by its names and by the death of its owner. */
final class Leftovers {
  /** Directories of runs begin so. */
  static final String PREFIX = "cairn-chaos-";

  /** Pid file of the run that uses a directory. */
  static final String OWNER = "owner.pid";

  private static final int END_SECONDS = 20;

  private Leftovers() {}

  /**
   * Ends their processes and removes their networks, disks and files.
   *
   * @param where directories of runs are
   * @return what was removed
   */
  static List<String> remove(Path where) throws IOException {
    List<Path> runs;
    try (Stream<Path> all = Files.list(where)) {
      runs =
          all.filter(path -> path.getFileName().toString().startsWith(PREFIX))
              .filter(path -> Files.exists(path.resolve(OWNER)))
              .sorted()
              .toList();
    }
    List<String> removed = new ArrayList<>();
    List<Path> dead = new ArrayList<>();
    for (Path run : runs) {
      if (new PidFile(run.resolve(OWNER)).running().isEmpty()) {
        dead.add(run);
        removed.add(run.toString());
        killProcesses(run);
      }
    }
    if ("root".equals(System.getProperty("user.name")) && RootCommand.find("losetup").isPresent()) {
      LoopVolume.removeLeftovers().forEach(image -> removed.add(image.toString()));
      removed.addAll(Namespaces.removeLeftovers());
    }
    for (Path run : dead) {
      deleteTree(run);
    }
    return removed;
  }

  /** SIGKILL of all processes of a run's cluster, and their end; frozen ones, too. */
  static void killProcesses(Path run) throws IOException {
    Path pids = run.resolve("cluster").resolve("pids");
    if (!Files.isDirectory(pids)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(pids)) {
      files = all.filter(path -> path.toString().endsWith(".pid")).toList();
    }
    List<ProcessHandle> killed = new ArrayList<>();
    for (Path file : files) {
      new PidFile(file)
          .running()
          .ifPresent(
              process -> {
                process.destroyForcibly();
                killed.add(process);
              });
    }
    for (ProcessHandle process : killed) {
      try {
        process.onExit().get(END_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } catch (ExecutionException | TimeoutException e) {
        throw new IOException("process " + process.pid() + " does not end", e);
      }
    }
  }

  static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
