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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bin/cairn format}: once for each metaserver, before its first start. */
@Command(
    name = "cairn format",
    description = {
      "Prepares the directory of one metaserver, once. The first one makes the cluster and prints its id;",
      "the others are given that id. Nothing that exists is overwritten.",
      "All metaservers of the configuration are the first members; one that is added to a running cluster later is"
          + " formatted with --join, started, and added with 'cairn admin metaserver add'."
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

  @Option(
      names = "--join",
      description = "To be added to a cluster that runs already; needs --cluster-id.")
  private boolean join;

  @Spec private CommandSpec spec;

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
    CairnConfiguration configuration = CairnConfiguration.load(configurationFile, Map.of());
    if (join && clusterId.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--join needs --cluster-id");
    }
    String user =
        Optional.ofNullable(System.getenv("CAIRN_USER")).orElse(System.getProperty("user.name"));
    String cluster =
        join
            ? MetaserverFormat.formatJoining(configuration, id, clusterId.get(), user)
            : MetaserverFormat.format(configuration, id, clusterId, user);
    System.out.println("formatted " + id + (join ? " to join" : " of") + " cluster " + cluster);
    return 0;
  }
}
