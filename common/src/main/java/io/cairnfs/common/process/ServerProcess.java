package io.cairnfs.common.process;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigKey;
import io.cairnfs.common.config.ConfigurationException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every server's process does around its work: opens its log, says at start what people should
 * know, ends on SIGTERM. An Error in any thread halts it.
 */
public final class ServerProcess {
  /** Says where to log instead of below the data. */
  private static final String LOG_PROPERTY = "cairn.log.file";

  private final String program;
  private final Path log;
  private final FatalErrors fatal;
  private final Logger logger;

  private ServerProcess(String program, Path log, FatalErrors fatal) {
    this.program = program;
    this.log = log;
    this.fatal = fatal;
    this.logger = LoggerFactory.getLogger(ServerProcess.class);
  }

  /**
   * Opens the log {@code logs/ID.log} beside the data.
   *
   * @param program how messages begin, such as {@code cairn metaserver}
   */
  public static ServerProcess begin(
      String program, CairnConfiguration configuration, Path directory, String id)
      throws ConfigurationException, IOException {
    Path below = directory.resolve("logs").resolve(id + ".log");
    Path log = Path.of(System.getProperty(LOG_PROPERTY, below.toString()));
    ServerLogging.toFile(
        log,
        configuration.bytes(ConfigKey.LOG_FILE_BYTES),
        configuration.integer(ConfigKey.LOG_FILES),
        configuration.text(ConfigKey.LOG_LEVEL));
    FatalErrors fatal = FatalErrors.haltProcess();
    Thread.setDefaultUncaughtExceptionHandler(FatalErrors.uncaughtHandler(fatal));
    return new ServerProcess(program, log, fatal);
  }

  public FatalErrors fatal() {
    return fatal;
  }

  public Path log() {
    return log;
  }

  /** Tells people and the log. */
  public void say(String text) {
    System.out.println(text);
    logger.info(text);
  }

  /** Warns people and the log. */
  public void warn(String text) {
    System.err.println(program + ": " + text);
    logger.warn(text);
  }

  /** Warns of what makes data less safe, or connections fewer, than people may think. */
  public void warnOfSurroundings(Collection<Path> directories) throws IOException {
    for (Path directory : directories) {
      warnUnlessEmpty(DirectoryLock.volatileRemark(directory));
    }
    warnUnlessEmpty(OpenFileLimit.remark());
  }

  private void warnUnlessEmpty(String text) {
    if (!text.isEmpty()) {
      warn(text);
    }
  }

  /** Says loudly that nobody proves who he is. */
  public void warnOfBelievedNames() {
    warn(
        "security.mode = none: EVERY CALLER'S USER NAME IS BELIEVED; use it only inside a network that you trust");
  }

  /** Waits for SIGTERM, which closes the server. */
  public void runUntilStopped(Closeable server) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "stop"));
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop(Closeable server) {
    try {
      server.close();
      logger.info("stopped");
    } catch (IOException e) {
      logger.error("stopping failed", e);
    }
  }
}
