package io.cairnfs.shell.admin;

import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code log-level}: shows or changes how much a server logs, until it restarts. */
@Command(
    name = "log-level",
    mixinStandardHelpOptions = true,
    description = "Shows or changes a logger's level in one server, until it restarts.")
final class LogLevelTask extends AdminTask {
  private static final List<String> LEVELS = List.of("ERROR", "WARN", "INFO", "DEBUG", "TRACE");

  @Parameters(index = "0", paramLabel = "ID", description = "The server.")
  private String id;

  @Parameters(index = "1", paramLabel = "LOGGER", description = "Such as io.cairnfs.raft, or root.")
  private String logger;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "LEVEL",
      description = "ERROR, WARN, INFO, DEBUG or TRACE.")
  private String level;

  LogLevelTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    String wanted = level == null ? "" : level.toUpperCase(Locale.ROOT);
    if (!wanted.isEmpty() && !LEVELS.contains(wanted)) {
      throw new AdminException("level " + level + " is none of " + LEVELS);
    }
    String now =
        administration()
            .logLevel(new ServerNames(program()).address(id), logger, wanted)
            .getLevel();
    out().line(logger + " " + now);
  }
}
