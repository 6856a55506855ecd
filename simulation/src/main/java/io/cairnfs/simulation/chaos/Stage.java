package io.cairnfs.simulation.chaos;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
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
    boolean serversUp =
        report.getServersList().stream()
            .allMatch(server -> server.getMember().getHealth() == ServerHealth.UP);
    boolean metaserversUp =
        report.getMetaserversList().stream()
            .allMatch(member -> member.getLeader() || member.getReachable());
    return serversUp
        && metaserversUp
        && report.getRepairBacklog() == 0
        && report.getChunksUnderReplicated() == 0
        && report.getChunksSettling() == 0;
  }
}
