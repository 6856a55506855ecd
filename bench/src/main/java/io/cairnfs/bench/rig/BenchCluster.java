package io.cairnfs.bench.rig;

import com.google.common.base.Splitter;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.localcluster.LocalProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A cluster for the time of a bench; one made for it is stopped and deleted at the end. */
public final class BenchCluster implements AutoCloseable {
  private final List<HostPort> metaservers;
  private final Optional<LocalProcesses> own;

  private BenchCluster(List<HostPort> metaservers, Optional<LocalProcesses> own) {
    this.metaservers = metaservers;
    this.own = own;
  }

  /**
   * Opens the cluster of a URI, or makes a local one of three metaservers and three data servers.
   *
   * @param uri {@code cairn://host:port,...}, or empty
   * @param directory where a local one keeps its data; a temporary directory if empty
   */
  public static BenchCluster open(Optional<String> uri, Optional<Path> directory)
      throws IOException {
    if (uri.isPresent()) {
      return new BenchCluster(
          Splitter.on(',')
              .splitToStream(uri.get().replaceFirst("^cairn://", ""))
              .map(HostPort::parse)
              .toList(),
          Optional.empty());
    }
    Path root = directory.isPresent() ? directory.get() : Files.createTempDirectory("cairn-bench");
    LocalProcesses processes = LocalProcesses.start(root, 3, 3);
    return new BenchCluster(processes.metaservers(), Optional.of(processes));
  }

  /** The processes, where the cluster was made for this bench. */
  public Optional<LocalProcesses> processes() {
    return own;
  }

  public CairnFileSystem connect() throws CairnException {
    return CairnFileSystem.connect(ClientOptions.builder(metaservers).clientName("bench").build());
  }

  @Override
  public void close() throws IOException {
    if (own.isPresent()) {
      own.get().close();
    }
  }
}
