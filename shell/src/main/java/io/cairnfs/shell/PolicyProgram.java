package io.cairnfs.shell;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.GenericOptions;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.shell.cluster.Connections;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.policy.PolicyTool;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.text.OutputException;
import io.cairnfs.shell.tree.LocalTree;
import io.cairnfs.shell.tree.Trees;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Runs one of the tools about policies as a process. */
final class PolicyProgram {
  private PolicyProgram() {}

  /** Makes the tool. */
  interface Maker {
    PolicyTool make(Trees trees, Output out, Output err);
  }

  /** The exit code. */
  static int run(String name, String[] arguments, Maker maker) {
    Output out = new Output(new FileOutputStream(FileDescriptor.out));
    Output err = new Output(new FileOutputStream(FileDescriptor.err));
    List<String> words = RawArguments.of(arguments);
    GenericOptions options;
    try {
      options = GenericOptions.parse(words);
    } catch (IllegalArgumentException e) {
      err.line(name + ": " + e.getMessage());
      err.flush();
      return Program.FAILED;
    }
    Connections connections =
        new Connections(
            new ClusterChoice(options, Surroundings.ofProcess()),
            CairnFileSystem::connect,
            name,
            err);
    Path here = Path.of("").toAbsolutePath();
    int code;
    try (Trees trees = new Trees(connections, new LocalTree(here))) {
      code = maker.make(trees, out, err).run(options.rest());
      out.flush();
    } catch (IOException e) {
      err.line(name + ": " + e.getMessage());
      code = Program.FAILED;
    } catch (OutputException e) {
      return Program.FAILED;
    }
    err.flush();
    return code;
  }
}
