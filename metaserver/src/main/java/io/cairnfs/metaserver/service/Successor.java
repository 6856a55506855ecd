package io.cairnfs.metaserver.service;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.RaftStatus.Follower;
import java.util.Comparator;
import java.util.Optional;

/** Who leads best when the present leader gives up. */
public final class Successor {
  private Successor() {}

  /** The reachable voter, other than this leader, whose log is the longest. */
  public static Optional<MemberId> of(RaftStatus leader) {
    return leader.followers().stream()
        .filter(follower -> follower.reachable() && leader.membership().isVoter(follower.id()))
        .max(Comparator.comparingLong(Follower::matchIndex))
        .map(Follower::id);
  }
}
