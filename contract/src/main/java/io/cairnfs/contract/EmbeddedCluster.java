package io.cairnfs.contract;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.localcluster.LocalCluster;
import io.cairnfs.localcluster.LocalProcesses;
import io.cairnfs.metaserver.MetaserverFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A fresh cluster of one metaserver and three data servers in this process, on free ports. Its
 * superuser is {@code root}. Closing it closes the connections that it gave.
 */
public final class EmbeddedCluster implements AutoCloseable {
  private static final String HOST = "127.0.0.1";
  private static final String SUPERUSER = "root";
  private static final int DATA_SERVERS = 3;
  private static final long SEED = 7;

  private final HostPort metaserver;
  private final LocalCluster cluster;
  private final Queue<String> fatal = new ConcurrentLinkedQueue<>();
  private final List<CairnFileSystem> connections = new ArrayList<>();

  private EmbeddedCluster(HostPort metaserver, CairnConfiguration configuration)
      throws IOException, ConfigurationException {
    this.metaserver = metaserver;
    this.cluster =
        LocalCluster.start(
            configuration,
            new SystemClock(),
            new SplittableRandom(SEED),
            (what, cause) -> fatal.add(what + " " + cause));
  }

  /** Formats and starts a cluster in an empty directory. */
  public static EmbeddedCluster start(Path directory) throws IOException, ConfigurationException {
    List<Integer> ports = LocalProcesses.freePorts(1 + DATA_SERVERS);
    StringBuilder text = new StringBuilder("raft.segment-bytes = 4MiB\n");
    text.append(
        "metaservers.m1 { host = \"%s\", port = %d, directory = m1 }%n"
            .formatted(HOST, ports.get(0)));
    for (int i = 1; i <= DATA_SERVERS; i++) {
      text.append(
          "dataservers.d%d { host = \"%s\", port = %d, directory = d%d, volumes = [d%d/v1] }%n"
              .formatted(i, HOST, ports.get(i), i, i));
    }
    Path file = directory.resolve("cluster.conf");
    Files.writeString(file, text);
    CairnConfiguration configuration = CairnConfiguration.load(file, Map.of());
    String unused = MetaserverFormat.format(configuration, "m1", Optional.empty(), SUPERUSER);
    return new EmbeddedCluster(new HostPort(HOST, ports.get(0)), configuration);
  }

  /** What stands after {@code cairn://}. */
  public String authority() {
    return metaserver.toString();
  }

  /** A connection as a user. */
  public CairnFileSystem connect(String user) {
    return connect(options(user));
  }

  /** A connection with options made from {@link #options}. */
  public CairnFileSystem connect(ClientOptions.Builder options) {
    CairnFileSystem connection = CairnFileSystem.connect(options.build());
    connections.add(connection);
    return connection;
  }

  /** What a user's connection begins with. */
  public ClientOptions.Builder options(String user) {
    return ClientOptions.builder(List.of(metaserver)).user(user).clientName(user);
  }

  /**
   * @throws IllegalStateException if a role has ended with an error of its own
   */
  @Override
  public void close() throws IOException {
    connections.forEach(CairnFileSystem::close);
    cluster.close();
    if (!fatal.isEmpty()) {
      throw new IllegalStateException(fatal.toString());
    }
  }
}
