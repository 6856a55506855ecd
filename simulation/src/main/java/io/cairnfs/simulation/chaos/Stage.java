package io.cairnfs.simulation.chaos;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ServerHealth;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * What faults are done with and to.
 *
 * @param watcher a client for the cluster's report
 * @param say prints a line
 */
record Stage(
    ChaosCluster cluster,
    CairnFileSystem watcher,
    RandomGenerator random,
    Tally tally,
    Consumer<String> say) {
  private static final long SHORTEST_MILLIS = 100;

  /** Between 0.1 s and the most; short ones are likelier: of two draws the smaller counts. */
  long duration(long mostMillis, long leftMillis) {
    long span = Math.max(1, Math.min(mostMillis, leftMillis) - SHORTEST_MILLIS);
    return SHORTEST_MILLIS + Math.min(random.nextLong(span), random.nextLong(span));
  }

  String leader() throws IOException {
    return watcher.administration().report().getMetaserversList().stream()
        .filter(MetaserverReport::getLeader)
        .map(MetaserverReport::getId)
        .findFirst()
        .orElseThrow(() -> new IOException("no metaserver leads"));
  }

  String follower() throws IOException {
    List<String> followers = new ArrayList<>(cluster.metaservers());
    followers.remove(leader());
    return pick(followers);
  }

  <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  /** Whether every server is up and every chunk has all its replicas. */
  boolean isWell() throws CairnException {
    return isWell(watcher.administration().report());
  }

  static boolean isWell(ClusterReportResult report) {
    return troubles(report).isEmpty();
  }

  /** What keeps a cluster from being well, a short text each. */
  static List<String> troubles(ClusterReportResult report) {
    List<String> troubles = new ArrayList<>();
    for (ServerReport server : report.getServersList()) {
      ServerHealth health = server.getMember().getHealth();
      if (health != ServerHealth.UP) {
        troubles.add(server.getMember().getName() + " is " + health);
      }
      count(
          troubles, server.getRepairEntries(), "chunks missing on " + server.getMember().getName());
    }
    for (MetaserverReport member : report.getMetaserversList()) {
      if (!member.getLeader() && !member.getReachable()) {
        troubles.add(member.getId() + " is not reachable");
      }
    }
    count(troubles, report.getRepairBacklog(), "replicas to be made");
    count(troubles, report.getChunksUnderReplicated(), "chunks short of replicas");
    count(troubles, report.getChunksSettling(), "chunks settling");
    return troubles;
  }

  private static void count(List<String> troubles, long number, String what) {
    if (number != 0) {
      troubles.add(number + " " + what);
    }
  }
}
