package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.CodedPoolReport;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.shell.admin.Finding.Level;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Sizes;
import io.cairnfs.shell.text.Table;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code report}: the state of the whole cluster, what is wrong with it first. Exit codes for
 * monitors: 0 healthy, 1 degraded, 2 critical, 3 nobody could be asked.
 */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "What is wrong with the cluster and what to do, what goes on by itself and how long that"
          + " takes, capacity, chunks, servers.",
      "Exit codes: 0 healthy, 1 degraded, 2 critical, 3 nobody could be asked, 255 misused."
    })
final class ReportTask extends AdminTask {
  /** Exit code while nobody answers. */
  private static final int UNREACHABLE = 3;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  ReportTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    ClusterReportResult report;
    try {
      report = administration().report();
    } catch (IOException e) {
      program().err().line("admin: " + e.getMessage());
      setExitCode(UNREACHABLE);
      return;
    }
    List<Finding> findings = ClusterHealth.of(report);
    Level worst = ClusterHealth.worst(findings);
    if (json) {
      print(tree(report, worst, findings));
    } else {
      health(worst, findings);
      work(report);
      text(report);
    }
    setExitCode(exitCode(worst));
  }

  private static int exitCode(Level worst) {
    return switch (worst) {
      case NOTE -> 0;
      case DEGRADED -> 1;
      case CRITICAL -> 2;
    };
  }

  private static String word(Level worst) {
    return worst == Level.NOTE ? "HEALTHY" : worst.name();
  }

  /** The reasons are on the first line, for who sees no more of it. */
  private void health(Level worst, List<Finding> findings) {
    String reasons =
        findings.stream()
            .filter(finding -> finding.level() != Level.NOTE)
            .map(Finding::problem)
            .collect(Collectors.joining("; "));
    out().line(reasons.isEmpty() ? word(worst) : word(worst) + ": " + reasons);
    for (Finding finding : findings) {
      out().line("  " + finding.level() + "  " + finding.problem() + ".");
      out().line("    " + finding.advice() + ".");
    }
    out().line("");
  }

  private void work(ClusterReportResult report) {
    Table table = Table.withHeader(Set.of(1, 2), "BACKGROUND", "LEFT", "PACE", "TIME LEFT");
    for (Backlog work : Backlog.of(report)) {
      table.add(
          work.name(), work.leftText(), work.pace(), work.left() == 0 ? "-" : work.timeLeft());
    }
    table.lines().forEach(out()::line);
    out().line("");
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
    for (CodedPoolReport coded : report.getCodedList()) {
      row("Coded", coded(coded));
    }
    row("Slots moving", report.getSlotsMoving() + " of " + report.getPoolSlots());
    out().line("");
    ServersTask.tables(report).forEach(out()::line);
  }

  private static String security(String mode) {
    return mode.equals("none") ? "none: EVERY CALLER'S USER NAME IS BELIEVED" : mode;
  }

  private static String coded(CodedPoolReport coded) {
    String waiting = Sizes.human(coded.getWaitingBytes());
    return coded.getPolicy()
        + " "
        + Sizes.human(coded.getCodedBytes())
        + ", waiting "
        + (coded.getProblem().isEmpty() ? waiting : waiting + " (" + coded.getProblem() + ")")
        + ", changed lately "
        + Sizes.human(coded.getYoungBytes());
  }

  private void row(String name, String value) {
    out().line(name + ":" + " ".repeat(18 - name.length()) + value);
  }

  private static ObjectNode tree(ClusterReportResult report, Level worst, List<Finding> findings) {
    ObjectNode node = JSON.createObjectNode();
    node.put("health", word(worst));
    ArrayNode found = node.putArray("findings");
    for (Finding finding : findings) {
      ObjectNode each = found.addObject();
      each.put("level", finding.level().name());
      each.put("name", finding.name());
      each.put("subject", finding.subject());
      each.put("problem", finding.problem());
      each.put("advice", finding.advice());
    }
    ArrayNode background = node.putArray("background");
    for (Backlog work : Backlog.of(report)) {
      ObjectNode each = background.addObject();
      each.put("name", work.name());
      each.put("left", work.left());
      each.put("perSecond", work.perSecond());
      if (work.secondsLeft().isPresent()) {
        each.put("secondsLeft", work.secondsLeft().getAsLong());
      } else {
        each.putNull("secondsLeft");
      }
    }
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
    ArrayNode codedPools = node.putArray("coded");
    for (CodedPoolReport coded : report.getCodedList()) {
      codedPools
          .addObject()
          .put("pool", coded.getPool())
          .put("policy", coded.getPolicy())
          .put("codedBytes", coded.getCodedBytes())
          .put("waitingBytes", coded.getWaitingBytes())
          .put("youngBytes", coded.getYoungBytes())
          .put("problem", coded.getProblem());
    }
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
