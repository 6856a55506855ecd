package io.cairnfs.shell.admin;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code remove}: forgets a data server that was drained and stopped, or struck out. One that still
 * runs would be told to register as a new server, and be filled again.
 */
@Command(
    name = "remove",
    mixinStandardHelpOptions = true,
    description = {
      "Forgets a data server for good: one that was emptied ('drain') and stopped, or that was struck"
          + " out ('out') and replaced by the others. If it is started again it registers as a new"
          + " server."
    })
final class RemoveTask extends AdminTask {
  @Parameters(paramLabel = "SERVER", description = "A data server: its name, number or host:port.")
  private String name;

  RemoveTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    ServerReport server = new ServerNames(program()).dataServer(name);
    String self = ServerNames.describe(server);
    ServerId id = new ServerId(server.getMember().getServer());
    switch (server.getMembership()) {
      case OUT -> {}
      case DRAINING -> requireStopped(self, server.getMember());
      case IN, MAINTENANCE, SERVER_MEMBERSHIP_UNSPECIFIED, UNRECOGNIZED ->
          throw new AdminException(
              self
                  + " is "
                  + server.getMembership()
                  + ": empty it first with 'cairn admin drain "
                  + server.getMember().getName()
                  + " --wait'"
                  + struckOutBefore(server));
    }
    DependenceResult state = administration().dependence(id);
    if (!state.getSafe()) {
      throw new AdminException(self + " is still needed: " + why(state));
    }
    administration().removeServer(id);
    out().line(self + " is removed.");
  }

  /** Several servers may have had one name. */
  private String struckOutBefore(ServerReport meant) throws IOException {
    List<Integer> out =
        administration().report().getServersList().stream()
            .filter(each -> each.getMembership() == ServerMembership.OUT)
            .filter(each -> each.getMember().getName().equals(meant.getMember().getName()))
            .map(each -> each.getMember().getServer())
            .toList();
    return out.isEmpty() ? "" : "; of this name there are struck out: server=" + out;
  }

  private void requireStopped(String self, Member member) throws IOException {
    ServerStatusReply running;
    try {
      running = administration().serverStatus(new HostPort(member.getHost(), member.getPort()));
    } catch (CairnException e) {
      // Nobody answers there, as it should be.
      return;
    }
    throw new AdminException(
        self + " still runs (version " + running.getSoftwareVersion() + "): stop it first");
  }

  private static String why(DependenceResult state) {
    List<String> blockers = state.getBlockersList().stream().map(Blocker::getProblem).toList();
    return state.getActingSlots()
        + " slots and "
        + state.getOpenChunks()
        + " open chunks have no other in its place yet"
        + (blockers.isEmpty() ? "" : "; " + String.join("; ", blockers));
  }
}
