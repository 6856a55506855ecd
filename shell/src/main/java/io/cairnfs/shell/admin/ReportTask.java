package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Sizes;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code report}: the state of the whole cluster. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = "Servers, capacity, chunks and repair.")
final class ReportTask extends AdminTask {
  @Option(names = "--json", description = "For programs.")
  private boolean json;

  ReportTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    ClusterReportResult report = administration().report();
    if (json) {
      print(tree(report));
    } else {
      text(report);
    }
  }

  private void text(ClusterReportResult report) {
    row("Cluster", report.getClusterId());
    row("Security", security(report.getSecurityMode()));
    row("Term", Long.toString(report.getTerm()));
    row("Applied index", Long.toString(report.getAppliedIndex()));
    row("Files", Long.toString(report.getFiles()));
    row("Directories", Long.toString(report.getDirectories()));
    row("Sessions", Long.toString(report.getSessions()));
    long capacity = 0;
    long used = 0;
    long available = 0;
    for (ServerReport server : report.getServersList()) {
      for (VolumeReport volume : server.getVolumesList()) {
        capacity += volume.getCapacityBytes();
        used += volume.getUsedBytes();
        available += volume.getAvailableBytes();
      }
    }
    row(
        "Capacity",
        Sizes.human(capacity)
            + ", used "
            + Sizes.human(used)
            + ", available "
            + Sizes.human(available));
    row(
        "Chunks",
        "open "
            + report.getChunksOpen()
            + ", settling "
            + report.getChunksSettling()
            + ", sealed "
            + report.getChunksSealed()
            + ", garbage "
            + report.getChunksGarbage());
    row("Under-replicated", report.getChunksUnderReplicated() + " chunks");
    row("Lost", report.getChunksLost() + " chunks");
    row("Repair backlog", Long.toString(report.getRepairBacklog()));
    row("Slots moving", report.getSlotsMoving() + " of " + report.getPoolSlots());
    out().line("");
    ServersTask.tables(report).forEach(out()::line);
  }

  private static String security(String mode) {
    return mode.equals("none") ? "none: EVERY CALLER'S USER NAME IS BELIEVED" : mode;
  }

  private void row(String name, String value) {
    out().line(name + ":" + " ".repeat(18 - name.length()) + value);
  }

  private static ObjectNode tree(ClusterReportResult report) {
    ObjectNode node = JSON.createObjectNode();
    node.put("clusterId", report.getClusterId());
    node.put("securityMode", report.getSecurityMode());
    node.put("term", report.getTerm());
    node.put("appliedIndex", report.getAppliedIndex());
    node.put("tickMillis", report.getTickMillis());
    node.put("files", report.getFiles());
    node.put("directories", report.getDirectories());
    node.put("sessions", report.getSessions());
    node.put("chunksOpen", report.getChunksOpen());
    node.put("chunksSettling", report.getChunksSettling());
    node.put("chunksSealed", report.getChunksSealed());
    node.put("chunksGarbage", report.getChunksGarbage());
    node.put("chunksUnderReplicated", report.getChunksUnderReplicated());
    node.put("chunksLost", report.getChunksLost());
    node.put("repairBacklog", report.getRepairBacklog());
    node.put("poolSlots", report.getPoolSlots());
    node.put("slotsMoving", report.getSlotsMoving());
    ServersTask.addServers(node, report);
    return node;
  }

  static void addMetaserver(ArrayNode array, MetaserverReport metaserver) {
    ObjectNode node = array.addObject();
    node.put("id", metaserver.getId());
    node.put("host", metaserver.getHost());
    node.put("port", metaserver.getPort());
    node.put("leader", metaserver.getLeader());
    node.put("reachable", metaserver.getReachable());
    node.put("matchIndex", metaserver.getMatchIndex());
    node.put("lagEntries", metaserver.getLagEntries());
  }
}
