package io.cairnfs.fuse;

import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.fuse.binding.MountTable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** {@code cairn mount}. */
public final class MountMain {
  /** What the script waits for; it is not shown. */
  static final String SERVES = "cairn-mount-serves";

  private static final int FAILED = 1;
  private static final int MISUSED = 255;
  private static final long LOG_BYTES = 64L << 20;
  private static final int LOG_FILES = 4;

  static final String HELP =
      """
      usage: cairn mount [-f] [-o OPTION[,OPTION...]] [--binding jnr|raw] [--log FILE] [-fs CLUSTER] [-D key=value] [--conf FILE]
                         [cairn://CLUSTER[/DIRECTORY]] MOUNTPOINT
             cairn mount --status [MOUNTPOINT]
      Mounts a cluster's directory, and returns when it serves. Needs root, and /dev/fuse.
        -f                     stay in the foreground, log to standard error
        --binding raw          by the kernel's own protocol (usual); jnr: by libfuse 2, which can less
        --log FILE             where to log; /var/log/cairn/mount-*.log for root unless told otherwise
        --status               what is mounted here; with MOUNTPOINT: exit code 0 if it is and answers
        -o attr_timeout=S      seconds for which the kernel may go by attributes (1)
        -o entry_timeout=S     seconds for which it may go by what a name leads to (1)
        -o negative_timeout=S  seconds for which it may go by there being no such name (0)
        -o direct_io           reads and writes pass the kernel's cache by
        -o timeout=S           how long programs wait for a cluster that does not answer (client.timeout)
        -o threads=N           threads that answer the kernel (8)
        -o noallow_other       only for the user who mounts
        -o one_user            whoever asks has the rights of the mount's user
        -o uid=N,gid=N         all files are shown to belong to these
        -o ro, suid, dev, noexec, nonempty, conf=FILE, log=FILE\
      """;

  private MountMain() {}

  public static void main(String[] words) {
    int code = run(List.of(words), Surroundings.ofProcess(), System.out, System.err);
    System.out.flush();
    System.err.flush();
    System.exit(code);
  }

  static int run(List<String> words, Surroundings surroundings, PrintStream out, PrintStream err) {
    MountArguments arguments;
    try {
      arguments = MountArguments.parse(words);
      boolean mounts =
          switch (arguments.manner()) {
            case FOREGROUND, BACKGROUND -> true;
            case STATUS, HELP -> false;
          };
      if (mounts && arguments.point().isEmpty()) {
        throw new IllegalArgumentException("no mount point is given");
      }
    } catch (IllegalArgumentException e) {
      err.println("cairn mount: " + e.getMessage());
      err.println("'cairn mount --help' explains it.");
      return MISUSED;
    }
    try {
      return switch (arguments.manner()) {
        case HELP -> {
          out.println(HELP);
          yield 0;
        }
        case STATUS -> status(arguments.point(), out);
        case FOREGROUND, BACKGROUND -> serve(arguments, surroundings, out);
      };
    } catch (IOException | IllegalArgumentException e) {
      err.println("cairn mount: " + e.getMessage());
      return FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return FAILED;
    }
  }

  private static int status(Optional<Path> point, PrintStream out) throws IOException {
    int alive = 0;
    int found = 0;
    for (MountTable.Entry entry : MountTable.cairn()) {
      if (point.isPresent() && !point.get().toString().equals(entry.point())) {
        continue;
      }
      boolean answers = answers(Path.of(entry.point()));
      found++;
      alive += answers ? 1 : 0;
      out.println(
          entry.source() + " " + entry.point() + (answers ? " serves" : " does not answer"));
    }
    return found > 0 && alive == found ? 0 : FAILED;
  }

  /** Asks what the kernel keeps no answer to. */
  private static boolean answers(Path point) {
    try {
      return Files.getFileStore(point).getTotalSpace() >= 0;
    } catch (IOException e) {
      LoggerFactory.getLogger(MountMain.class).debug("{} does not answer", point, e);
      return false;
    }
  }

  private static int serve(MountArguments arguments, Surroundings surroundings, PrintStream out)
      throws IOException, InterruptedException {
    boolean background = arguments.manner() == MountArguments.Manner.BACKGROUND;
    if (background) {
      Path log = arguments.log().orElseGet(() -> usualLog(arguments, surroundings));
      Path directory = log.toAbsolutePath().getParent();
      Path unused = Files.createDirectories(directory);
      ServerLogging.toFile(log, LOG_BYTES, LOG_FILES, "INFO");
    } else {
      ServerLogging.toStandardError("INFO");
    }
    try (Mounting mounting = Mounting.begin(arguments, surroundings, new SystemClock())) {
      Runtime.getRuntime().addShutdownHook(new Thread(mounting::close, "unmount"));
      if (background) {
        out.println(SERVES);
        out.flush();
      }
      mounting.awaitEnd();
      LoggerFactory.getLogger(MountMain.class).info("unmounted");
    }
    return 0;
  }

  private static Path usualLog(MountArguments arguments, Surroundings surroundings) {
    String name =
        "mount" + arguments.point().map(Path::toString).orElse("").replace('/', '-') + ".log";
    Path directory =
        surroundings.operatingSystemUser().equals("root")
            ? Path.of("/var/log/cairn")
            : surroundings.userHome().resolve(".cairn").resolve("log");
    return directory.resolve(name);
  }
}
