package io.cairnfs.common.process;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Where a server process logs: a file that rotates by size. Called once, by the process' main,
 * before the first line is logged; levels may be changed at any time, by any thread.
 */
public final class ServerLogging {
  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} - %msg%n%ex";

  private ServerLogging() {}

  /**
   * Logs to a file, created with its directory.
   *
   * @param fileBytes size at which the file is rotated
   * @param files rotated files kept beside it, as {@code NAME.1}, {@code NAME.2}, ...
   * @throws IllegalArgumentException for an unknown level
   */
  public static void toFile(Path file, long fileBytes, int files, String level) {
    Level parsed = parse(level);
    LoggerContext context = context();
    context.reset();
    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
    appender.setContext(context);
    appender.setFile(file.toString());
    appender.setEncoder(encoder(context));
    FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
    rolling.setContext(context);
    rolling.setParent(appender);
    rolling.setMinIndex(1);
    rolling.setMaxIndex(Math.max(1, Math.min(files, 20)));
    rolling.setFileNamePattern(file + ".%i");
    rolling.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
    trigger.setContext(context);
    trigger.setMaxFileSize(new FileSize(fileBytes));
    trigger.start();
    appender.setRollingPolicy(rolling);
    appender.setTriggeringPolicy(trigger);
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    quietLibraries(context, parsed);
  }

  /** Logs to standard error: tools and the foreground. */
  public static void toStandardError(String level) {
    Level parsed = parse(level);
    LoggerContext context = context();
    context.reset();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder(context));
    appender.start();
    context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(appender);
    quietLibraries(context, parsed);
  }

  /** Netty's own chatter is for its developers. */
  private static void quietLibraries(LoggerContext context, Level level) {
    context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(level);
    context.getLogger("io.netty").setLevel(level.isGreaterOrEqual(Level.INFO) ? level : Level.INFO);
  }

  /**
   * Sets a logger's level; {@code root} or an empty name is the root logger.
   *
   * @throws IllegalArgumentException for an unknown level
   */
  public static void setLevel(String logger, String level) {
    context().getLogger(loggerName(logger)).setLevel(parse(level));
  }

  /** The level that is in force for a logger. */
  public static String level(String logger) {
    return context().getLogger(loggerName(logger)).getEffectiveLevel().toString();
  }

  private static String loggerName(String logger) {
    return logger.isEmpty() || logger.equalsIgnoreCase("root")
        ? org.slf4j.Logger.ROOT_LOGGER_NAME
        : logger;
  }

  private static Level parse(String text) {
    return Optional.ofNullable(Level.toLevel(text, null))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown log level '" + text + "': ERROR, WARN, INFO, DEBUG or TRACE"));
  }

  private static PatternLayoutEncoder encoder(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    return encoder;
  }

  private static LoggerContext context() {
    return (LoggerContext) LoggerFactory.getILoggerFactory();
  }
}
