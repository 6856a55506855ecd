package io.cairnfs.shell.admin;

import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.client.cluster.ClusterAddress;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Finds the address of a server by the name that operators give it. */
final class ServerNames {
  private final Program program;

  ServerNames(Program program) {
    this.program = program;
  }

  /**
   * @param name {@code m1}, {@code d1} or {@code host:port}
   * @throws AdminException if no server has this name; it names those that are known
   */
  HostPort address(String name) throws IOException {
    if (name.indexOf(':') > 0) {
      try {
        return HostPort.parse(name);
      } catch (IllegalArgumentException e) {
        throw new AdminException(e.getMessage());
      }
    }
    return name.startsWith("m") ? metaserver(name) : anyServer(name);
  }

  /**
   * A registered data server. Of several with this name (one that was struck out, and the new one
   * that it came back as) the one that is not struck out.
   *
   * @param name {@code d1}, {@code host:port}, or the number that the cluster gave it
   * @throws AdminException if no server, or more than one, is meant
   */
  ServerReport dataServer(String name) throws IOException {
    List<ServerReport> all = program.fileSystem().administration().report().getServersList();
    List<ServerReport> meant = all.stream().filter(each -> isCalled(each, name)).toList();
    List<ServerReport> alive =
        meant.stream().filter(each -> each.getMembership() != ServerMembership.OUT).toList();
    List<ServerReport> found = alive.isEmpty() ? meant : alive;
    if (found.isEmpty()) {
      throw new AdminException(
          "no data server is called "
              + name
              + "; there are "
              + all.stream().map(ServerNames::describe).toList());
    }
    // Those that were struck out may be many: the last one says as much as any.
    if (found.size() > 1 && !alive.isEmpty()) {
      throw new AdminException(
          name
              + " is the name of several servers, say which by number: "
              + found.stream().map(ServerNames::describe).toList());
    }
    return found.get(found.size() - 1);
  }

  private static boolean isCalled(ServerReport server, String name) {
    Member member = server.getMember();
    return member.getName().equals(name)
        || Integer.toString(member.getServer()).equals(name)
        || (member.getHost() + ":" + member.getPort()).equals(name);
  }

  static String describe(ServerReport server) {
    Member member = server.getMember();
    return member.getName()
        + " (server="
        + member.getServer()
        + " "
        + member.getHost()
        + ":"
        + member.getPort()
        + ")";
  }

  /** Metaservers know of one another even while none leads. */
  private HostPort metaserver(String name) throws IOException {
    ClusterAddress cluster = program.choice().choose();
    for (HostPort each : cluster.metaservers()) {
      for (MetaserverReport member : membersAsKnownBy(each)) {
        if (member.getId().equals(name)) {
          return new HostPort(member.getHost(), member.getPort());
        }
      }
    }
    return anyServer(name);
  }

  private List<MetaserverReport> membersAsKnownBy(HostPort metaserver) throws IOException {
    ClusterAdministration administration = program.fileSystem().administration();
    try {
      WhoLeadsReply reply = administration.whoLeads(metaserver);
      List<MetaserverReport> members = new ArrayList<>(reply.getMembersList());
      members.add(
          MetaserverReport.newBuilder()
              .setId(reply.getId())
              .setHost(metaserver.host())
              .setPort(metaserver.port())
              .build());
      return members;
    } catch (CairnException e) {
      // This one does not answer: another may know.
      return List.of();
    }
  }

  private HostPort anyServer(String name) throws IOException {
    ClusterReportResult report = program.fileSystem().administration().report();
    List<String> known = new ArrayList<>();
    for (MetaserverReport each : report.getMetaserversList()) {
      if (each.getId().equals(name)) {
        return new HostPort(each.getHost(), each.getPort());
      }
      known.add(each.getId());
    }
    for (ServerReport each : report.getServersList()) {
      if (each.getMember().getName().equals(name)) {
        return new HostPort(each.getMember().getHost(), each.getMember().getPort());
      }
      known.add(each.getMember().getName());
    }
    throw new AdminException("no server is called " + name + "; there are " + known);
  }
}
