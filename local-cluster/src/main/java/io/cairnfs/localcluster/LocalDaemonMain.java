package io.cairnfs.localcluster;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigKey;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
    Path log = cluster.logFile(ClusterDirectory.SINGLE);
    ServerLogging.toFile(
        log,
        configuration.bytes(ConfigKey.LOG_FILE_BYTES),
        configuration.integer(ConfigKey.LOG_FILES),
        configuration.text(ConfigKey.LOG_LEVEL));
    Logger logger = LoggerFactory.getLogger(LocalDaemonMain.class);
    FatalErrors fatal = FatalErrors.haltProcess();
    Thread.setDefaultUncaughtExceptionHandler(FatalErrors.uncaughtHandler(fatal));
    LocalCluster running =
        LocalCluster.start(
            configuration,
            new SystemClock(),
            new SplittableRandom(new SecureRandom().nextLong()),
            fatal);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(running, logger), "stop"));
    logger.info("all roles of {} run in this process", cluster.root());
    System.out.println("cluster of " + cluster.root() + " runs, log " + log);
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  private static void stop(LocalCluster running, Logger logger) {
    try {
      running.close();
      logger.info("stopped");
    } catch (IOException e) {
      logger.error("stopping failed", e);
    }
  }
}
