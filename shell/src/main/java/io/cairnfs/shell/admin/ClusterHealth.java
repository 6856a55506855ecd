package io.cairnfs.shell.admin;

import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.admin.Finding.Level;
import io.cairnfs.shell.text.Sizes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What a report says of the cluster's health, the worst first. */
final class ClusterHealth {
  /** A metaserver that is so far behind does not help if another one fails. */
  private static final long FAR_BEHIND_ENTRIES = 100_000;

  /** Below this a server gets no new chunks. */
  private static final long FULL_BYTES = 8L << 20;

  /** A server has less than this part of its space left. */
  private static final int NEARLY_FULL_PARTS = 20;

  private final ClusterReportResult report;
  private final List<Finding> findings = new ArrayList<>();

  private ClusterHealth(ClusterReportResult report) {
    this.report = report;
  }

  /** All findings, in the order in which somebody should act. */
  static List<Finding> of(ClusterReportResult report) {
    ClusterHealth health = new ClusterHealth(report);
    health.lookAtChunks();
    health.lookAtMetaservers();
    health.lookAtAllServers();
    report.getServersList().forEach(health::lookAt);
    health.lookAtSecurity();
    health.findings.sort(Comparator.comparing(Finding::level).reversed());
    return List.copyOf(health.findings);
  }

  /** The worst of the findings; {@code NOTE} also where there are none. */
  static Level worst(List<Finding> findings) {
    return findings.stream().map(Finding::level).max(Comparator.naturalOrder()).orElse(Level.NOTE);
  }

  private void find(Level level, String name, String subject, String problem, String advice) {
    findings.add(new Finding(level, name, subject, problem, advice));
  }

  private void lookAtChunks() {
    long lost = report.getChunksLost();
    if (lost > 0) {
      find(
          Level.CRITICAL,
          "chunks-lost",
          "",
          lost + (lost == 1 ? " chunk is" : " chunks are") + " lost: no server has a good replica",
          "Bring back the servers or disks that had them; 'cairn fsck / -files' names the files");
    }
    long lacking = report.getChunksUnderReplicated();
    if (lacking > 0) {
      String repair =
          Backlog.of(report).stream()
              .filter(work -> work.kind() == Backlog.Kind.REPAIR)
              .map(work -> ", " + work.left() + " copies to be made, time left " + work.timeLeft())
              .findFirst()
              .orElse("");
      find(
          Level.DEGRADED,
          "chunks-under-replicated",
          "",
          lacking + (lacking == 1 ? " chunk lacks" : " chunks lack") + " replicas" + repair,
          "Wait while that becomes less; otherwise see to the servers below");
    }
  }

  private void lookAtMetaservers() {
    long voters = report.getMetaserversList().stream().filter(each -> !each.getLearner()).count();
    long answering =
        report.getMetaserversList().stream()
            .filter(each -> !each.getLearner() && answers(each))
            .count();
    boolean noneToSpare = answering <= voters / 2 + 1;
    for (MetaserverReport each : report.getMetaserversList()) {
      if (!answers(each)) {
        find(
            Level.DEGRADED,
            "metaserver-unreachable",
            each.getId(),
            "metaserver "
                + each.getId()
                + " does not answer"
                + (noneToSpare ? ", and if one more fails the cluster stands still" : ""),
            "Start it; if its directory is gone, replace it: 'cairn admin metaserver remove "
                + each.getId()
                + "', then 'add'");
      } else if (each.getLagEntries() > FAR_BEHIND_ENTRIES) {
        find(
            Level.DEGRADED,
            "metaserver-behind",
            each.getId(),
            "metaserver " + each.getId() + " is " + each.getLagEntries() + " log entries behind",
            "Look at its disk and its log unless that becomes less");
      }
    }
  }

  private static boolean answers(MetaserverReport metaserver) {
    return metaserver.getLeader() || metaserver.getReachable();
  }

  private void lookAtAllServers() {
    List<ServerReport> in =
        report.getServersList().stream()
            .filter(each -> each.getMembership() == ServerMembership.IN)
            .toList();
    List<ServerReport> up =
        in.stream().filter(each -> each.getMember().getHealth() == ServerHealth.UP).toList();
    if (up.isEmpty()) {
      find(
          Level.CRITICAL,
          "no-data-server",
          "",
          "no data server is in and up: nothing can be written",
          "Start data servers");
    } else if (up.stream().allMatch(ClusterHealth::isFull)) {
      find(
          Level.CRITICAL,
          "cluster-full",
          "",
          "all data servers are full: nothing can be written",
          "Delete something, or add servers or volumes");
    }
    if (!in.isEmpty() && in.size() < report.getDefaultReplication()) {
      find(
          Level.DEGRADED,
          "too-few-data-servers",
          "",
          "files ask for "
              + report.getDefaultReplication()
              + " replicas, and "
              + in.size()
              + (in.size() == 1 ? " data server is in" : " data servers are in"),
          "Add data servers");
    }
  }

  private static long available(ServerReport server) {
    return server.getVolumesList().stream()
        .filter(volume -> !volume.getFailed())
        .mapToLong(VolumeReport::getAvailableBytes)
        .sum();
  }

  private static long capacity(ServerReport server) {
    return server.getVolumesList().stream().mapToLong(VolumeReport::getCapacityBytes).sum();
  }

  /** What a server holds that has not spoken yet is not known. */
  private static boolean isFull(ServerReport server) {
    return server.getVolumesCount() > 0 && available(server) <= FULL_BYTES;
  }

  private void lookAt(ServerReport server) {
    if (server.getMembership() == ServerMembership.OUT) {
      return;
    }
    String name = server.getMember().getName();
    lookAtHealth(server, name);
    lookAtMembership(server, name);
    for (VolumeReport volume : server.getVolumesList()) {
      if (volume.getFailed()) {
        find(
            Level.DEGRADED,
            "volume-failed",
            name,
            "volume " + volume.getVolume() + " of data server " + name + " has failed",
            "Replace the disk; what was on it is copied from other servers meanwhile");
      }
    }
    lookAtReplicas(server, name);
    lookAtSlowness(server, name);
    if (isFull(server)) {
      find(
          Level.DEGRADED,
          "server-full",
          name,
          "data server " + name + " is full",
          "Delete something, or add servers or volumes");
    } else if (available(server) < capacity(server) / NEARLY_FULL_PARTS) {
      find(
          Level.DEGRADED,
          "server-nearly-full",
          name,
          "data server " + name + " has " + Sizes.human(available(server)) + " left",
          "Add servers or volumes");
    }
  }

  private void lookAtReplicas(ServerReport server, String name) {
    long bad = server.getScrub().getBadReplicas();
    if (bad > 0) {
      find(
          Level.DEGRADED,
          "bad-replicas",
          name,
          "data server "
              + name
              + " has "
              + bad
              + (bad == 1 ? " bad replica" : " bad replicas")
              + " and no good copy yet",
          "Look at its disks; 'cairn admin scrub " + name + "' names the replicas");
    }
    if (server.getScrub().getQuarantinedReplicas() > 0) {
      find(
          Level.NOTE,
          "replicas-quarantined",
          name,
          "data server "
              + name
              + " keeps "
              + server.getScrub().getQuarantinedReplicas()
              + " bad replicas that were replaced",
          "Look at its disks; the files are for inspection, and go by themselves");
    }
  }

  private void lookAtSlowness(ServerReport server, String name) {
    if (server.getSlow()) {
      find(
          Level.DEGRADED,
          "server-slow",
          name,
          "data server " + name + " is slow: " + SlowParts.describe(server),
          "Look at its disks and its network; until it is as fast as others it gets fewer new"
              + " chunks and is read last");
    } else if (server.getSlowPartsCount() > 0) {
      find(
          Level.DEGRADED,
          "slow-parts",
          name,
          "data server " + name + " is slow in part: " + SlowParts.describe(server),
          "Look at what is named; the server as a whole is treated like the others");
    }
  }

  private void lookAtHealth(ServerReport server, String name) {
    String silence = Spans.text(server.getMillisSinceHeartbeat() / 1_000);
    switch (server.getMember().getHealth()) {
      case DOWN ->
          find(
              server.getMembership() == ServerMembership.MAINTENANCE ? Level.NOTE : Level.DEGRADED,
              "server-down",
              name,
              "data server " + name + " is DOWN, silent for " + silence,
              "Start it; if it is gone for good: 'cairn admin out " + name + "'");
      case SUSPECT ->
          find(
              Level.DEGRADED,
              "server-suspect",
              name,
              "data server " + name + " was not heard for " + silence,
              "Wait some seconds, and look at its machine if it stays silent");
      case UP, SERVER_HEALTH_UNSPECIFIED, UNRECOGNIZED -> {}
    }
  }

  private void lookAtMembership(ServerReport server, String name) {
    if (server.getMembership() == ServerMembership.DRAINING) {
      find(
          Level.NOTE,
          "server-draining",
          name,
          "data server " + name + " is being emptied: " + server.getSlots() + " slots left",
          "'cairn admin drain " + name + "' tells when it can be stopped");
    } else if (server.getMembership() == ServerMembership.MAINTENANCE) {
      find(
          Level.NOTE,
          "server-in-maintenance",
          name,
          "data server " + name + " is in maintenance: nothing is copied in its place",
          "End it when the work is done: 'cairn admin in " + name + "'");
    }
  }

  private void lookAtSecurity() {
    if (report.getSecurityMode().equals("none")) {
      find(
          Level.NOTE,
          "security-none",
          "",
          "every caller's user name is believed (security.mode = none)",
          "Let nobody reach the cluster whom you do not trust");
    }
  }
}
