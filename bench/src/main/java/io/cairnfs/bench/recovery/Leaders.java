package io.cairnfs.bench.recovery;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import java.io.IOException;
import java.time.Duration;

/** Who leads, and when all metaservers are well again. */
final class Leaders {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final long POLL_MILLIS = 50;

  /** Under load a healthy follower is a few entries behind at any moment. */
  private static final long FEW_ENTRIES = 64;

  private final CairnFileSystem fileSystem;
  private final Clock clock;

  Leaders(CairnFileSystem fileSystem, Clock clock) {
    this.fileSystem = fileSystem;
    this.clock = clock;
  }

  /** The id of the metaserver that answers as the leader. */
  String leader() throws IOException {
    return fileSystem.administration().report().getMetaserversList().stream()
        .filter(MetaserverReport::getLeader)
        .map(MetaserverReport::getId)
        .findFirst()
        .orElseThrow(() -> new IOException("no metaserver leads"));
  }

  /** The term that the leader leads in. */
  long term() throws IOException {
    MetaserverReport leader =
        fileSystem.administration().report().getMetaserversList().stream()
            .filter(MetaserverReport::getLeader)
            .findFirst()
            .orElseThrow(() -> new IOException("no metaserver leads"));
    return fileSystem
        .administration()
        .serverStatus(new HostPort(leader.getHost(), leader.getPort()))
        .getTerm();
  }

  /** Any voter but the leader. */
  String follower() throws IOException {
    return fileSystem.administration().report().getMetaserversList().stream()
        .filter(member -> !member.getLeader() && !member.getLearner())
        .map(MetaserverReport::getId)
        .findAny()
        .orElseThrow(() -> new IOException("there is one metaserver only"));
  }

  /** Waits until every metaserver can be reached and has nearly all of the log. */
  void awaitAllWell() throws IOException, InterruptedException {
    long deadline = clock.monotonicNanos() + LIMIT.toNanos();
    ClusterReportResult report = fileSystem.administration().report();
    while (!isWell(report)) {
      if (clock.monotonicNanos() > deadline) {
        throw new IOException(
            "not all metaservers are well after " + LIMIT.toSeconds() + " s: " + report);
      }
      Thread.sleep(POLL_MILLIS);
      report = fileSystem.administration().report();
    }
  }

  private static boolean isWell(ClusterReportResult report) {
    return report.getMetaserversList().stream()
        .allMatch(
            member ->
                member.getLeader()
                    || (member.getReachable() && member.getLagEntries() <= FEW_ENTRIES));
  }
}
