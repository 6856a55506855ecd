package io.cairnfs.simulation.history;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bin/cairn check-history}: whether what clients saw of a real cluster was linearizable. */
@Command(
    name = "cairn check-history",
    description = {
      "Checks what clients recorded of a cluster (ClientOptions.history) against the log of its",
      "metaservers, replayed through the reference model, and, knowing nothing of the log, by a",
      "search for an order of the calls that explains their answers.",
      "Exit code: 0 linearizable; 1 not; 2 wrong usage, or something could not be read."
    },
    mixinStandardHelpOptions = true,
    versionProvider = CheckHistoryMain.Version.class)
public final class CheckHistoryMain implements Callable<Integer> {
  private static final int PRINTED = 20;

  @Spec private CommandSpec spec;

  @Option(
      names = "--log",
      paramLabel = "DIR",
      description = {
        "Directory of a metaserver, with its log from the first entry on; several: the one that",
        "could lead is read. None: only the search is run."
      })
  private List<Path> logs = new ArrayList<>();

  @Option(names = "--no-search", description = "Only the replay of the log.")
  private boolean noSearch;

  @Option(
      names = "--example",
      paramLabel = "DIR",
      description = "First make histories and a log there, to try this on: new or empty.")
  private Optional<Path> example = Optional.empty();

  @Option(
      names = "--operations",
      paramLabel = "N",
      description = "Operations of the example (default: ${DEFAULT-VALUE}).")
  private long operations = 100_000;

  @Option(
      names = "--clients",
      paramLabel = "N",
      description = "Clients of the example (default: ${DEFAULT-VALUE}).")
  private int clients = 4;

  @Option(names = "--seed", paramLabel = "S", description = "Of the example (default: 1).")
  private long seed = 1;

  @Parameters(paramLabel = "HISTORY", description = "Files that clients wrote.")
  private List<Path> files = new ArrayList<>();

  private final Clock clock = new SystemClock();

  public static void main(String[] arguments) {
    System.exit(execute(new PrintWriter(System.out, true, StandardCharsets.UTF_8), arguments));
  }

  static int execute(PrintWriter out, String... arguments) {
    return new CommandLine(new CheckHistoryMain())
        .setOut(out)
        .setErr(out)
        .setExecutionExceptionHandler(
            (failure, line, result) -> {
              if (failure instanceof IOException) {
                out.println("cairn check-history: " + failure.getMessage());
                return 2;
              }
              throw failure;
            })
        .execute(arguments);
  }

  /** For {@code --version}. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"cairn " + CairnVersion.text()};
    }
  }

  @Override
  public Integer call() throws IOException {
    if (operations < 1 || clients < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--operations and --clients must be at least 1");
    }
    PrintWriter out = spec.commandLine().getOut();
    List<Path> recorded = new ArrayList<>(files);
    List<Path> directories = new ArrayList<>(logs);
    if (example.isPresent()) {
      long start = clock.monotonicNanos();
      ExampleRun.make(example.get(), clients, operations, seed);
      out.printf("made %d operations of %d clients in %s%n", operations, clients, since(start));
      directories.add(example.get().resolve("m1"));
      for (int i = 0; i < clients; i++) {
        recorded.add(ExampleRun.history(example.get(), i));
      }
    }
    if (recorded.isEmpty()) {
      throw new CommandLine.ParameterException(spec.commandLine(), "no HISTORY was given");
    }
    if (directories.isEmpty() && noSearch) {
      throw new CommandLine.ParameterException(spec.commandLine(), "neither a log nor a search");
    }
    return check(out, recorded, directories);
  }

  private String since(long startNanos) {
    return String.format(Locale.ROOT, "%.1f s", (clock.monotonicNanos() - startNanos) / 1e9);
  }

  private int check(PrintWriter out, List<Path> recorded, List<Path> directories)
      throws IOException {
    List<HistoryFile> histories = new ArrayList<>();
    long start = clock.monotonicNanos();
    for (Path file : recorded) {
      HistoryFile history = HistoryFile.read(file);
      if (history.tornBytes() > 0) {
        out.printf("%s: %d bytes of a torn record are left out%n", file, history.tornBytes());
      }
      histories.add(history);
    }
    out.printf("read %d histories in %s%n", histories.size(), since(start));
    long wrong = 0;
    if (!directories.isEmpty()) {
      start = clock.monotonicNanos();
      Findings findings = HistoryCheck.check(histories, MemberLogs.newest(directories));
      print(out, findings);
      out.printf("replayed the log in %s: %d findings%n", since(start), findings.total());
      wrong += findings.total();
    }
    if (!noSearch) {
      start = clock.monotonicNanos();
      Findings findings = OrderSearch.check(histories);
      print(out, findings);
      out.printf("searched for an order in %s: %d findings%n", since(start), findings.total());
      wrong += findings.total();
    }
    out.println(wrong == 0 ? "linearizable" : "NOT LINEARIZABLE: " + wrong + " findings");
    return wrong == 0 ? 0 : 1;
  }

  private static void print(PrintWriter out, Findings findings) {
    for (Findings.Looked what : Findings.Looked.values()) {
      if (findings.of(what) > 0) {
        out.printf(
            Locale.ROOT,
            "  %-34s %,12d%n",
            what.name().toLowerCase(Locale.ROOT).replace('_', ' '),
            findings.of(what));
      }
    }
    findings.texts().stream().limit(PRINTED).forEach(out::println);
  }
}
