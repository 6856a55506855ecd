package io.cairnfs.localcluster;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.process.ServerProcess;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The process behind {@code bin/cairn local start} without {@code --processes}: every role in one
 * JVM, until SIGTERM.
 */
@Command(
    name = "cairn local daemon",
    description = "All roles of a local cluster in one process; started by 'cairn local start'.",
    mixinStandardHelpOptions = true)
public final class LocalDaemonMain implements Callable<Integer> {
  @Option(names = "--dir", required = true, description = "Where the cluster's state is.")
  private Path directory;

  public static void main(String[] arguments) {
    CommandLine commandLine = new CommandLine(new LocalDaemonMain());
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          line.getErr().println("cairn local: " + exception.getMessage());
          return 1;
        });
    System.exit(commandLine.execute(arguments));
  }

  @Override
  public Integer call() throws LocalClusterException, IOException, ConfigurationException {
    ClusterDirectory cluster = new ClusterDirectory(directory);
    CairnConfiguration configuration = cluster.configuration();
    ServerProcess process =
        ServerProcess.begin("cairn local", configuration, cluster.root(), ClusterDirectory.SINGLE);
    LocalCluster running =
        LocalCluster.start(
            configuration,
            new SystemClock(),
            new SplittableRandom(new SecureRandom().nextLong()),
            process.fatal());
    process.say("all roles of " + cluster.root() + " run in this process, log " + process.log());
    process.warnOfSurroundings(List.of(cluster.root()));
    process.runUntilStopped(running::close);
    return 0;
  }
}
