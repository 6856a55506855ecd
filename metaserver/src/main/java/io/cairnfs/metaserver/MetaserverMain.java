package io.cairnfs.metaserver;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigKey;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.DirectoryLock;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.process.OpenFileLimit;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/cairn metaserver}: one metaserver in the foreground, until SIGTERM. */
@Command(
    name = "cairn metaserver",
    description = "Runs one metaserver in the foreground. SIGTERM stops it cleanly.",
    versionProvider = FormatMain.Version.class,
    mixinStandardHelpOptions = true)
public final class MetaserverMain implements Callable<Integer> {
  private static final int EVENT_LOOPS = 1;

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

  public static void main(String[] arguments) {
    CommandLine commandLine = new CommandLine(new MetaserverMain());
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          if (exception instanceof ConfigurationException || exception instanceof IOException) {
            line.getErr().println("cairn metaserver: " + exception.getMessage());
            return 1;
          }
          throw exception;
        });
    System.exit(commandLine.execute(arguments));
  }

  @Override
  public Integer call() throws ConfigurationException, IOException {
    CairnConfiguration configuration = CairnConfiguration.load(configurationFile, Map.of());
    MetaserverOptions options = MetaserverOptions.of(configuration, id);
    Path directory = options.entry().directory();
    // Before anything is logged: a directory that is not there is not made.
    MetaserverIdentity.read(directory);
    Path log =
        Path.of(
            System.getProperty(
                "cairn.log.file", directory.resolve("logs").resolve(id + ".log").toString()));
    ServerLogging.toFile(
        log,
        configuration.bytes(ConfigKey.LOG_FILE_BYTES),
        configuration.integer(ConfigKey.LOG_FILES),
        configuration.text(ConfigKey.LOG_LEVEL));
    Logger logger = LoggerFactory.getLogger(MetaserverMain.class);
    FatalErrors fatal = FatalErrors.haltProcess();
    Thread.setDefaultUncaughtExceptionHandler(FatalErrors.uncaughtHandler(fatal));
    RpcEventLoops loops = RpcEventLoops.create(EVENT_LOOPS, "metaserver-net-" + id);
    Metaserver metaserver =
        Metaserver.start(
            options,
            loops,
            new SystemClock(),
            new SplittableRandom(new SecureRandom().nextLong()),
            fatal,
            new MetricRegistry());
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(metaserver, loops, logger), "stop"));
    say(
        logger,
        "metaserver %s listens on %s, data in %s, configuration %s, log %s"
            .formatted(id, metaserver.address(), directory, configurationFile, log));
    warn(logger, DirectoryLock.volatileRemark(directory));
    warn(logger, OpenFileLimit.remark());
    if (options.securityMode() == SecurityMode.NONE) {
      warn(
          logger,
          "security.mode = none: EVERY CALLER'S USER NAME IS BELIEVED; use it only inside a network that you trust");
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  private static void stop(Metaserver metaserver, RpcEventLoops loops, Logger logger) {
    try {
      metaserver.close();
      logger.info("stopped");
    } catch (IOException e) {
      logger.error("stopping failed", e);
    } finally {
      loops.close();
    }
  }

  private static void say(Logger logger, String text) {
    System.out.println(text);
    logger.info(text);
  }

  private static void warn(Logger logger, String text) {
    if (!text.isEmpty()) {
      System.err.println("cairn metaserver: " + text);
      logger.warn(text);
    }
  }
}
