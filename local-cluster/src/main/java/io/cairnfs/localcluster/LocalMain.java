package io.cairnfs.localcluster;

import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Scanner;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code bin/cairn local}: a cluster on this machine. */
@Command(
    name = "cairn local",
    description = "A cluster on this machine, in one process or in one for each role.",
    mixinStandardHelpOptions = true,
    versionProvider = LocalMain.Version.class,
    subcommands = {
      LocalMain.Start.class,
      LocalMain.Stop.class,
      LocalMain.Status.class,
      LocalMain.Kill.class,
      LocalMain.Restart.class,
      LocalMain.Add.class,
      LocalMain.Logs.class,
      LocalMain.Destroy.class
    })
public final class LocalMain implements Runnable {
  @Spec private CommandSpec spec;

  public static void main(String[] arguments) {
    ServerLogging.toStandardError("ERROR");
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    CommandLine commandLine = new CommandLine(new LocalMain());
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          if (exception instanceof LocalClusterException || exception instanceof IOException) {
            line.getErr().println("cairn local: " + exception.getMessage());
            return 1;
          }
          throw exception;
        });
    commandLine.setParameterExceptionHandler(
        (exception, parsed) -> {
          PrintWriter err = exception.getCommandLine().getErr();
          err.println("cairn local: " + exception.getMessage());
          if (!UnmatchedArgumentException.printSuggestions(exception, err)) {
            exception.getCommandLine().usage(err);
          }
          return 255;
        });
    return commandLine.execute(arguments);
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"Cairn " + CairnVersion.text()};
    }
  }

  /** What every subcommand has. */
  @Command(mixinStandardHelpOptions = true, versionProvider = Version.class)
  abstract static class OnCluster implements Callable<Integer> {
    @Option(
        names = "--dir",
        paramLabel = "DIR",
        description = "Where the cluster's state is (default: ~/.cairn/local).")
    private Path directory;

    @Spec private CommandSpec spec;

    final void print(String text) {
      spec.commandLine().getOut().print(text);
      spec.commandLine().getOut().flush();
    }

    final Path root() {
      return directory == null ? ClusterDirectory.defaultRoot() : directory;
    }

    @Override
    public final Integer call() throws LocalClusterException, IOException {
      try (RpcEventLoops loops = RpcEventLoops.create(1, "cairn-local");
          RpcClient client = LocalRpc.client(loops)) {
        return run(
            new ClusterController(
                root(), new SystemClock(), new RpcStatusProbe(client), line -> print(line + "\n")));
      }
    }

    abstract int run(ClusterController cluster) throws LocalClusterException, IOException;
  }

  @Command(
      name = "start",
      description = "Make the cluster if need be, and start what does not run.")
  static final class Start extends OnCluster {
    private static final int SERVERS = 3;

    @Option(
        names = "--metaservers",
        description = "Metaservers of a new cluster (default: " + SERVERS + ").")
    private Optional<Integer> metaservers = Optional.empty();

    @Option(
        names = "--dataservers",
        description = "Data servers of a new cluster (default: " + SERVERS + ").")
    private Optional<Integer> dataServers = Optional.empty();

    @Option(names = "--processes", description = "A process for each role instead of one for all.")
    private boolean processes;

    @Option(
        names = "--base-port",
        defaultValue = "7700",
        description =
            "Ports of a new cluster: metaservers from BASE+1, data servers from BASE+11; 0 = any free ones, from CAIRN_PORT_RANGE=FIRST-LAST where that is set (default: ${DEFAULT-VALUE}).")
    private int basePort;

    @Option(names = "--json", description = "Print the status as JSON.")
    private boolean json;

    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      ClusterPlan plan;
      try {
        plan = new ClusterPlan(metaservers.orElse(SERVERS), dataServers.orElse(SERVERS), basePort);
      } catch (IllegalArgumentException e) {
        throw new LocalClusterException(e.getMessage(), e);
      }
      if (cluster.directory().exists()) {
        requireNumber(cluster.directory(), Role.Kind.METASERVER, metaservers);
        requireNumber(cluster.directory(), Role.Kind.DATA_SERVER, dataServers);
      }
      boolean started =
          cluster.start(plan, processes ? Optional.of(ClusterMode.PROCESSES) : Optional.empty());
      if (json) {
        print(StatusReport.json(cluster.status()) + "\n");
        return 0;
      }
      print(started ? "" : "the cluster ran already\n");
      print(StatusReport.text(cluster.status()));
      print(
          "data and logs: "
              + cluster.directory().root()
              + "\nfile system:   "
              + cluster.uri()
              + "\ntry:           "
              + cluster.directory().shell()
              + " -ls /\n");
      return 0;
    }

    private static void requireNumber(
        ClusterDirectory directory, Role.Kind kind, Optional<Integer> wanted)
        throws LocalClusterException {
      int there = (int) directory.roles().stream().filter(role -> role.kind() == kind).count();
      if (wanted.isPresent() && wanted.get() != there) {
        throw new LocalClusterException(
            "the cluster in "
                + directory.root()
                + " has "
                + there
                + " of role "
                + kind.word()
                + ", not "
                + wanted.get()
                + ": numbers are for a new cluster (another --dir, or 'cairn local destroy' first)");
      }
    }
  }

  @Command(name = "stop", description = "Stop every role; the state stays.")
  static final class Stop extends OnCluster {
    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      int stopped = cluster.stop();
      print(
          switch (stopped) {
            case 0 -> "nothing ran\n";
            case 1 -> "stopped 1 process\n";
            default -> "stopped " + stopped + " processes\n";
          });
      return 0;
    }
  }

  @Command(
      name = "status",
      description = "Roles, pids, addresses, who leads. Exit code 0 = all up, 1 = not.")
  static final class Status extends OnCluster {
    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      var status = cluster.status();
      print(json ? StatusReport.json(status) + "\n" : StatusReport.text(status));
      return status.stream().allMatch(RoleStatus::isUp) ? 0 : 1;
    }
  }

  @Command(name = "kill", description = "SIGKILL one role (of a cluster started with --processes).")
  static final class Kill extends OnCluster {
    @Parameters(paramLabel = "ID", description = "Such as m1 or d2.")
    private String id;

    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      cluster.kill(id);
      print("killed " + id + "\n");
      return 0;
    }
  }

  @Command(name = "restart", description = "Bring one role back with its data.")
  static final class Restart extends OnCluster {
    @Parameters(paramLabel = "ID", description = "Such as m1 or d2.")
    private String id;

    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      cluster.restart(id);
      print("restarted " + id + "\n");
      return 0;
    }
  }

  @Command(
      name = "add",
      description =
          "Start a further data server (of a cluster started with --processes); it is given its share.")
  static final class Add extends OnCluster {
    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      String id = cluster.addDataServer();
      print("started %s; 'cairn admin servers' shows what it gets%n".formatted(id));
      return 0;
    }
  }

  @Command(name = "logs", description = "Print a role's log.")
  static final class Logs extends OnCluster {
    @Parameters(paramLabel = "ID", description = "Such as m1 or d2.")
    private String id;

    @Option(names = "-f", description = "Go on with what is logged from now on.")
    private boolean follow;

    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      ClusterDirectory directory = cluster.directory();
      Role role = directory.role(id);
      Path log = directory.logFile(role.id());
      if (!Files.exists(log)) {
        log = directory.logFile(ClusterDirectory.SINGLE);
      }
      if (!Files.exists(log)) {
        throw new LocalClusterException("no log yet in " + directory.root().resolve("logs"));
      }
      try {
        new LogTail(log, this::print).run(follow ? LogTail.End.NEVER : LogTail.End.AT_END);
        return 0;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return 130;
      }
    }
  }

  @Command(name = "destroy", description = "Delete a stopped cluster with all its data.")
  static final class Destroy extends OnCluster {
    @Option(names = "-f", description = "Do not ask.")
    private boolean force;

    @Override
    int run(ClusterController cluster) throws LocalClusterException, IOException {
      cluster.requireStopped();
      if (!force) {
        print("Delete " + cluster.directory().root() + " and all files of its cluster? [y/N] ");
        Scanner answer = new Scanner(System.in, StandardCharsets.UTF_8);
        if (!answer.hasNextLine() || !answer.nextLine().strip().equalsIgnoreCase("y")) {
          print("nothing deleted\n");
          return 1;
        }
      }
      cluster.destroy();
      print(
          Files.exists(cluster.directory().root())
              ? "deleted the cluster; other files stay in " + cluster.directory().root() + "\n"
              : "deleted " + cluster.directory().root() + "\n");
      return 0;
    }
  }
}
