package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.text.Table;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code servers}: metaservers and data servers, one line each. */
@Command(
    name = "servers",
    mixinStandardHelpOptions = true,
    description = "All servers, one line each.")
final class ServersTask extends AdminTask {
  @Option(names = "--json", description = "For programs.")
  private boolean json;

  ServersTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    ClusterReportResult report = administration().report();
    if (json) {
      ObjectNode node = JSON.createObjectNode();
      addServers(node, report);
      print(node);
    } else {
      tables(report).forEach(out()::line);
    }
  }

  static List<String> tables(ClusterReportResult report) {
    Table metaservers =
        Table.withHeader(Set.of(3, 4), "METASERVER", "ADDRESS", "STATE", "MATCH INDEX", "LAG");
    for (MetaserverReport each : report.getMetaserversList()) {
      metaservers.add(
          each.getId(),
          each.getHost() + ":" + each.getPort(),
          each.getLeader() ? "LEADER" : each.getReachable() ? "FOLLOWER" : "UNREACHABLE",
          Long.toString(each.getMatchIndex()),
          Long.toString(each.getLagEntries()));
    }
    Table dataServers =
        Table.withHeader(
            Set.of(5, 6, 7, 8, 9),
            "DATA SERVER",
            "ADDRESS",
            "HEALTH",
            "MEMBERSHIP",
            "RACK",
            "SLOTS",
            "USED",
            "AVAILABLE",
            "TO REPAIR",
            "TO DELETE");
    for (ServerReport each : report.getServersList()) {
      dataServers.add(
          each.getMember().getName(),
          each.getMember().getHost() + ":" + each.getMember().getPort(),
          health(each),
          membership(each),
          each.getRack(),
          Integer.toString(each.getSlots()),
          Sizes.human(each.getVolumesList().stream().mapToLong(VolumeReport::getUsedBytes).sum()),
          Sizes.human(
              each.getVolumesList().stream().mapToLong(VolumeReport::getAvailableBytes).sum()),
          Long.toString(each.getRepairEntries()),
          Long.toString(each.getGarbageEntries()));
    }
    List<String> lines = new ArrayList<>(metaservers.lines());
    lines.add("");
    lines.addAll(dataServers.lines());
    return lines;
  }

  private static String health(ServerReport server) {
    return server.getMember().getHealth().name() + (server.getSlow() ? " SLOW" : "");
  }

  private static String membership(ServerReport server) {
    long left = server.getMaintenanceLeftMillis();
    return left == 0
        ? server.getMembership().name()
        : server.getMembership() + " " + AdminTime.format(Duration.ofMillis(left));
  }

  static void addServers(ObjectNode node, ClusterReportResult report) {
    ArrayNode metaservers = node.putArray("metaservers");
    report.getMetaserversList().forEach(each -> ReportTask.addMetaserver(metaservers, each));
    ArrayNode servers = node.putArray("dataServers");
    for (ServerReport each : report.getServersList()) {
      ObjectNode server = servers.addObject();
      server.put("id", each.getMember().getName());
      server.put("server", each.getMember().getServer());
      server.put("host", each.getMember().getHost());
      server.put("port", each.getMember().getPort());
      server.put("health", each.getMember().getHealth().name());
      server.put("membership", each.getMembership().name());
      server.put("rack", each.getRack());
      server.put("weight", each.getWeight());
      server.put("capacityBytes", each.getCapacityBytes());
      if (each.getMaintenanceLeftMillis() > 0) {
        server.put("maintenanceLeftMillis", each.getMaintenanceLeftMillis());
      }
      server.put("slots", each.getSlots());
      server.put("targetSlots", each.getTargetSlots());
      server.put("repairEntries", each.getRepairEntries());
      server.put("garbageEntries", each.getGarbageEntries());
      server.put("millisSinceHeartbeat", each.getMillisSinceHeartbeat());
      SlowParts.addTo(server, each);
      server.set("scrub", ScrubTask.tree(each.getScrub()));
      ArrayNode volumes = server.putArray("volumes");
      for (VolumeReport volume : each.getVolumesList()) {
        ObjectNode entry = volumes.addObject();
        entry.put("volume", volume.getVolume());
        entry.put("capacityBytes", volume.getCapacityBytes());
        entry.put("usedBytes", volume.getUsedBytes());
        entry.put("availableBytes", volume.getAvailableBytes());
        entry.put("failed", volume.getFailed());
        entry.put("missing", volume.getMissing());
        entry.put("directory", volume.getDirectory());
      }
    }
  }
}
