package io.cairnfs.shell.admin;

import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code in}: takes a data server back that is being emptied or in maintenance. */
@Command(
    name = "in",
    mixinStandardHelpOptions = true,
    description = {
      "Takes a data server back that is being emptied. One that was struck out comes back by being"
          + " started: it registers as a new server."
    })
final class InTask extends AdminTask {
  @Parameters(paramLabel = "SERVER", description = "A data server: its name, number or host:port.")
  private String name;

  InTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    ServerNames names = new ServerNames(program());
    ServerReport server = names.dataServer(name);
    String self = ServerNames.describe(server);
    switch (server.getMembership()) {
      case IN -> out().line(self + " is in already.");
      case OUT ->
          throw new AdminException(
              self + " was struck out: start it, and it registers as a new server");
      case DRAINING, MAINTENANCE, SERVER_MEMBERSHIP_UNSPECIFIED, UNRECOGNIZED -> {
        ServerId id = new ServerId(server.getMember().getServer());
        administration().setMembership(id, ServerMembership.IN);
        int slots = names.dataServer(Integer.toString(id.value())).getTargetSlots();
        out().line(self + " is in again, with " + slots + " slots.");
      }
    }
  }
}
