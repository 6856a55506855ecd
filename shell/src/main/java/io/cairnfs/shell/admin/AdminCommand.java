package io.cairnfs.shell.admin;

import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.command.Pause;
import io.cairnfs.shell.text.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cairn admin WORD}. Exit codes: 0 done, 255 misused or nobody could be asked. */
@Command(
    name = "cairn admin",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "What operators ask of a running cluster.",
    footer = {
      "",
      "Before COMMAND: -fs CLUSTER, -D key=value, --conf FILE, as for dfs.",
      "ID is a server's name in the configuration (m1, d1) or its host:port."
    })
public final class AdminCommand implements Runnable {
  @Spec private CommandSpec spec;

  private AdminCommand() {}

  /** Runs one command line, generic options taken off; the exit code. */
  public static int run(Program program, List<String> words) {
    return run(
        program,
        words,
        new SystemClock(),
        TimeUnit.MILLISECONDS::sleep,
        Terminal.isStandardError());
  }

  /** As {@link #run(Program, List)}, waiting as a test wants it. */
  static int run(Program program, List<String> words, Clock clock, Pause pause, boolean terminal) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = new CommandLine(new AdminCommand());
    line.addSubcommand("report", new ReportTask(program));
    line.addSubcommand("servers", new ServersTask(program));
    line.addSubcommand("ring", new RingTask(program));
    line.addSubcommand("why", new WhyTask(program));
    line.addSubcommand("drain", new DrainTask(program, clock, pause, terminal));
    line.addSubcommand("out", new OutTask(program));
    line.addSubcommand("in", new InTask(program));
    line.addSubcommand("scrub", new ScrubTask(program));
    line.addSubcommand("reconcile", new ReconcileTask(program, pause));
    line.addSubcommand("maintenance", new MaintenanceTask(program));
    line.addSubcommand("remove", new RemoveTask(program));
    line.addSubcommand("weight", new WeightTask(program));
    line.addSubcommand("volumes", VolumesCommand.of(program));
    line.addSubcommand("metrics", new MetricsTask(program));
    line.addSubcommand("log-level", new LogLevelTask(program));
    line.addSubcommand("metaserver", MetaserverCommand.of(program, clock, pause));
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    line.setExecutionExceptionHandler(
        (e, commandLine, result) -> {
          if (e instanceof RuntimeException) {
            throw e;
          }
          commandLine.getErr().println("admin: " + e.getMessage());
          return Program.FAILED;
        });
    failOnMisuse(line);
    int code = line.execute(words.toArray(new String[0]));
    program.out().print(out.toString());
    program.err().print(err.toString());
    return code;
  }

  private static void failOnMisuse(CommandLine line) {
    line.getCommandSpec().exitCodeOnInvalidInput(Program.FAILED);
    line.getSubcommands().values().forEach(AdminCommand::failOnMisuse);
  }

  /** Without a word there is nothing to do. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "admin: which command?");
  }
}
