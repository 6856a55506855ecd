package io.cairnfs.shell;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.GenericOptions;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.shell.cluster.Connections;
import io.cairnfs.shell.command.Command;
import io.cairnfs.shell.command.Shell;
import io.cairnfs.shell.copy.Progress;
import io.cairnfs.shell.copy.TerminalProgress;
import io.cairnfs.shell.copy.UnfinishedFiles;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.text.OutputException;
import io.cairnfs.shell.text.Terminal;
import io.cairnfs.shell.tree.LocalTree;
import io.cairnfs.shell.tree.Trees;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Supplier;

/** {@code dfs}: the shell of the file system. */
public final class DfsMain {

  private DfsMain() {}

  public static void main(String[] arguments) {
    Output err = new Output(new FileOutputStream(FileDescriptor.err));
    Output out = new Output(new FileOutputStream(FileDescriptor.out));
    int code = run(RawArguments.of(arguments), out, err);
    // Not System.exit: its hooks are for Ctrl-C, and the connection is closed already.
    Runtime.getRuntime().halt(code);
  }

  private static int run(List<String> words, Output out, Output err) {
    GenericOptions options;
    try {
      options = GenericOptions.parse(words);
    } catch (IllegalArgumentException e) {
      err.line("dfs: " + e.getMessage());
      err.flush();
      return Command.MISUSED;
    }
    Connections connections =
        new Connections(
            new ClusterChoice(options, Surroundings.ofProcess()),
            CairnFileSystem::connect,
            "dfs",
            err);
    Path here = Path.of("").toAbsolutePath();
    UnfinishedFiles unfinished = new UnfinishedFiles();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(unfinished::deleteAll, "remove-unfinished-files"));
    Clock clock = new SystemClock();
    try (Trees trees = new Trees(connections, new LocalTree(here))) {
      Shell shell =
          new Shell(
              new FileInputStream(FileDescriptor.in),
              out,
              err,
              trees,
              clock,
              Thread::sleep,
              ZoneId.systemDefault(),
              progress(err, clock),
              unfinished);
      return new Dfs(shell).run(options.rest());
    } catch (IOException e) {
      err.line("dfs: " + e.getMessage());
      err.flush();
      return Command.FAILED;
    } catch (OutputException e) {
      return Command.FAILED;
    }
  }

  /** A bar where somebody can see it, nothing in files and pipes. */
  private static Supplier<Progress> progress(Output err, Clock clock) {
    return Terminal.isStandardError()
        ? () -> new TerminalProgress(err, clock)
        : () -> Progress.NONE;
  }
}
