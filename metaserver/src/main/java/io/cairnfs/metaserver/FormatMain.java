package io.cairnfs.metaserver;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.ServerLogging;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/cairn format}: once for each metaserver, before its first start. */
@Command(
    name = "cairn format",
    description = {
      "Prepares the directory of one metaserver, once. The first one makes the cluster and prints its id;",
      "the others are given that id. Nothing that exists is overwritten."
    },
    versionProvider = FormatMain.Version.class,
    mixinStandardHelpOptions = true)
public final class FormatMain implements Callable<Integer> {
  @Option(
      names = "--conf",
      paramLabel = "FILE",
      required = true,
      description = "The configuration.")
  private Path configurationFile;

  @Option(
      names = "--id",
      paramLabel = "ID",
      required = true,
      description = "Which metaserver, such as m1.")
  private String id;

  @Option(
      names = "--cluster-id",
      paramLabel = "C",
      description = "The cluster to belong to (default: a new cluster).")
  private Optional<String> clusterId = Optional.empty();

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"Cairn " + CairnVersion.text()};
    }
  }

  public static void main(String[] arguments) {
    ServerLogging.toStandardError("ERROR");
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    CommandLine commandLine = new CommandLine(new FormatMain());
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          if (exception instanceof ConfigurationException || exception instanceof IOException) {
            line.getErr().println("cairn format: " + exception.getMessage());
            return 1;
          }
          throw exception;
        });
    return commandLine.execute(arguments);
  }

  @Override
  public Integer call() throws ConfigurationException, IOException {
    String user =
        Optional.ofNullable(System.getenv("CAIRN_USER")).orElse(System.getProperty("user.name"));
    String cluster =
        MetaserverFormat.format(
            CairnConfiguration.load(configurationFile, Map.of()), id, clusterId, user);
    System.out.println("formatted " + id + " of cluster " + cluster);
    return 0;
  }
}
