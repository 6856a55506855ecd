package io.cairnfs.shell.admin;

import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code out}: takes a data server out. One that answers is emptied, and serves until it is; one
 * that is DOWN is struck out at once, as the leader would do by itself some minutes later.
 */
@Command(
    name = "out",
    mixinStandardHelpOptions = true,
    description = {
      "Takes a data server out. One that runs is emptied first: its slots move to the others and it"
          + " serves until they have. One that is DOWN is struck out for good: the others make its"
          + " replicas anew, and it comes back as a new server."
    })
final class OutTask extends AdminTask {
  @Parameters(paramLabel = "SERVER", description = "A data server: its name, number or host:port.")
  private String name;

  OutTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    ServerNames names = new ServerNames(program());
    ServerReport server = names.dataServer(name);
    ServerId id = new ServerId(server.getMember().getServer());
    if (server.getMembership() == ServerMembership.OUT) {
      throw new AdminException(ServerNames.describe(server) + " was struck out before");
    }
    if (server.getMember().getHealth() == ServerHealth.DOWN) {
      administration().setMembership(id, ServerMembership.OUT);
      out()
          .line(
              ServerNames.describe(server)
                  + " is DOWN and struck out: the other servers make its replicas anew. If it starts"
                  + " again, it registers as a new server.");
      return;
    }
    administration().setMembership(id, ServerMembership.DRAINING);
    explain(names.dataServer(Integer.toString(id.value())));
  }

  private void explain(ServerReport server) {
    String self = ServerNames.describe(server);
    if (server.getTargetSlots() > 0) {
      out()
          .line(
              self
                  + " is to be emptied, but too few other servers are in: "
                  + server.getTargetSlots()
                  + " slots stay with it until another server is added.");
    } else {
      out()
          .line(
              self
                  + " is being emptied: "
                  + server.getSlots()
                  + " slots move to the other servers. It can be stopped when 'cairn admin drain "
                  + server.getMember().getName()
                  + " --wait' says so.");
    }
    out().line("'cairn admin in " + server.getMember().getName() + "' takes it back.");
  }
}
