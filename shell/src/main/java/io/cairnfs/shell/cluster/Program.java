package io.cairnfs.shell.cluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.GenericOptions;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.text.OutputException;
import io.cairnfs.shell.tree.ClusterTree;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/**
 * An operator's program: generic options, one connection that is made when it is first asked for,
 * exit codes. For one thread.
 */
public final class Program implements Closeable {
  /** The command line was wrong, or nobody could be asked. */
  public static final int FAILED = 255;

  /** What a program does. */
  @FunctionalInterface
  public interface Body {
    /** The exit code. */
    int run(Program program, List<String> words);
  }

  private final ClusterChoice choice;
  private final Connections connections;
  private final Output out;
  private final Output err;
  private ClusterTree tree;

  private Program(ClusterChoice choice, Connections connections, Output out, Output err) {
    this.choice = choice;
    this.connections = connections;
    this.out = out;
    this.err = err;
  }

  /** Runs a program; the exit code. */
  public static int run(
      String name,
      List<String> words,
      Surroundings surroundings,
      Function<ClientOptions, CairnFileSystem> client,
      Output out,
      Output err,
      Body body) {
    GenericOptions options;
    try {
      options = GenericOptions.parse(words);
    } catch (IllegalArgumentException e) {
      err.line(name + ": " + e.getMessage());
      err.flush();
      return FAILED;
    }
    ClusterChoice choice = new ClusterChoice(options, surroundings);
    Connections connections = new Connections(choice, client, name, err);
    int code;
    try (Program program = new Program(choice, connections, out, err)) {
      code = body.run(program, options.rest());
      out.flush();
    } catch (OutputException e) {
      return FAILED;
    }
    err.flush();
    return code;
  }

  public ClusterChoice choice() {
    return choice;
  }

  public Output out() {
    return out;
  }

  public Output err() {
    return err;
  }

  /** The connection to the cluster that is meant. */
  public CairnFileSystem fileSystem() throws IOException {
    if (tree == null) {
      tree = connections.cluster("");
    }
    return tree.fileSystem();
  }

  @Override
  public void close() {
    if (tree != null) {
      tree.close();
    }
  }
}
