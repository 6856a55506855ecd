package io.cairnfs.bench.rig;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of a bench that kills servers and so always makes a cluster of its own. */
public final class OwnCluster {
  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where the bench's own cluster keeps its data (default: a temporary one).")
  private Optional<Path> directory = Optional.empty();

  OwnCluster() {}

  /** Three metaservers and three data servers, each a process. */
  public BenchCluster open() throws IOException {
    return BenchCluster.own(directory);
  }

  /**
   * Three metaservers and so many data servers, each a process.
   *
   * @param configuration further lines of the configuration
   */
  public BenchCluster open(int dataServers, String configuration) throws IOException {
    return BenchCluster.own(directory, dataServers, configuration);
  }
}
