package io.cairnfs.metaserver;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.ServerProcess;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/cairn metaserver}: one metaserver in the foreground, until SIGTERM. */
@Command(
    name = "cairn metaserver",
    description =
        "Runs one metaserver in the foreground. SIGTERM stops it cleanly; one that leads hands over first.",
    versionProvider = FormatMain.Version.class,
    mixinStandardHelpOptions = true)
public final class MetaserverMain implements Callable<Integer> {
  private static final int EVENT_LOOPS = 1;

  /** A stop waits no longer than this for another metaserver to lead. */
  private static final Duration HAND_OVER_LIMIT = Duration.ofSeconds(3);

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
    ServerProcess process = ServerProcess.begin("cairn metaserver", configuration, directory, id);
    RpcEventLoops loops = RpcEventLoops.create(EVENT_LOOPS, "metaserver-net-" + id);
    Metaserver metaserver =
        Metaserver.start(
            options,
            loops,
            new SystemClock(),
            new SplittableRandom(new SecureRandom().nextLong()),
            process.fatal(),
            new MetricRegistry());
    process.say(
        "metaserver %s listens on %s, data in %s, configuration %s, log %s"
            .formatted(id, metaserver.address(), directory, configurationFile, process.log()));
    process.warnOfSurroundings(List.of(directory));
    if (options.securityMode() == SecurityMode.NONE) {
      process.warnOfBelievedNames();
    }
    process.runUntilStopped(
        () -> {
          try (loops) {
            metaserver.handOver(HAND_OVER_LIMIT);
            metaserver.close();
          }
        });
    return 0;
  }
}
