package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;

/** Whether this process leads and may serve. Any thread. */
public final class Leadership implements LeadershipListener {
  private final ReplicatedLog<?> log;
  private volatile long leadingTerm;

  /** Registers itself with the engine. */
  public Leadership(ReplicatedLog<?> log) {
    this.log = log;
    log.addListener(this);
  }

  @Override
  public void leadershipGained(long term) {
    leadingTerm = term;
  }

  @Override
  public void leadershipLost(long term) {
    leadingTerm = 0;
  }

  public boolean leads() {
    return leadingTerm != 0;
  }

  /** The term this process leads; 0 if it does not. */
  public long leadingTerm() {
    return leadingTerm;
  }

  /**
   * Does nothing where this process leads; refuses with the leader's address where another one
   * does, and with a word of its own where it is no member of the cluster.
   */
  public void require() throws CairnException {
    if (leadingTerm == 0) {
      throw refusal(log.status());
    }
  }

  private static CairnException refusal(RaftStatus status) {
    String hint = status.leader().map(Member::address).map(HostPort::toString).orElse("");
    String remark = Remarks.of(status);
    return remark.isEmpty()
        ? CairnException.notLeader(hint)
        : new CairnException(ErrorCode.NOT_LEADER, remark, hint, 0, null);
  }
}
