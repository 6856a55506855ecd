package io.cairnfs.raft.core;

import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftStatus.Follower;
import io.cairnfs.raft.core.RaftCore.Acceptance;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.CheckpointOffer;
import io.cairnfs.raft.core.RaftMessage.CheckpointReply;
import io.cairnfs.raft.core.RaftMessage.TimeoutNow;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** What a member does while it leads one term: replication, commitment, lease, reads, hand-over. */
final class Leader {
  private final MemberId self;
  private final long term;
  private final RaftOptions options;
  private final RaftLog log;
  private final Outbox outbox;
  private final CoreCounters counters;
  private final long leaseNanos;
  private final long readyIndex;

  private final Map<MemberId, Progress> followers = new LinkedHashMap<>();
  private Membership membership;
  private Progress[] voters = {};
  private long[] scratch = {};
  private boolean selfVotes;

  private final ArrayDeque<Proposal> queue = new ArrayDeque<>();
  private long queuedBytes;
  private final PendingReads reads = new PendingReads();
  private long round;
  private long nextHeartbeatNanos;

  private MemberId transferTarget;
  private long transferDeadlineNanos;
  private boolean timeoutNowSent;
  private boolean leaseForfeited;
  private long leaseFloorNanos = Long.MIN_VALUE;
  private boolean finished;

  /** Others had committed up to here at that time: the own disk has to get there, too. */
  private long awaitedIndex;

  private long awaitedSinceNanos;

  /** Takes up the term: appends its first entry (section 6.4, and 3.6.2 for why). */
  Leader(
      MemberId self,
      long term,
      RaftOptions options,
      RaftLog log,
      Outbox outbox,
      CoreCounters counters,
      long nowNanos) {
    this.self = self;
    this.term = term;
    this.options = options;
    this.log = log;
    this.outbox = outbox;
    this.counters = counters;
    leaseNanos = (long) (options.promise().toNanos() * (1 - options.driftBound()));
    followMembership(nowNanos);
    readyIndex = log.last() + 1;
    log.append(LogEntry.noOp(readyIndex, term));
    nextHeartbeatNanos = nowNanos;
  }

  /** The first entry of the term: nothing is served before it is committed and applied. */
  long readyIndex() {
    return readyIndex;
  }

  /** This member must not lead any longer: its removal is committed. */
  boolean isFinished() {
    return finished;
  }

  long nextDeadlineNanos() {
    return nextHeartbeatNanos;
  }

  // Inputs of the driver.

  Acceptance propose(Proposal proposal) {
    if (transferTarget != null
        || queue.size() >= options.maxQueuedProposals()
        || queuedBytes + proposal.payload().length > options.maxQueuedBytes()) {
      return Acceptance.BUSY;
    }
    queue.add(proposal);
    queuedBytes += proposal.payload().length;
    return Acceptance.ACCEPTED;
  }

  Acceptance read(ReadRequest request, long nowNanos) {
    if (hasLease(nowNanos)) {
      counters.count(CoreEvent.READ_BY_LEASE);
      outbox.ready(request, log.commit(), true);
      return Acceptance.ACCEPTED;
    }
    if (reads.size() >= options.maxQueuedReads()) {
      return Acceptance.BUSY;
    }
    reads.add(request, round + 1);
    return Acceptance.ACCEPTED;
  }

  /**
   * Section 3.10. From here on no lease for the rest of the term: the order to stand may be
   * delivered at any later time, and voters waive the lease for it.
   */
  Acceptance transfer(MemberId target, long nowNanos) {
    if (target.equals(self) || !membership.isVoter(target)) {
      return Acceptance.INVALID;
    }
    if (transferTarget != null) {
      return Acceptance.BUSY;
    }
    counters.count(CoreEvent.TRANSFER_STARTED);
    leaseForfeited = true;
    transferTarget = target;
    timeoutNowSent = false;
    transferDeadlineNanos = nowNanos + options.maxElectionTimeout().toNanos();
    handOverIfCaughtUp(followers.get(target));
    return Acceptance.ACCEPTED;
  }

  /**
   * Section 4.1, with the gate that its author published later: a leader changes nothing before an
   * entry of its own term is committed.
   */
  Acceptance changeMembers(Membership next, Proposal proposal, long nowNanos) {
    if (!isSingleStep(next)) {
      return Acceptance.INVALID;
    }
    if (transferTarget != null) {
      return Acceptance.BUSY;
    }
    if (log.commit() < readyIndex || log.commit() < log.membershipIndex() || !caughtUp(next)) {
      counters.count(CoreEvent.MEMBERSHIP_CHANGE_GATED);
      return Acceptance.RETRY;
    }
    LogEntry entry = new LogEntry(log.last() + 1, term, EntryKind.MEMBERSHIP, proposal.payload());
    log.append(entry);
    outbox.place(proposal, entry.index(), term);
    followMembership(nowNanos);
    return Acceptance.ACCEPTED;
  }

  private boolean isSingleStep(Membership next) {
    long joining = next.voters().stream().filter(voter -> !membership.isVoter(voter.id())).count();
    long leaving = membership.voters().stream().filter(voter -> !next.isVoter(voter.id())).count();
    return joining + leaving <= 1 && !next.voters().isEmpty() && keepsInstances(next);
  }

  /** Under an id that stays there stays the same directory; one that was removed never returns. */
  private boolean keepsInstances(Membership next) {
    return next.members()
        .noneMatch(
            member ->
                next.wasRemoved(member.id(), member.instance())
                    || membership
                        .member(member.id())
                        .filter(present -> !present.fits(member.instance()))
                        .isPresent());
  }

  /** A voter that joins is a learner now, and has all that is committed. */
  private boolean caughtUp(Membership next) {
    for (Member voter : next.voters()) {
      if (!membership.isVoter(voter.id())) {
        Progress progress = followers.get(voter.id());
        return progress != null && progress.match() >= log.commit();
      }
    }
    return true;
  }

  /** Own entries became durable. */
  void forced() {
    advanceCommit();
  }

  /** Answers to what was sent before say nothing about the time since: no lease from them. */
  void clockJumped(long nowNanos) {
    leaseFloorNanos = nowNanos;
    followers.values().forEach(Progress::forgetAnswers);
  }

  /** Returns false when a majority has been silent for too long: step down (section 6.2). */
  boolean tick(long nowNanos) {
    if (transferTarget != null && nowNanos >= transferDeadlineNanos) {
      counters.count(CoreEvent.TRANSFER_GIVEN_UP);
      transferTarget = null;
    }
    if (nowNanos < nextHeartbeatNanos) {
      return true;
    }
    if (nowNanos - agreedByMajority(Progress::contactNanos, nowNanos)
        > options.maxElectionTimeout().toNanos()) {
      return false;
    }
    heartbeat(nowNanos);
    return true;
  }

  /**
   * Whether the own disk has not forced for an election time-out what the others have committed
   * without it: nothing can be applied here, and another could serve. Where the group is waiting
   * for this disk anyway, or all disks are slow alike, no other would do better.
   */
  boolean hasStalledDisk(long nowNanos) {
    if (log.forced() >= awaitedIndex) {
      awaitedIndex = log.commit();
      awaitedSinceNanos = nowNanos;
      return false;
    }
    return nowNanos - awaitedSinceNanos > options.maxElectionTimeout().toNanos();
  }

  // Messages.

  void step(AppendReply reply, long nowNanos) {
    Progress follower = followers.get(reply.from());
    if (follower == null) {
      return;
    }
    boolean counts = reply.sentNanos() >= leaseFloorNanos;
    follower.heard(counts ? reply.sentNanos() : Long.MIN_VALUE, reply.round(), nowNanos);
    if (reply.success()) {
      accepted(follower, reply, nowNanos);
    } else {
      refused(follower, reply);
    }
    releaseReads();
  }

  private void accepted(Progress follower, AppendReply reply, long nowNanos) {
    boolean news = follower.matched(reply.matchIndex());
    switch (follower.mode()) {
      case PROBE -> {
        if (follower.match() == follower.next() - 1) {
          follower.replicateFrom(follower.match() + 1);
        } else if (follower.answersHeartbeat()) {
          follower.resume();
        }
      }
      case REPLICATE -> {
        if (!news && follower.answersHeartbeat() && follower.isStalled()) {
          askWhetherLost(follower, nowNanos);
        }
      }
      case CHECKPOINT -> {
        if (log.knows(follower.match()) && news) {
          follower.probeFrom(follower.match() + 1);
        } else if (follower.answersHeartbeat()) {
          offerCheckpoint(follower);
        }
      }
    }
    if (news) {
      advanceCommit();
      handOverIfCaughtUp(follower);
    }
  }

  /** Refused if what is on the way does not arrive; the log may have been cut up to there since. */
  private void askWhetherLost(Progress follower, long nowNanos) {
    if (log.knows(follower.next() - 1)) {
      sendAppend(follower, nowNanos, List.of());
    } else {
      follower.probeFrom(follower.match() + 1);
    }
  }

  /** Section 3.5, with the fast back-up over whole terms. */
  private void refused(Progress follower, AppendReply reply) {
    boolean stale =
        switch (follower.mode()) {
          case PROBE -> reply.previousIndex() != follower.next() - 1;
          case REPLICATE -> reply.previousIndex() <= follower.match();
          case CHECKPOINT -> true;
        };
    if (stale) {
      return;
    }
    if (follower.mode() == Progress.Mode.REPLICATE) {
      counters.count(CoreEvent.BACK_TO_PROBING);
    }
    long agreed = log.latestWithTermAtMost(reply.matchIndex(), reply.conflictTerm());
    follower.probeFrom(Math.min(agreed, reply.previousIndex() - 1) + 1);
  }

  void step(CheckpointReply reply, long nowNanos) {
    Progress follower = followers.get(reply.from());
    if (follower == null) {
      return;
    }
    follower.heard(Long.MIN_VALUE, 0, nowNanos);
    if (reply.installed() && follower.matched(reply.index())) {
      advanceCommit();
    }
    if (follower.mode() == Progress.Mode.CHECKPOINT) {
      follower.probeFrom(follower.match() + 1);
    }
  }

  // Output.

  /** Ends a round of inputs: queued proposals become entries, followers get what they lack. */
  void flush(long nowNanos) {
    if (transferTarget == null && log.isQuiet()) {
      placeQueued();
    }
    if (reads.needRoundAfter(round)) {
      round++;
      heartbeat(nowNanos);
      releaseReads();
    }
    for (Progress follower : followers.values()) {
      replicate(follower, nowNanos);
    }
  }

  private void placeQueued() {
    while (!queue.isEmpty() && log.uncommittedBytes() < options.maxUncommittedBytes()) {
      Proposal proposal = queue.removeFirst();
      queuedBytes -= proposal.payload().length;
      long index = log.last() + 1;
      log.append(new LogEntry(index, term, EntryKind.COMMANDS, proposal.payload()));
      outbox.place(proposal, index, term);
    }
  }

  private void replicate(Progress follower, long nowNanos) {
    while (follower.maySend(options.maxAppendsInFlight(), options.maxBytesInFlight())) {
      if (!log.knows(follower.next() - 1)) {
        follower.awaitCheckpoint();
        offerCheckpoint(follower);
        return;
      }
      if (follower.mode() == Progress.Mode.REPLICATE && follower.next() > log.last()) {
        return;
      }
      List<LogEntry> entries = log.entries(follower.next(), log.last(), options.maxAppendBytes());
      sendAppend(follower, nowNanos, entries);
      if (follower.mode() == Progress.Mode.PROBE) {
        follower.pause();
        return;
      }
      follower.sent(entries.get(entries.size() - 1).index(), payloadBytes(entries));
    }
  }

  private static long payloadBytes(List<LogEntry> entries) {
    long bytes = 0;
    for (LogEntry entry : entries) {
      bytes += entry.payload().length;
    }
    return bytes;
  }

  private void sendAppend(Progress follower, long sentNanos, List<LogEntry> entries) {
    long previous = follower.next() - 1;
    outbox.send(
        new AppendRequest(
            self,
            follower.id(),
            term,
            previous,
            log.term(previous),
            log.commit(),
            entries,
            sentNanos,
            round));
  }

  /**
   * Heartbeats refer to what the follower is known to have, so they are never refused and never
   * wait behind entries.
   */
  private void heartbeat(long nowNanos) {
    nextHeartbeatNanos = nowNanos + options.heartbeatInterval().toNanos();
    for (Progress follower : followers.values()) {
      follower.heartbeat();
      long match = log.knows(follower.match()) ? follower.match() : 0;
      outbox.send(
          new AppendRequest(
              self,
              follower.id(),
              term,
              match,
              match == 0 ? 0 : log.term(match),
              Math.min(log.commit(), match),
              List.of(),
              nowNanos,
              round));
    }
  }

  private void offerCheckpoint(Progress follower) {
    counters.count(CoreEvent.CHECKPOINT_OFFERED);
    long index = log.checkpoint();
    outbox.send(
        new CheckpointOffer(
            self, follower.id(), term, index, log.term(index), log.membershipAt(index)));
  }

  /** The caught-up target of a hand-over is told to stand. */
  private void handOverIfCaughtUp(Progress follower) {
    if (follower.id().equals(transferTarget) && !timeoutNowSent && follower.match() == log.last()) {
      counters.count(CoreEvent.TIMEOUT_NOW_SENT);
      timeoutNowSent = true;
      outbox.send(new TimeoutNow(self, follower.id(), term));
    }
  }

  /** Not the leader any more: what is queued will never be in the log. */
  void retire() {
    queue.forEach(outbox::drop);
    queue.clear();
    while (!reads.isEmpty()) {
      outbox.drop(reads.takeConfirmed(Long.MAX_VALUE));
    }
  }

  List<Follower> followers(long nowNanos) {
    long longest = options.maxElectionTimeout().toNanos();
    return followers.values().stream()
        .map(
            follower ->
                new Follower(
                    follower.id(), nowNanos - follower.contactNanos() <= longest, follower.match()))
        .toList();
  }

  // Majorities.

  /** Section 3.6.2: only entries of the own term are committed by counting. */
  private void advanceCommit() {
    long agreed = agreedByMajority(Progress::match, log.forced());
    if (agreed <= log.commit()) {
      return;
    }
    if (log.term(agreed) != term) {
      counters.count(CoreEvent.OLDER_TERM_NOT_COUNTED);
      return;
    }
    log.commitTo(agreed);
    if (log.commit() >= log.membershipIndex() && !selfVotes) {
      finished = true;
    }
    releaseReads();
  }

  /** Tells everyone the commit index for the last time, before a removed leader leaves. */
  void farewell(long nowNanos) {
    heartbeat(nowNanos);
  }

  private void releaseReads() {
    if (reads.isEmpty() || log.commit() < readyIndex) {
      return;
    }
    long confirmed = agreedByMajority(Progress::ackedRound, round);
    ReadRequest request = reads.takeConfirmed(confirmed);
    while (request != null) {
      counters.count(CoreEvent.READ_BY_ROUND);
      outbox.ready(request, log.commit(), false);
      request = reads.takeConfirmed(confirmed);
    }
  }

  /**
   * Section 6.4.1. Nobody else can have been elected: a majority promised not to vote within the
   * promise after it received, and so after this member sent, a request.
   */
  boolean hasLease(long nowNanos) {
    return nowNanos < leaseUntilNanos(nowNanos);
  }

  /** When the lease ends, as far as the answers go that have arrived; or the least of all times. */
  long leaseUntilNanos(long nowNanos) {
    if (leaseForfeited || log.commit() < readyIndex) {
      return Long.MIN_VALUE;
    }
    long sent = agreedByMajority(Progress::ackedSentNanos, nowNanos);
    return sent == Long.MIN_VALUE ? sent : sent + leaseNanos;
  }

  /** The greatest value that a majority of the voters has reached. */
  private long agreedByMajority(ToLongFunction<Progress> value, long own) {
    int count = 0;
    for (Progress voter : voters) {
      scratch[count++] = value.applyAsLong(voter);
    }
    if (selfVotes) {
      scratch[count++] = own;
    }
    Arrays.sort(scratch, 0, count);
    return scratch[(count - 1) / 2];
  }

  private void followMembership(long nowNanos) {
    membership = log.membership();
    followers.keySet().removeIf(id -> membership.member(id).isEmpty());
    membership
        .members()
        .map(Member::id)
        .filter(id -> !id.equals(self))
        .forEach(
            id ->
                followers.computeIfAbsent(
                    id, added -> new Progress(added, log.last() + 1, nowNanos)));
    voters =
        membership.voters().stream()
            .filter(voter -> !voter.id().equals(self))
            .map(voter -> followers.get(voter.id()))
            .toArray(Progress[]::new);
    selfVotes = membership.isVoter(self);
    scratch = new long[voters.length + 1];
  }
}
