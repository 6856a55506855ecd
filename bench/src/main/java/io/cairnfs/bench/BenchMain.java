package io.cairnfs.bench;

import io.cairnfs.bench.calibrate.CalibrateCommand;
import io.cairnfs.bench.heal.HealBench;
import io.cairnfs.bench.io.IoBench;
import io.cairnfs.bench.meta.MetaBench;
import io.cairnfs.bench.mount.MountBench;
import io.cairnfs.bench.raft.RaftCommand;
import io.cairnfs.bench.recovery.FailoverBench;
import io.cairnfs.bench.recovery.OverloadBench;
import io.cairnfs.bench.recovery.RestartBench;
import io.cairnfs.bench.recovery.SteadyBench;
import io.cairnfs.client.cluster.NoClusterException;
import io.cairnfs.common.process.ServerLogging;
import java.io.InterruptedIOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code cairn bench}: measures, and prints each value beside what limits it. */
@Command(
    name = "cairn bench",
    description = "Measures Cairn and its parts; prints value, floor and ratio.",
    mixinStandardHelpOptions = true,
    subcommands = {
      CalibrateCommand.class,
      RaftCommand.class,
      MetaBench.class,
      IoBench.class,
      MountBench.class,
      FailoverBench.class,
      RestartBench.class,
      OverloadBench.class,
      SteadyBench.class,
      HealBench.class
    })
public final class BenchMain {
  private static final int INTERRUPTED = 130;

  private BenchMain() {}

  /** Exit code 0, or 2 for wrong usage, 1 for a measurement that failed, 130 for an interrupt. */
  public static void main(String[] arguments) {
    ServerLogging.toStandardError("WARN");
    CommandLine commandLine =
        new CommandLine(new BenchMain()).setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          if (exception instanceof NoClusterException) {
            line.getErr().println("bench: " + exception.getMessage());
            return 1;
          }
          if (exception instanceof InterruptedException
              || exception instanceof InterruptedIOException) {
            line.getErr().println("bench: interrupted");
            return INTERRUPTED;
          }
          throw exception;
        });
    System.exit(commandLine.execute(arguments));
  }
}
