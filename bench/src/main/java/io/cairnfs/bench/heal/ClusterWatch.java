package io.cairnfs.bench.heal;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What the cluster tells of its data servers, and what operators tell them. For one thread. */
final class ClusterWatch {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration LIMIT = Duration.ofMinutes(20);

  /** Reports in a row that must say the same: a plan may be made between two steps. */
  private static final int IN_A_ROW = 5;

  private final ClusterAdministration administration;
  private final Clock clock;

  ClusterWatch(CairnFileSystem fileSystem, Clock clock) {
    this.administration = fileSystem.administration();
    this.clock = clock;
  }

  ClusterReportResult report() throws IOException {
    return administration.report();
  }

  /** Those that keep slots. */
  List<ServerReport> in() throws IOException {
    return report().getServersList().stream()
        .filter(each -> each.getMembership() == ServerMembership.IN)
        .toList();
  }

  static long used(ServerReport server) {
    return server.getVolumesList().stream().mapToLong(VolumeReport::getUsedBytes).sum();
  }

  void drain(ServerReport server) throws IOException {
    administration.setMembership(
        new ServerId(server.getMember().getServer()), ServerMembership.DRAINING);
  }

  /** Bytes that each data server that answers has copied since it was started. */
  Map<Integer, Long> copiedBytes() throws IOException {
    Map<Integer, Long> copied = new HashMap<>();
    for (ServerReport each : report().getServersList()) {
      if (each.getMember().getHealth() == ServerHealth.UP
          && each.getMembership() != ServerMembership.OUT) {
        copied.put(
            each.getMember().getServer(),
            administration
                .metrics(new HostPort(each.getMember().getHost(), each.getMember().getPort()))
                .getMetricsList()
                .stream()
                .filter(metric -> metric.getName().equals("dataserver.copied.bytes"))
                .mapToLong(Metric::getValue)
                .sum());
      }
    }
    return copied;
  }

  /** Bytes copied since then by those that answer now; none was restarted meanwhile. */
  long copiedSince(Map<Integer, Long> before) throws IOException {
    return copiedBytes().entrySet().stream()
        .mapToLong(each -> each.getValue() - before.getOrDefault(each.getKey(), 0L))
        .sum();
  }

  /** Every replica is where it shall be. */
  static boolean isWhole(ClusterReportResult report) {
    return report.getRepairBacklog() == 0
        && report.getChunksUnderReplicated() == 0
        && report.getSlotsMoving() == 0;
  }

  /** What moved away is deleted; what files have left behind has its time yet. */
  static boolean hasLetGo(ClusterReportResult report) {
    long deletes =
        report.getServersList().stream().mapToLong(ServerReport::getGarbageEntries).sum();
    return deletes <= report.getChunksGarbage() * report.getServersCount();
  }

  /** Seconds until every replica is where it shall be. */
  double secondsUntilWhole(String what) throws IOException, InterruptedException {
    return secondsUntil(what, ClusterWatch::isWhole);
  }

  /** Waits until a server that was just started is known and up. */
  void awaitJoined(String name) throws IOException, InterruptedException {
    double unused =
        secondsUntil(
            name + " has joined",
            report ->
                report.getServersList().stream()
                    .anyMatch(
                        each ->
                            each.getMember().getName().equals(name)
                                && each.getMembership() == ServerMembership.IN
                                && each.getMember().getHealth() == ServerHealth.UP));
  }

  /**
   * Seconds until servers that were killed are known to be down; they may be struck out already.
   */
  double secondsUntilDown(Set<Integer> servers) throws IOException, InterruptedException {
    return secondsUntil(
        servers + " are down",
        report ->
            report.getServersList().stream()
                .filter(each -> servers.contains(each.getMember().getServer()))
                .allMatch(each -> each.getMember().getHealth() == ServerHealth.DOWN));
  }

  /** Strikes out servers that are down, as the leader would do in some minutes. */
  void strikeOut(Set<Integer> servers) throws IOException {
    for (int server : servers) {
      administration.setMembership(new ServerId(server), ServerMembership.OUT);
    }
  }

  /** Waits until the leader has struck the servers out by itself. */
  void awaitOut(Set<Integer> servers) throws IOException, InterruptedException {
    double unused =
        secondsUntil(
            servers + " are struck out",
            report ->
                report.getServersList().stream()
                    .filter(each -> servers.contains(each.getMember().getServer()))
                    .allMatch(each -> each.getMembership() == ServerMembership.OUT));
  }

  /**
   * Seconds until the condition holds for some reports in a row, counted to the first of them.
   *
   * @throws IOException if it does not within a long time
   */
  double secondsUntil(String what, Predicate<ClusterReportResult> condition)
      throws IOException, InterruptedException {
    long start = clock.monotonicNanos();
    long first = start;
    for (int held = 0; held < IN_A_ROW; ) {
      ClusterReportResult report = report();
      long now = clock.monotonicNanos();
      if (!condition.test(report)) {
        held = 0;
      } else if (held++ == 0) {
        first = now;
      }
      if (now - start > LIMIT.toNanos()) {
        throw new IOException(
            "%s: not within %d minutes; %d chunks lack replicas, %d slots move"
                .formatted(
                    what,
                    LIMIT.toMinutes(),
                    report.getChunksUnderReplicated(),
                    report.getSlotsMoving()));
      }
      Thread.sleep(POLL.toMillis());
    }
    return (first - start) / 1e9;
  }
}
