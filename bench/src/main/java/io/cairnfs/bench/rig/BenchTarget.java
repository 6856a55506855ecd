package io.cairnfs.bench.rig;

import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.GenericOptions;
import io.cairnfs.client.cluster.Surroundings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of a bench that say which cluster is measured. */
public final class BenchTarget {
  @Option(
      names = {"-fs", "--fs"},
      paramLabel = "CLUSTER",
      description =
          "Measure this cluster (default: the one that dfs would use; where there is none, a local"
              + " one of six processes is made for the time of the bench).")
  private Optional<String> fileSystem = Optional.empty();

  @Option(
      names = {"--conf", "-conf"},
      paramLabel = "FILE",
      description = "The configuration (default: as for dfs).")
  private Optional<Path> configuration = Optional.empty();

  @Option(names = "-D", paramLabel = "KEY=VALUE", description = "Overrides a configuration key.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(names = "--own", description = "Make a cluster for the bench, whatever else runs.")
  private boolean own;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Where the bench's own cluster keeps its data; implies --own (default: a temporary"
              + " directory).")
  private Optional<Path> directory = Optional.empty();

  BenchTarget() {}

  Optional<Path> directory() {
    return directory;
  }

  /** The rules by which the cluster is found; empty where one is to be made. */
  Optional<ClusterChoice> choice(Surroundings surroundings) throws IOException {
    ClusterChoice choice =
        new ClusterChoice(
            new GenericOptions(fileSystem, overrides, configuration, List.of()), surroundings);
    return own || directory.isPresent() || !choice.isAny() ? Optional.empty() : Optional.of(choice);
  }
}
