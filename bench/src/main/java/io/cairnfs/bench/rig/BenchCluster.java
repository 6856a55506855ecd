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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A cluster for the time of a bench; one made for it is stopped and deleted at the end. */
public final class BenchCluster implements AutoCloseable {
  private final List<HostPort> metaservers;
  private final Optional<LocalProcesses> own;
  private final Path root;

  private BenchCluster(List<HostPort> metaservers, Optional<LocalProcesses> own, Path root) {
    this.metaservers = metaservers;
    this.own = own;
    this.root = root;
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
          Optional.empty(),
          directory.orElseGet(() -> Path.of(System.getProperty("java.io.tmpdir"))));
    }
    Path root = directory.isPresent() ? directory.get() : Files.createTempDirectory("cairn-bench");
    LocalProcesses processes = LocalProcesses.start(root, 3, 3);
    return new BenchCluster(processes.metaservers(), Optional.of(processes), root);
  }

  /** The processes, where the cluster was made for this bench. */
  public Optional<LocalProcesses> processes() {
    return own;
  }

  /** Every process of the cluster that is known here, and this one. */
  public List<Long> pids() throws IOException {
    List<Long> pids = new ArrayList<>();
    if (own.isPresent()) {
      pids.addAll(own.get().pids());
    }
    pids.add(ProcessHandle.current().pid());
    return pids;
  }

  /**
   * A directory on the disk that the cluster uses, where it was made here; else the temporary one.
   */
  public Path directory() {
    return root;
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
