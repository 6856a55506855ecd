package io.cairnfs.raft.simulation;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.PreVoteRequest;
import io.cairnfs.raft.core.RaftMessage.VoteReply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What must hold whatever fails (Raft dissertation, figure 3.2, and more). Sees everything at once,
 * as no member can; each check costs no more than what happened since the last one.
 */
public final class Invariants {
  private final Map<Long, MemberId> leaders = new HashMap<>();
  private final Map<Vote, MemberId> votes = new HashMap<>();
  private final Map<Position, Written> written = new HashMap<>();
  private final List<Applied> applied = new ArrayList<>(List.of(new Applied(0, 0, 0, null)));
  private long acknowledgedIndex;

  /** Election safety: at most one leader in a term. And leader completeness. */
  void elected(SimulatedMember member) {
    long term = member.core().term();
    MemberId earlier = leaders.putIfAbsent(term, member.id());
    if (earlier != null && !earlier.equals(member.id())) {
      fail("election safety: term " + term + " is led by " + earlier + " and " + member.id());
    }
    for (long index = member.core().firstIndex() - 1; index < applied.size(); index++) {
      if (index < 1) {
        continue;
      }
      Applied committed = applied.get((int) index);
      if (committed.seenInTerm < term
          && (index > member.core().lastIndex() || member.core().termAt(index) != committed.term)) {
        fail(
            "leader completeness: %s leads term %d without %d@%d, committed by term %d"
                .formatted(member.id(), term, index, committed.term, committed.seenInTerm));
      }
    }
  }

  /** Log matching: equal (index, term) means equal entries and equal logs before them. */
  void appended(SimulatedMember member, List<LogEntry> entries) {
    for (LogEntry entry : entries) {
      Position position = new Position(entry.index(), entry.term());
      long termBefore = member.core().termAt(entry.index() - 1);
      Written known = written.get(position);
      if (known == null) {
        written.put(position, new Written(entry, termBefore));
      } else if (known.termBefore != termBefore || !known.entry.equals(entry)) {
        fail(
            "log matching: %s has %s after term %d, another has %s after term %d"
                .formatted(member.id(), entry, termBefore, known.entry, known.termBefore));
      }
    }
  }

  /** Nothing is promised that a power cut could take back. One vote for each member and term. */
  void sent(SimulatedMember member, RaftMessage message) {
    if (message instanceof PreVoteRequest
        || (message instanceof VoteReply reply && reply.preVote())) {
      return;
    }
    long durableTerm = member.store().storage().vote().term();
    if (message.term() > durableTerm) {
      fail("durable vote: %s is durable in term %d".formatted(message, durableTerm));
    }
    if (message instanceof VoteReply reply && reply.granted()) {
      voted(reply.from(), reply.term(), reply.to());
    } else if (message instanceof RaftMessage.VoteRequest request) {
      voted(request.from(), request.term(), request.from());
    } else if (message instanceof AppendReply reply
        && reply.success()
        && reply.matchIndex() > member.store().storage().log().forcedIndex()) {
      fail(
          "durable acknowledgement: %s with the log forced to %d"
              .formatted(message, member.store().storage().log().forcedIndex()));
    }
  }

  private void voted(MemberId voter, long term, MemberId candidate) {
    MemberId earlier = votes.putIfAbsent(new Vote(voter, term), candidate);
    if (earlier != null && !earlier.equals(candidate)) {
      fail("%s voted for %s and %s in term %d".formatted(voter, earlier, candidate, term));
    }
  }

  /** State machine safety, and: nothing is applied that is not forced (hazard A15). */
  void applied(SimulatedMember member, LogEntry entry) {
    SimulatedMachine machine = member.machine();
    long forced = member.store().storage().log().forcedIndex();
    if (entry.index() > forced) {
      fail("%s applied %s with its log forced to %d".formatted(member.id(), entry, forced));
    }
    Applied mine =
        new Applied(entry.term(), member.core().term(), machine.digest(), entry.payload());
    if (entry.index() == applied.size()) {
      applied.add(mine);
      return;
    }
    if (entry.index() > applied.size()) {
      fail(member.id() + " applied " + entry + " but nobody " + applied.size());
    }
    Applied first = applied.get((int) entry.index());
    if (first.term != mine.term
        || first.digest != mine.digest
        || !Arrays.equals(first.payload, mine.payload)) {
      fail(
          "state machine safety: %s applied %s, another had applied one of term %d there"
              .formatted(member.id(), entry, first.term));
    }
  }

  /** A store that came from a checkpoint, a flush or another member. */
  void loaded(MemberId member, SimulatedMachine machine) {
    if (machine.index() == 0) {
      return;
    }
    if (machine.index() >= applied.size()
        || applied.get((int) machine.index()).digest != machine.digest()) {
      fail(
          "%s loaded a state at %d@%d that nobody had there"
              .formatted(member, machine.index(), machine.term()));
    }
  }

  /** Only an entry of its own term lets a leader commit by counting (section 3.6.2). */
  void committed(SimulatedMember leader, long index) {
    if (leader.core().termAt(index) != leader.core().term()) {
      fail(
          "%s committed %d@%d by counting in term %d"
              .formatted(leader.id(), index, leader.core().termAt(index), leader.core().term()));
    }
  }

  public long acknowledgedIndex() {
    return acknowledgedIndex;
  }

  /** A client got the answer to a write or a read of that index. */
  public void acknowledged(long index) {
    acknowledgedIndex = Math.max(acknowledgedIndex, index);
  }

  /**
   * Linearizability, with the log as the order: a read sees at least everything that any client had
   * been told of before the read began.
   */
  void read(MemberId member, long atIndex, long acknowledgedBefore) {
    if (atIndex < acknowledgedBefore) {
      fail(
          "stale read: %s answered at index %d, a client had seen %d before"
              .formatted(member, atIndex, acknowledgedBefore));
    }
  }

  /** No acknowledged call is lost, and each took effect exactly once. */
  void acknowledgedCall(int client, long call, long index) {
    if (index <= 0 || index >= applied.size()) {
      fail("call %d of client %d was acknowledged at %d".formatted(call, client, index));
    }
    byte[] payload = applied.get((int) index).payload;
    if (payload == null
        || !Arrays.equals(
            Arrays.copyOf(payload, 12),
            Arrays.copyOf(RegisterMachine.command(client, call, 0, 0, 0), 12))) {
      fail("call %d of client %d was acknowledged at %d of another".formatted(call, client, index));
    }
  }

  /** While a member may serve reads by its lease, nobody leads a later term. */
  public void leases(Collection<SimulatedMember> members) {
    SimulatedMember first = null;
    for (SimulatedMember member : members) {
      if (member.isLeader()) {
        if (first != null) {
          leasesOfAll(members);
          return;
        }
        first = member;
      }
    }
  }

  private static void leasesOfAll(Collection<SimulatedMember> members) {
    for (SimulatedMember holder : members) {
      if (!holder.isLeader()
          || !holder.clockRuns()
          || !holder.core().hasLease(holder.localNanos())) {
        continue;
      }
      for (SimulatedMember other : members) {
        if (other.isLeader() && other.core().term() > holder.core().term()) {
          fail(
              "lease: %s holds one in term %d while %s leads term %d"
                  .formatted(holder.id(), holder.core().term(), other.id(), other.core().term()));
        }
      }
    }
  }

  /** At the end: whoever belongs to the group has the same log and the same state. */
  public void converged(Collection<SimulatedMember> members) {
    long digest = 0;
    MemberId first = null;
    for (SimulatedMember member : members) {
      if (first == null) {
        first = member.id();
        digest = member.machine().digest();
      } else if (digest != member.machine().digest()) {
        fail("digests of " + first + " and " + member.id() + " differ");
      }
      if (member.machine().index() < acknowledgedIndex) {
        fail(
            "acknowledged index %d lost: %s ends at %d"
                .formatted(acknowledgedIndex, member.id(), member.machine().index()));
      }
      if (member.core().role() == RaftRole.LEADER && leaders.get(member.core().term()) == null) {
        fail(member.id() + " leads a term nobody saw it win");
      }
    }
  }

  public static void fail(String message) {
    throw new InvariantViolation(message);
  }

  private record Position(long index, long term) {}

  private record Written(LogEntry entry, long termBefore) {}

  private record Vote(MemberId voter, long term) {}

  /** What was applied first at an index. */
  private static final class Applied {
    private final long term;

    /** Term of the member that applied it first: committed in it or before. */
    private final long seenInTerm;

    private final long digest;
    private final byte[] payload;

    Applied(long term, long seenInTerm, long digest, byte[] payload) {
      this.term = term;
      this.seenInTerm = seenInTerm;
      this.digest = digest;
      this.payload = payload;
    }
  }
}
