package io.cairnfs.shell.admin;

import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code maintenance}: a data server may be stopped for a while without being replaced. */
@Command(
    name = "maintenance",
    mixinStandardHelpOptions = true,
    description = {
      "Lets a data server be stopped for a while: it keeps its slots and is not struck out, gets no new"
          + " chunks, and is in again when the time is over or by --end. What is written meanwhile it"
          + " copies when it is back."
    })
final class MaintenanceTask extends AdminTask {
  @Parameters(paramLabel = "SERVER", description = "A data server: its name, number or host:port.")
  private String name;

  @ArgGroup(multiplicity = "1")
  private When when;

  /** Exactly one of them. */
  private static final class When {
    @Option(names = "--for", paramLabel = "TIME", description = "How long: 90s, 30m, 2h, 1d.")
    private String limit;

    @Option(names = "--end", description = "It is in again now.")
    private boolean end;
  }

  @Option(
      names = {"-f", "--force"},
      description = "Also where chunks would be out of reach.")
  private boolean force;

  MaintenanceTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    Duration limit = when.end ? Duration.ZERO : AdminTime.parse(when.limit);
    ServerReport server = new ServerNames(program()).dataServer(name);
    if (when.end) {
      end(server);
    } else {
      begin(server, limit);
    }
  }

  private void end(ServerReport server) throws IOException {
    String self = ServerNames.describe(server);
    if (server.getMembership() != ServerMembership.MAINTENANCE) {
      throw new AdminException(self + " is " + server.getMembership() + ", not in maintenance");
    }
    administration()
        .setMembership(new ServerId(server.getMember().getServer()), ServerMembership.IN);
    out().line(self + " is in again.");
  }

  private void begin(ServerReport server, Duration limit) throws IOException {
    String self = ServerNames.describe(server);
    switch (server.getMembership()) {
      case IN, MAINTENANCE -> {}
      case OUT -> throw new AdminException(self + " was struck out before");
      case DRAINING, SERVER_MEMBERSHIP_UNSPECIFIED, UNRECOGNIZED ->
          throw new AdminException(
              self
                  + " is being emptied: 'cairn admin in "
                  + server.getMember().getName()
                  + "' takes it back first");
    }
    ServerId id = new ServerId(server.getMember().getServer());
    long unreachable = administration().dependence(id).getChunksWithoutOthers();
    if (unreachable > 0 && !force) {
      throw new AdminException(
          unreachable
              + " chunks are on no other server that is up and not in maintenance: nobody could read"
              + " them while "
              + self
              + " is stopped (-f insists)");
    }
    administration().beginMaintenance(id, limit);
    out()
        .line(
            self
                + " is in maintenance for "
                + AdminTime.format(limit)
                + ": it can be stopped, and is in again after that time. 'cairn admin maintenance "
                + server.getMember().getName()
                + " --end' ends it before.");
    if (unreachable > 0) {
      out().line("While it is stopped nobody can read " + unreachable + " chunks.");
    }
  }
}
