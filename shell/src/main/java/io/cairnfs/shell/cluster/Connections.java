package io.cairnfs.shell.cluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientListener;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.cluster.ClusterAddress;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.ClusterTree;
import io.cairnfs.shell.tree.FileTree;
import io.cairnfs.shell.tree.Trees;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Function;

/** Connects to clusters on behalf of the user, and tells on standard error while nobody answers. */
public final class Connections implements Trees.Connector {
  private final ClusterChoice choice;
  private final Function<ClientOptions, CairnFileSystem> client;
  private final String program;
  private final Output err;

  /**
   * @param client makes a connection
   * @param program how messages begin
   */
  public Connections(
      ClusterChoice choice,
      Function<ClientOptions, CairnFileSystem> client,
      String program,
      Output err) {
    this.choice = choice;
    this.client = client;
    this.program = program;
    this.err = err;
  }

  @Override
  public FileTree connect(String authority) throws IOException {
    return cluster(authority);
  }

  /** As {@link #connect}. Nothing is asked of the cluster yet. */
  public ClusterTree cluster(String authority) throws IOException {
    ClusterAddress address = choice.named(authority);
    Duration timeout = choice.timeout();
    ClientOptions.Builder options =
        ClientOptions.builder(address.metaservers())
            .user(choice.user())
            .clientName(program)
            .timeout(timeout)
            .listener(new Unreachable(timeout));
    choice.packetTimeout().ifPresent(options::writeStallTimeout);
    CairnFileSystem fileSystem = client.apply(options.build());
    return new ClusterTree(fileSystem, address.authority(), choice.user());
  }

  /** A line now and then for somebody who waits. */
  private final class Unreachable implements ClientListener {
    private final Duration timeout;

    Unreachable(Duration timeout) {
      this.timeout = timeout;
    }

    @Override
    public void metaserversUnreachable(Duration waited, String addresses, String reason) {
      err.line(
          program
              + ": no metaserver answers at "
              + addresses
              + " for "
              + waited.toSeconds()
              + " s ("
              + reason
              + "); giving up after "
              + timeout.toSeconds()
              + " s");
      err.flush();
    }
  }
}
