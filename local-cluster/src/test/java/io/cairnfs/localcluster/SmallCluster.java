package io.cairnfs.localcluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.SystemClock;
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

/** A fresh cluster of one metaserver and three data servers in this process. */
final class SmallCluster implements AutoCloseable {
  /** Nothing else uses this address. */
  private static final HostPort METASERVER = new HostPort("127.77.2.1", 17711);

  private static final String SUPERUSER = "root";

  private final Queue<String> fatal = new ConcurrentLinkedQueue<>();
  private final List<CairnFileSystem> connections = new ArrayList<>();
  private final LocalCluster cluster;
  private boolean stopped;

  private SmallCluster(CairnConfiguration configuration) throws Exception {
    cluster =
        LocalCluster.start(
            configuration,
            new SystemClock(),
            new SplittableRandom(7),
            (what, cause) -> fatal.add(what + " " + cause));
  }

  static SmallCluster start(Path root) throws Exception {
    return start(root, "");
  }

  /**
   * @param settings lines of the configuration
   */
  static SmallCluster start(Path root, String settings) throws Exception {
    return start(root, settings, "");
  }

  /**
   * @param overrides lines of the configuration that count more than those of the servers
   */
  static SmallCluster start(Path root, String settings, String overrides) throws Exception {
    StringBuilder text = new StringBuilder("raft.segment-bytes = 4MiB\n").append(settings);
    text.append(
        "metaservers.m1 { host = \"%s\", port = %d, directory = m1 }%n"
            .formatted(METASERVER.host(), METASERVER.port()));
    for (int i = 1; i <= 3; i++) {
      text.append(
          "dataservers.d%d { host = \"%s\", port = %d, directory = d%d, volumes = [d%d/v1] }%n"
              .formatted(i, METASERVER.host(), METASERVER.port() + i, i, i));
    }
    text.append(overrides);
    Path file = root.resolve("cluster.conf");
    Files.writeString(file, text);
    CairnConfiguration configuration = CairnConfiguration.load(file, Map.of());
    String unused = MetaserverFormat.format(configuration, "m1", Optional.empty(), SUPERUSER);
    return new SmallCluster(configuration);
  }

  /** A connection as a user; closed with the cluster. */
  CairnFileSystem fileSystem(String user) {
    return connect(options(user));
  }

  /** One that leaves no access times. */
  CairnFileSystem quietFileSystem(String user) {
    return connect(options(user).accessTimes(ClientOptions.AccessTimes.NONE));
  }

  CairnFileSystem maskedFileSystem(String user, int umask) {
    return connect(options(user).umask(umask));
  }

  private static ClientOptions.Builder options(String user) {
    return ClientOptions.builder(List.of(METASERVER)).user(user).clientName(user);
  }

  private CairnFileSystem connect(ClientOptions.Builder options) {
    CairnFileSystem connection = CairnFileSystem.connect(options.build());
    connections.add(connection);
    return connection;
  }

  /** Where the metaserver is, as programs are told. */
  String address() {
    return METASERVER.toString();
  }

  /** Nobody answers any more. */
  void stopServers() throws IOException {
    if (!stopped) {
      stopped = true;
      cluster.close();
    }
  }

  @Override
  public void close() throws IOException {
    connections.forEach(CairnFileSystem::close);
    stopServers();
    if (!fatal.isEmpty()) {
      throw new AssertionError(fatal);
    }
  }
}
