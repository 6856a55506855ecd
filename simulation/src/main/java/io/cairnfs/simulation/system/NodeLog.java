package io.cairnfs.simulation.system;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;
import io.cairnfs.raft.simulation.Barrier;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.raft.simulation.Submission;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** A simulated member as the services of its process see it: what the engine offers. */
final class NodeLog implements ReplicatedLog<List<CommandReply>> {
  private final SimulatedMember member;
  private final List<LeadershipListener> listeners = new ArrayList<>();
  private final Set<Batch> outstanding = new LinkedHashSet<>();
  private long leadingTerm;
  private long readyTerm;

  NodeLog(SimulatedMember member) {
    this.member = member;
  }

  private final class Batch implements Submission {
    private final byte[] payload;
    private final CompletableFuture<List<CommandReply>> future = new CompletableFuture<>();

    Batch(byte[] payload) {
      this.payload = payload;
    }

    @Override
    public byte[] payload() {
      return payload;
    }

    @Override
    @SuppressWarnings("unchecked")
    public void applied(long index, Object result) {
      outstanding.remove(this);
      future.complete((List<CommandReply>) result);
    }

    @Override
    public void refused() {
      outstanding.remove(this);
      future.completeExceptionally(notLeader());
    }
  }

  private static final class ReadBarrier implements Barrier {
    private final CompletableFuture<Long> future = new CompletableFuture<>();

    @Override
    public void ready(MemberId by, long appliedIndex) {
      future.complete(appliedIndex);
    }

    @Override
    public void refused() {
      future.completeExceptionally(CairnException.notLeader(""));
    }
  }

  private CairnException notLeader() {
    return CairnException.notLeader(leader().map(Member::address).map(Object::toString).orElse(""));
  }

  private Optional<Member> leader() {
    return member.core().leader().flatMap(id -> member.core().membership().member(id));
  }

  @Override
  public CompletableFuture<List<CommandReply>> submit(byte[] batch) {
    Batch submission = new Batch(batch);
    outstanding.add(submission);
    member.input(() -> member.submit(submission));
    return submission.future;
  }

  @Override
  public CompletableFuture<Long> readBarrier() {
    ReadBarrier barrier = new ReadBarrier();
    member.input(() -> member.read(barrier));
    return barrier.future;
  }

  @Override
  public CompletableFuture<Void> transferLeadership(MemberId target) {
    throw new UnsupportedOperationException("the operator asks the engine itself");
  }

  @Override
  public CompletableFuture<Void> changeMembers(Membership membership) {
    throw new UnsupportedOperationException("the operator asks the engine itself");
  }

  @Override
  public RaftStatus status() {
    return new RaftStatus(
        member.id(),
        member.core().role(),
        member.core().term(),
        leader(),
        readyTerm != 0,
        member.core().commitIndex(),
        member.machine().index(),
        member.core().firstIndex(),
        member.core().lastIndex(),
        member.core().membership(),
        List.of());
  }

  @Override
  public void addListener(LeadershipListener listener) {
    listeners.add(listener);
    if (readyTerm != 0) {
      listener.leadershipGained(readyTerm);
    }
  }

  /** After each round of the member: tells of changes as the engine does. */
  void look() {
    long term = member.core().role() == RaftRole.LEADER ? member.core().term() : 0;
    if (leadingTerm != 0 && term != leadingTerm) {
      leadingTerm = 0;
      long lost = readyTerm;
      readyTerm = 0;
      if (lost != 0) {
        listeners.forEach(listener -> listener.leadershipLost(lost));
      }
      List<Batch> failed = List.copyOf(outstanding);
      outstanding.clear();
      failed.forEach(
          batch ->
              batch.future.completeExceptionally(
                  new CairnException(
                      ErrorCode.UNAVAILABLE, "no longer leads; the batch may still be applied")));
    }
    if (term != 0 && leadingTerm == 0) {
      leadingTerm = term;
    }
    if (leadingTerm != 0 && readyTerm == 0 && member.machine().term() == leadingTerm) {
      readyTerm = leadingTerm;
      listeners.forEach(listener -> listener.leadershipGained(leadingTerm));
    }
  }
}
