package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** An engine that only says who leads. */
public final class FixedLog implements ReplicatedLog<Object> {
  private final List<LeadershipListener> listeners = new CopyOnWriteArrayList<>();
  private volatile long term;

  public void lead(long newTerm) {
    term = newTerm;
    listeners.forEach(listener -> listener.leadershipGained(newTerm));
  }

  public void depose() {
    listeners.forEach(listener -> listener.leadershipLost(term));
  }

  @Override
  public CompletableFuture<Object> submit(byte[] batch) {
    return CompletableFuture.failedFuture(CairnException.notLeader(""));
  }

  @Override
  public CompletableFuture<Long> readBarrier() {
    return CompletableFuture.failedFuture(CairnException.notLeader(""));
  }

  @Override
  public CompletableFuture<Void> transferLeadership(MemberId target) {
    return CompletableFuture.failedFuture(CairnException.notLeader(""));
  }

  @Override
  public CompletableFuture<Void> changeMembers(Membership membership) {
    return CompletableFuture.failedFuture(CairnException.notLeader(""));
  }

  @Override
  public RaftStatus status() {
    return new RaftStatus(
        new MemberId("m1"),
        RaftRole.LEADER,
        term,
        Optional.empty(),
        true,
        0,
        0,
        1,
        0,
        Membership.NONE,
        List.of());
  }

  @Override
  public void addListener(LeadershipListener listener) {
    listeners.add(listener);
  }
}
