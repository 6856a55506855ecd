package io.cairnfs.bench.rig;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.cluster.ClusterAddress;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.localcluster.LocalProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A cluster for the time of a bench; one made for it is stopped and deleted at the end. */
public final class BenchCluster implements AutoCloseable {
  private final ClientOptions client;
  private final Optional<BenchProcesses> own;
  private final Path root;

  private BenchCluster(ClientOptions.Builder client, Optional<BenchProcesses> own, Path root) {
    this.client = client.clientName("bench").build();
    this.own = own;
    this.root = root;
  }

  /**
   * Opens the cluster that is meant, or makes a local one of three metaservers and three data
   * servers.
   */
  public static BenchCluster open(BenchTarget target) throws IOException {
    Optional<ClusterChoice> choice = target.choice(Surroundings.ofProcess());
    if (choice.isPresent()) {
      ClusterAddress cluster = choice.get().choose();
      System.err.println("bench: measuring cairn://" + cluster.authority());
      return new BenchCluster(
          ClientOptions.builder(cluster.metaservers())
              .user(choice.get().user())
              .timeout(choice.get().timeout()),
          Optional.empty(),
          Path.of(System.getProperty("java.io.tmpdir")));
    }
    return own(target.directory());
  }

  /**
   * Makes a local cluster of three metaservers and three data servers.
   *
   * @param directory for its data, empty or missing; without it a temporary one
   */
  public static BenchCluster own(Optional<Path> directory) throws IOException {
    return own(directory, 3, "");
  }

  /** Makes a local cluster of three metaservers and so many data servers. */
  static BenchCluster own(Optional<Path> directory, int dataServers, String configuration)
      throws IOException {
    Path root = directory.isPresent() ? directory.get() : Files.createTempDirectory("cairn-bench");
    BenchProcesses cluster = BenchProcesses.start(root, 3, dataServers, configuration);
    return new BenchCluster(
        ClientOptions.builder(cluster.processes().metaservers()), Optional.of(cluster), root);
  }

  /** The processes, where the cluster was made for this bench. */
  public Optional<LocalProcesses> processes() {
    return own.map(BenchProcesses::processes);
  }

  /** Every process of the cluster that is known here, and this one. */
  public List<Long> pids() throws IOException {
    List<Long> pids = new ArrayList<>();
    if (own.isPresent()) {
      pids.addAll(own.get().processes().pids());
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
    return CairnFileSystem.connect(client);
  }

  @Override
  public void close() throws IOException {
    if (own.isPresent()) {
      own.get().close();
    }
  }
}
