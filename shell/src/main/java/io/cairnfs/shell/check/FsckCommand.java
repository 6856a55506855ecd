package io.cairnfs.shell.check;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.shell.check.FsckReport.Detail;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.text.Output;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * {@code cairn fsck [PATH] [-files [-blocks [-locations]]] [--json]}. Exit codes: 0 healthy, 1
 * under-replicated, 2 corrupt, 255 if it could not look.
 */
public final class FsckCommand {
  private static final int COULD_NOT_LOOK = 255;

  static final List<String> USAGE =
      List.of(
          "Usage: cairn fsck [-fs CLUSTER] [-D key=value] [--conf FILE] [PATH]"
              + " [-files] [-blocks] [-locations] [--json]",
          "Checks that every file below PATH (/ unless told otherwise) can be read and that every",
          "replica is there.",
          "  -files      every file, not only those with problems",
          "  -blocks     its extents too",
          "  -locations  their data servers too",
          "  --json      the same for programs",
          "Exit codes: 0 HEALTHY, 1 UNDER-REPLICATED, 2 CORRUPT, 255 could not look.");

  private final Callable<CairnFileSystem> connection;
  private final Output out;
  private final Output err;

  /**
   * @param connection asked once, and closed by whoever made it
   */
  public FsckCommand(Callable<CairnFileSystem> connection, Output out, Output err) {
    this.connection = connection;
    this.out = out;
    this.err = err;
  }

  /** The exit code. */
  public int run(List<String> words) {
    Set<String> flags = new HashSet<>();
    List<String> paths = new ArrayList<>();
    for (String word : words) {
      switch (word) {
        case "--help", "-h", "-help" -> {
          USAGE.forEach(out::line);
          return 0;
        }
        case "-files", "-blocks", "-locations", "--json", "-json" ->
            flags.add(word.replaceFirst("^-+", ""));
        default -> {
          if (word.startsWith("-")) {
            return misused("unknown option " + word);
          }
          paths.add(word);
        }
      }
    }
    if (paths.size() > 1) {
      return misused("one path at most, not " + paths);
    }
    String path = paths.isEmpty() ? "/" : paths.get(0);
    if (!path.startsWith("/")) {
      return misused("PATH must be absolute, not " + path);
    }
    return check(CairnPath.of(ByteText.encode(path)), detail(flags), flags.contains("json"));
  }

  private int misused(String message) {
    err.line("fsck: " + message);
    err.line(USAGE.get(0));
    return COULD_NOT_LOOK;
  }

  private static Detail detail(Set<String> flags) {
    if (flags.contains("locations")) {
      return Detail.LOCATIONS;
    }
    if (flags.contains("blocks")) {
      return Detail.BLOCKS;
    }
    return flags.contains("files") ? Detail.FILES : Detail.PROBLEMS;
  }

  private int check(CairnPath path, Detail detail, boolean json) {
    FsckReport report = new FsckReport(out, detail);
    CheckResult result;
    try {
      CairnFileSystem fileSystem = connection.call();
      result = new FileSystemCheck(fileSystem, json ? report::collect : report::file).run(path);
    } catch (CairnException e) {
      err.line("fsck: could not look at " + path + ": " + e.getMessage());
      return COULD_NOT_LOOK;
    } catch (IOException e) {
      err.line("fsck: " + e.getMessage());
      return COULD_NOT_LOOK;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    if (json) {
      report.json(result);
    } else {
      report.totals(result);
    }
    return result.verdict().exitCode();
  }
}
