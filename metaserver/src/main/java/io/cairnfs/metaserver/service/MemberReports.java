package io.cairnfs.metaserver.service;

import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.RaftStatus;
import java.util.List;

/** The members of the metaservers' group, as one of them sees them. */
public final class MemberReports {
  private MemberReports() {}

  /** One for each member; what only a leader knows is left out where this one does not lead. */
  public static List<MetaserverReport> of(RaftStatus status) {
    return status.membership().members().map(member -> report(status, member)).toList();
  }

  private static MetaserverReport report(RaftStatus status, Member member) {
    MetaserverReport.Builder report =
        MetaserverReport.newBuilder()
            .setId(member.id().value())
            .setHost(member.address().host())
            .setPort(member.address().port())
            .setLeader(status.leader().filter(member::equals).isPresent())
            .setLearner(status.membership().isLearner(member.id()))
            .setInstance(member.instance());
    if (member.id().equals(status.self())) {
      report.setReachable(true).setMatchIndex(status.lastIndex());
    }
    status
        .follower(member.id())
        .ifPresent(
            follower ->
                report
                    .setReachable(follower.reachable())
                    .setMatchIndex(follower.matchIndex())
                    .setLagEntries(Math.max(0, status.lastIndex() - follower.matchIndex())));
    return report.build();
  }
}
