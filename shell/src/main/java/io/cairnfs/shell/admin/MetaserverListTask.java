package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.metadata.Belonging;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Table;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code metaserver list}: the members, one line each. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "The metaservers, one line each; LAG is in log entries.")
final class MetaserverListTask extends AdminTask {
  @Option(names = "--json", description = "For programs.")
  private boolean json;

  MetaserverListTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    MetaserverGroup group = MetaserverGroup.ask(program());
    if (json) {
      print(tree(group));
    } else {
      text(group);
    }
  }

  private void text(MetaserverGroup group) {
    Table table =
        Table.withHeader(
            Set.of(4, 5, 6), "METASERVER", "ADDRESS", "ROLE", "STATE", "TERM", "APPLIED", "LAG");
    for (MetaserverReport member : group.members()) {
      Optional<WhoLeadsReply> own = group.answer(member);
      table.add(
          member.getId(),
          MetaserverGroup.address(member).toString(),
          member.getLearner() ? "learner" : "voter",
          state(group, member),
          own.map(reply -> Long.toString(reply.getTerm())).orElse("-"),
          own.map(reply -> Long.toString(reply.getAppliedIndex())).orElse("-"),
          group.hasLeader() ? Long.toString(member.getLagEntries()) : "-");
    }
    table.lines().forEach(out()::line);
    if (!group.hasLeader()) {
      out().line("No metaserver leads at this moment.");
    }
    for (MetaserverReport member : group.members()) {
      group
          .answer(member)
          .map(WhoLeadsReply::getReason)
          .filter(reason -> !reason.isEmpty())
          .ifPresent(out()::line);
    }
  }

  private static String state(MetaserverGroup group, MetaserverReport member) {
    Belonging belonging =
        group
            .answer(member)
            .map(WhoLeadsReply::getBelonging)
            .orElse(Belonging.BELONGING_UNSPECIFIED);
    if (belonging == Belonging.REFUSED || belonging == Belonging.REMOVED) {
      return belonging.name();
    }
    if (!isReachable(group, member)) {
      return "UNREACHABLE";
    }
    return member.getLeader() ? "LEADER" : "FOLLOWER";
  }

  private static boolean isReachable(MetaserverGroup group, MetaserverReport member) {
    return group.hasLeader() ? member.getReachable() : group.answer(member).isPresent();
  }

  private static ObjectNode tree(MetaserverGroup group) {
    ObjectNode node = JSON.createObjectNode();
    node.put("clusterId", group.best().getClusterId());
    node.put("leader", group.hasLeader() ? group.best().getLeaderId() : "");
    node.put("term", group.best().getTerm());
    ArrayNode members = node.putArray("metaservers");
    for (MetaserverReport member : group.members()) {
      ObjectNode each = members.addObject();
      each.put("id", member.getId());
      each.put("host", member.getHost());
      each.put("port", member.getPort());
      each.put("voter", !member.getLearner());
      each.put("leader", group.hasLeader() && member.getLeader());
      each.put("reachable", isReachable(group, member));
      each.put("state", state(group, member));
      each.put("instance", String.format("%016x", member.getInstance()));
      each.put("matchIndex", member.getMatchIndex());
      each.put("lagEntries", member.getLagEntries());
      group
          .answer(member)
          .ifPresent(
              own -> {
                each.put("term", own.getTerm());
                each.put("appliedIndex", own.getAppliedIndex());
                each.put("reason", own.getReason());
              });
    }
    return node;
  }
}
