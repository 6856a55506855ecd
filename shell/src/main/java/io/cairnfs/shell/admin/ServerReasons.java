package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.ServerReport;
import java.util.ArrayList;
import java.util.List;

/** How one data server is, what waits for it, and what it waits for. */
record ServerReasons(ServerReport server, List<Finding> findings, DependenceResult dependence) {
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        ServerNames.describe(server)
            + " is "
            + server.getMembership()
            + " and "
            + server.getMember().getHealth()
            + ", heard "
            + Spans.text(server.getMillisSinceHeartbeat() / 1_000)
            + " ago");
    for (Finding finding : findings) {
      lines.add("  " + finding.level() + "  " + finding.problem() + ".");
      lines.add("    " + finding.advice() + ".");
    }
    lines.add(
        "  serves "
            + dependence.getActingSlots()
            + " slots, and shall have "
            + dependence.getTargetSlots()
            + "; joins "
            + dependence.getJoiningSlots());
    lines.add("  lacks " + server.getRepairEntries() + " chunks that are to be copied to it");
    lines.add(
        "  has "
            + dependence.getDeletes()
            + " replicas to delete, of which others still need "
            + dependence.getNeeded());
    lines.add(
        dependence.getChunksWithoutOthers() == 0
            ? "  nothing is out of reach while it is stopped"
            : "  while it is stopped "
                + dependence.getChunksWithoutOthers()
                + " chunks are out of reach: no other server that is up has a good replica");
    lines.add("  chunks that are written to it now: " + dependence.getOpenChunks());
    drain(lines);
    return lines;
  }

  private void drain(List<String> lines) {
    switch (server.getMembership()) {
      case DRAINING, OUT -> {
        lines.add(dependence.getSafe() ? "  it is safe to stop" : "  its drain waits for:");
        for (Blocker blocker : dependence.getBlockersList()) {
          lines.add("    " + DrainProgress.describe(blocker));
        }
        if (!dependence.getSafe() && dependence.getBlockersCount() == 0) {
          lines.add("    nothing but time");
        }
      }
      case IN, MAINTENANCE, SERVER_MEMBERSHIP_UNSPECIFIED, UNRECOGNIZED ->
          lines.add("  it is not being emptied");
    }
  }

  ObjectNode tree() {
    ObjectNode node = AdminTask.JSON.createObjectNode();
    node.put("id", server.getMember().getName());
    node.put("server", server.getMember().getServer());
    node.put("health", server.getMember().getHealth().name());
    node.put("membership", server.getMembership().name());
    node.put("millisSinceHeartbeat", server.getMillisSinceHeartbeat());
    SlowParts.addTo(node, server);
    ArrayNode found = node.putArray("findings");
    for (Finding finding : findings) {
      ObjectNode each = found.addObject();
      each.put("level", finding.level().name());
      each.put("name", finding.name());
      each.put("problem", finding.problem());
      each.put("advice", finding.advice());
    }
    node.put("actingSlots", dependence.getActingSlots());
    node.put("joiningSlots", dependence.getJoiningSlots());
    node.put("targetSlots", dependence.getTargetSlots());
    node.put("repairEntries", server.getRepairEntries());
    node.put("deletes", dependence.getDeletes());
    node.put("needed", dependence.getNeeded());
    node.put("openChunks", dependence.getOpenChunks());
    node.put("chunksWithoutOthers", dependence.getChunksWithoutOthers());
    node.put("safe", dependence.getSafe());
    ArrayNode blockers = node.putArray("blockers");
    for (Blocker blocker : dependence.getBlockersList()) {
      ObjectNode each = blockers.addObject();
      each.put("kind", blocker.getKind().name());
      each.put("problem", DrainProgress.describe(blocker));
      each.put("chunk", DrainProgress.chunkOf(blocker));
    }
    return node;
  }
}
