package io.cairnfs.raft.core;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus.Follower;
import io.cairnfs.raft.core.Effects.Install;
import io.cairnfs.raft.core.Effects.Leadership;
import io.cairnfs.raft.core.Effects.Persist;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.CheckpointOffer;
import io.cairnfs.raft.core.RaftMessage.CheckpointReply;
import io.cairnfs.raft.core.RaftMessage.PreVoteRequest;
import io.cairnfs.raft.core.RaftMessage.TimeoutNow;
import io.cairnfs.raft.core.RaftMessage.VoteReply;
import io.cairnfs.raft.core.RaftMessage.VoteRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * One member of a Raft group: inputs are the methods below, the output is {@link #takeEffects}.
 * Owned by one thread. Times are of the member's monotonic clock, read <em>after</em> the input
 * arrived, and must not go backwards. States and arrows are those of {@link RaftRole}.
 *
 * <p>A driver's round: take what has arrived, feed it in, then {@link #takeEffects} once. What is
 * proposed while the entries before are being forced waits in the core and goes out as one batch
 * when {@link #persisted} is fed back: one write, one force, one frame for each follower.
 *
 * <p>An unchecked exception means that the protocol itself was violated (by this code, by a log
 * that lost what was forced, or by two members with one identity): the process must stop.
 */
public final class RaftCore {
  /** What became of an input that can be refused. */
  public enum Acceptance {
    ACCEPTED,
    NOT_LEADER,
    /** The queue is full, or leadership is being handed over. */
    BUSY,
    /** An earlier change, the leader's first entry or a learner's catching up is outstanding. */
    RETRY,
    /** What is asked for is never allowed. */
    INVALID
  }

  /** A member with more committed entries to apply lets others stand first. */
  private static final long LAGGING_ENTRIES = 200;

  private static final int MAX_YIELDS = 3;

  private final MemberId self;
  private final RaftOptions options;
  private final RandomGenerator random;
  private final LongSupplier applied;
  private final RaftLog log;
  private final CoreCounters counters = new CoreCounters();
  private final Outbox outbox = new Outbox();

  private RaftRole role = RaftRole.FOLLOWER;
  private long term;
  private MemberId votedFor;
  private MemberId leaderId;
  private Leader leader;

  /** Until then this member votes for nobody: it heard a leader, or started, a moment ago. */
  private long voteLockNanos;

  private long electionDeadlineNanos;

  /** Since it last heard a leader this member has let the others go first once. */
  private boolean deferred;

  /** How often since then it waited a little longer because another was about to stand. */
  private int yields;

  private final Set<MemberId> votes = new HashSet<>();

  private long sequence;
  private long voteSequence;
  private boolean voteUnwritten;

  // What this follower knows in the present term.
  private long matched;
  private long acknowledged;
  private long heardSentNanos;
  private long heardRound;
  private Install installing;

  private Leadership announced;

  /**
   * @param vote as persisted last
   * @param log as recovered; everything in it counts as forced
   * @param applied index of the last entry that the state machine has applied
   * @param nowNanos the member's start: it votes for nobody within one promise
   */
  public RaftCore(
      MemberId self,
      RaftOptions options,
      VoteState vote,
      LogView log,
      RandomGenerator random,
      LongSupplier applied,
      long nowNanos) {
    this.self = self;
    this.options = options;
    this.random = random;
    this.applied = applied;
    this.log = new RaftLog(log, options.cacheBytes(), counters);
    term = vote.term();
    votedFor = vote.votedFor().orElse(null);
    if (this.log.lastTerm() > term) {
      throw new IllegalStateException(
          "vote state is of term " + term + ", the log's last entry of " + this.log.lastTerm());
    }
    announced = new Leadership(role, term, Optional.empty(), 0);
    forgetLeader();
    lockVote(nowNanos);
    resetElectionTimer(nowNanos);
  }

  /** A message from another member arrived. */
  public void step(RaftMessage message, long nowNanos) {
    if (!message.to().equals(self)) {
      return;
    }
    if (message instanceof PreVoteRequest request) {
      answer(request, nowNanos);
      return;
    }
    if (message instanceof VoteReply reply && reply.preVote() && reply.granted()) {
      // From a voter that may well be in an older term.
      count(reply, nowNanos);
      return;
    }
    if (message instanceof VoteRequest request
        && !request.transfer()
        && request.term() >= term
        && isVoteLocked(nowNanos)) {
      // Section 4.2.3: neither its term nor its wish counts while a leader is alive.
      counters.count(CoreEvent.VOTE_IGNORED_BY_LEASE);
      return;
    }
    if (message.term() > term) {
      becomeFollower(message.term(), null, nowNanos);
    }
    if (message.term() < term) {
      answerStale(message);
    } else {
      stepInTerm(message, nowNanos);
    }
  }

  private void stepInTerm(RaftMessage message, long nowNanos) {
    if (message instanceof AppendRequest request) {
      hearLeader(request.from(), nowNanos);
      append(request);
    } else if (message instanceof AppendReply reply) {
      if (leader != null) {
        leader.step(reply, nowNanos);
        leaveIfRemoved(nowNanos);
      }
    } else if (message instanceof VoteRequest request) {
      vote(request, nowNanos);
    } else if (message instanceof VoteReply reply) {
      count(reply, nowNanos);
    } else if (message instanceof CheckpointOffer offer) {
      hearLeader(offer.from(), nowNanos);
      considerCheckpoint(offer);
    } else if (message instanceof CheckpointReply reply) {
      if (leader != null) {
        leader.step(reply, nowNanos);
        leaveIfRemoved(nowNanos);
      }
    } else if (message instanceof TimeoutNow order) {
      standForTransfer(order, nowNanos);
    } else {
      throw new IllegalArgumentException("message " + message);
    }
  }

  /** A leader of the past steps down, a candidate of the past catches up, by seeing this term. */
  private void answerStale(RaftMessage message) {
    if (message instanceof AppendRequest || message instanceof CheckpointOffer) {
      outbox.send(new AppendReply(self, message.from(), term, false, 0, 0, 0, 0, 0));
    } else if (message instanceof VoteRequest request) {
      outbox.send(new VoteReply(self, request.from(), term, false, false, request.term()));
    }
  }

  /** Time passed. Due at {@link #nextDeadlineNanos} at the latest; harmless earlier. */
  public void tick(long nowNanos) {
    if (leader != null) {
      if (!leader.tick(nowNanos)) {
        counters.count(CoreEvent.CHECK_QUORUM_STEP_DOWN);
        becomeFollower(term, null, nowNanos);
      } else if (leader.hasStalledDisk(nowNanos)) {
        counters.count(CoreEvent.STALLED_DISK_STEP_DOWN);
        becomeFollower(term, null, nowNanos);
      }
    } else if (nowNanos >= electionDeadlineNanos) {
      resetElectionTimer(nowNanos);
      if (!mayStand()) {
        // It stood in place of another, and did not win.
        role = RaftRole.FOLLOWER;
        votes.clear();
      } else if (installing == null && !letOthersGoFirst(nowNanos)) {
        askBeforeStanding(nowNanos);
      }
    }
  }

  /**
   * A member that is far behind in applying, as after its restart, would lead and answer nobody
   * until it has caught up: it stands one promise later, when no other has won.
   */
  private boolean letOthersGoFirst(long nowNanos) {
    if (deferred || log.commit() - applied.getAsLong() < LAGGING_ENTRIES) {
      return false;
    }
    deferred = true;
    counters.count(CoreEvent.ELECTION_DEFERRED);
    electionDeadlineNanos = nowNanos + options.promise().toNanos();
    return true;
  }

  /**
   * A connection from another member ended. If that one leads, its process has probably ended, too,
   * and this member stands as soon as it may: not before the promise is over that the leader's
   * lease relies on, but without waiting longer for a sign of life. One that does come makes up for
   * it.
   */
  public void disconnected(MemberId other, long nowNanos) {
    if (leader == null && other.equals(leaderId)) {
      long pause = options.heartbeatInterval().toNanos();
      long soon = Math.max(nowNanos, voteLockNanos) + random.nextLong(pause / 4, pause);
      electionDeadlineNanos = Math.min(electionDeadlineNanos, soon);
    }
  }

  /** When {@link #tick} has to be called next, if nothing else happens. */
  public long nextDeadlineNanos() {
    return leader != null ? leader.nextDeadlineNanos() : electionDeadlineNanos;
  }

  // Elections (sections 3.4, 4.2.3, 6.2, 9.6).

  /**
   * Pre-vote: a member that could not win does not disturb the others with a new term. It changes
   * nothing anywhere; so whoever has refused, since it heard the leader a moment longer, is soon
   * asked again.
   */
  private void askBeforeStanding(long nowNanos) {
    role = RaftRole.PRE_CANDIDATE;
    leaderId = null;
    votes.clear();
    votes.add(self);
    if (hasMajority()) {
      stand(false);
      return;
    }
    for (MemberId voter : otherVoters()) {
      outbox.send(new PreVoteRequest(self, voter, term + 1, log.last(), log.lastTerm()));
    }
    electionDeadlineNanos = nowNanos + askAgainNanos();
  }

  private long askAgainNanos() {
    long pause = options.heartbeatInterval().toNanos();
    return random.nextLong(pause, 2 * pause);
  }

  private void standNotBefore(long nanos) {
    electionDeadlineNanos = Math.max(electionDeadlineNanos, nanos);
  }

  /** The own vote counts once it is durable, as any other's; so the requests wait for that, too. */
  private void stand(boolean transfer) {
    role = RaftRole.CANDIDATE;
    leaderId = null;
    votes.clear();
    changeVoteState(term + 1, self);
    for (MemberId voter : otherVoters()) {
      outbox.send(new VoteRequest(self, voter, term, log.last(), log.lastTerm(), transfer));
    }
  }

  /**
   * Section 4.2.2: a voter whose own removal is not committed may be the only one with a log long
   * enough to win; it then leads until the removal is committed.
   */
  private boolean mayStand() {
    return log.membership().isVoter(self)
        || (log.membershipIndex() > log.commit() && log.membershipAt(log.commit()).isVoter(self));
  }

  /**
   * A voter that counts on this one's vote cannot win. This one may be no voter by its own log: its
   * promotion was cut off that log and still counts for the other; nobody else can win then. It
   * leads until its log is committed (section 4.2.2), after which the other asks it no more. Those
   * that are no voters themselves may ask for ever.
   */
  private boolean mayStandFor(MemberId voter) {
    return installing == null && (mayStand() || log.membership().isVoter(voter));
  }

  private void standForTransfer(TimeoutNow order, long nowNanos) {
    if (leader == null && installing == null && order.from().equals(leaderId) && mayStand()) {
      resetElectionTimer(nowNanos);
      stand(true);
    }
  }

  private void answer(PreVoteRequest request, long nowNanos) {
    boolean locked = isVoteLocked(nowNanos);
    boolean current = isUpToDate(request.lastIndex(), request.lastTerm());
    if (locked) {
      counters.count(CoreEvent.PRE_VOTE_REFUSED_BY_LEASE);
    } else if (!current) {
      counters.count(CoreEvent.PRE_VOTE_REFUSED_BY_LOG);
    }
    boolean granted = !locked && current && request.term() > term && !goesFirst(request);
    if (granted && role == RaftRole.PRE_CANDIDATE) {
      role = RaftRole.FOLLOWER;
      votes.clear();
    }
    outbox.send(new VoteReply(self, request.from(), term, granted, true, request.term()));
    if (granted && yields < MAX_YIELDS) {
      // The other is about to stand: two that stand at once may both fail.
      yields++;
      standNotBefore(nowNanos + askAgainNanos());
    }
    if (!locked && !current && role == RaftRole.FOLLOWER && mayStandFor(request.from())) {
      // Nobody leads, and the other cannot win for want of what this log has.
      counters.count(CoreEvent.STOOD_IN_PLACE_OF_ANOTHER);
      askBeforeStanding(nowNanos);
    }
  }

  /**
   * Of two that ask each other at the same time and could both win, one gives up: if both stood,
   * each would have its own vote, and often neither would win.
   */
  private boolean goesFirst(PreVoteRequest request) {
    return role == RaftRole.PRE_CANDIDATE
        && request.lastIndex() == log.last()
        && request.lastTerm() == log.lastTerm()
        && self.compareTo(request.from()) < 0;
  }

  private void vote(VoteRequest request, long nowNanos) {
    boolean free = votedFor == null || votedFor.equals(request.from());
    boolean current = isUpToDate(request.lastIndex(), request.lastTerm());
    if (!free) {
      counters.count(CoreEvent.VOTE_REFUSED_AS_GIVEN);
    } else if (!current) {
      counters.count(CoreEvent.VOTE_REFUSED_BY_LOG);
    }
    boolean granted = free && current && leaderId == null;
    if (granted) {
      if (isVoteLocked(nowNanos)) {
        counters.count(CoreEvent.VOTE_GRANTED_FOR_TRANSFER);
      }
      role = RaftRole.FOLLOWER;
      if (votedFor == null) {
        changeVoteState(term, request.from());
      }
      resetElectionTimer(nowNanos);
    }
    outbox.send(new VoteReply(self, request.from(), term, granted, false, request.term()));
  }

  private void count(VoteReply reply, long nowNanos) {
    if (!reply.granted() || !log.membership().isVoter(reply.from())) {
      return;
    }
    if (reply.preVote()) {
      if (role == RaftRole.PRE_CANDIDATE && reply.askedTerm() == term + 1) {
        votes.add(reply.from());
        if (hasMajority()) {
          resetElectionTimer(nowNanos);
          stand(false);
        }
      }
    } else if (role == RaftRole.CANDIDATE && reply.askedTerm() == term) {
      votes.add(reply.from());
      leadIfElected(nowNanos);
    }
  }

  private void leadIfElected(long nowNanos) {
    if (!hasMajority()) {
      return;
    }
    counters.count(CoreEvent.ELECTION_WON);
    role = RaftRole.LEADER;
    leaderId = self;
    leader = new Leader(self, term, options, log, outbox, counters, nowNanos);
  }

  private boolean hasMajority() {
    Set<MemberId> voters = log.membership().voterIds();
    long granted = votes.stream().filter(voters::contains).count();
    return granted > voters.size() / 2;
  }

  private List<MemberId> otherVoters() {
    return log.membership().voterIds().stream().filter(id -> !id.equals(self)).sorted().toList();
  }

  /** Section 3.6.1. */
  private boolean isUpToDate(long lastIndex, long lastTerm) {
    return lastTerm > log.lastTerm() || (lastTerm == log.lastTerm() && lastIndex >= log.last());
  }

  private boolean isVoteLocked(long nowNanos) {
    return leader != null || nowNanos < voteLockNanos;
  }

  private void lockVote(long nowNanos) {
    voteLockNanos = nowNanos + options.promise().toNanos();
  }

  private void resetElectionTimer(long nowNanos) {
    long least = options.minElectionTimeout().toNanos();
    long greatest = options.maxElectionTimeout().toNanos();
    electionDeadlineNanos = nowNanos + random.nextLong(least, greatest);
  }

  // Terms.

  private void becomeFollower(long newTerm, MemberId newLeader, long nowNanos) {
    if (leader != null) {
      if (newTerm > term) {
        counters.count(CoreEvent.DEPOSED_BY_TERM);
      }
      leader.retire();
      leader = null;
      resetElectionTimer(nowNanos);
    }
    role = RaftRole.FOLLOWER;
    leaderId = newLeader;
    votes.clear();
    if (newTerm > term) {
      changeVoteState(newTerm, null);
    }
  }

  private void changeVoteState(long newTerm, MemberId candidate) {
    if (newTerm > term) {
      forgetLeader();
    }
    term = newTerm;
    votedFor = candidate;
    voteUnwritten = true;
    outbox.holdMessages();
  }

  private void forgetLeader() {
    matched = log.commit();
    acknowledged = 0;
    heardSentNanos = Long.MIN_VALUE;
    heardRound = 0;
  }

  private void hearLeader(MemberId from, long nowNanos) {
    if (leader != null || (leaderId != null && !leaderId.equals(from))) {
      throw new IllegalStateException(
          "term " + term + " has two leaders: " + leaderId + " and " + from);
    }
    if (role != RaftRole.FOLLOWER) {
      becomeFollower(term, from, nowNanos);
    }
    leaderId = from;
    deferred = false;
    yields = 0;
    lockVote(nowNanos);
    resetElectionTimer(nowNanos);
  }

  // The log of a follower (section 3.5).

  private void append(AppendRequest request) {
    heardSentNanos = Math.max(heardSentNanos, request.sentNanos());
    heardRound = Math.max(heardRound, request.round());
    if (installing != null) {
      if (request.entries().isEmpty()) {
        acknowledge();
      }
      return;
    }
    // What is committed is equal everywhere: only what lies beyond needs a comparison.
    long previous = request.previousIndex();
    if (previous > log.commit() && !log.contains(previous, request.previousTerm())) {
      refuse(request);
      return;
    }
    for (LogEntry entry : request.entries()) {
      if (entry.index() > log.commit() && !log.contains(entry.index(), entry.term())) {
        if (entry.index() <= log.last()) {
          log.truncate(entry.index());
        }
        log.append(entry);
      }
    }
    matched = Math.max(matched, previous + request.entries().size());
    log.commitTo(Math.min(request.commitIndex(), matched));
    if (request.entries().isEmpty() || log.forced() >= matched) {
      acknowledge();
    }
  }

  /** Says what is equal to the leader's log and forced; the rest follows when it is. */
  private void acknowledge() {
    long upTo = Math.min(matched, log.forced());
    acknowledged = Math.max(acknowledged, upTo);
    outbox.send(
        new AppendReply(
            self, leaderId, term, true, upTo, 0, heardSentNanos, heardRound, acknowledged));
  }

  private void refuse(AppendRequest request) {
    counters.count(CoreEvent.APPEND_REFUSED);
    long hint =
        Math.max(
            log.commit(),
            log.latestWithTermAtMost(request.previousIndex() - 1, request.previousTerm()));
    outbox.send(
        new AppendReply(
            self,
            leaderId,
            term,
            false,
            hint,
            log.term(hint),
            heardSentNanos,
            heardRound,
            request.previousIndex()));
  }

  // Checkpoints (section 5.1).

  private void considerCheckpoint(CheckpointOffer offer) {
    if (installing != null) {
      return;
    }
    long index = offer.index();
    if (index <= log.commit() || log.contains(index, offer.checkpointTerm())) {
      if (index > log.commit()) {
        matched = Math.max(matched, index);
        log.commitTo(index);
      }
      if (log.forced() >= index) {
        replyToOffer(index, true);
      }
      return;
    }
    installing = new Install(offer.from(), index, offer.checkpointTerm(), offer.membership());
    outbox.install(installing);
  }

  private void replyToOffer(long index, boolean installed) {
    if (leaderId != null && leader == null) {
      outbox.send(new CheckpointReply(self, leaderId, term, index, installed));
    }
  }

  /**
   * The checkpoint of the last {@link Effects.Install} is in place and the log has been reset,
   * after all that was to be persisted before: its first index is the checkpoint's + 1 and it is
   * empty.
   */
  public void installed(long index, long checkpointTerm, Membership membership, long nowNanos) {
    if (installing == null || index != installing.index()) {
      throw new IllegalStateException("installed " + index + " instead of " + installing);
    }
    counters.count(CoreEvent.CHECKPOINT_INSTALLED);
    installing = null;
    log.reset(index, checkpointTerm, membership);
    matched = index;
    acknowledged = index;
    resetElectionTimer(nowNanos);
    replyToOffer(index, true);
  }

  /** The checkpoint of the last {@link Effects.Install} could not be fetched or was refused. */
  public void installFailed(long nowNanos) {
    if (installing == null) {
      throw new IllegalStateException("no checkpoint was being installed");
    }
    long index = installing.index();
    installing = null;
    resetElectionTimer(nowNanos);
    replyToOffer(index, false);
  }

  /**
   * A checkpoint that contains everything up to {@code index}, as read back from inside it, is
   * complete and forced.
   */
  public void checkpointed(long index) {
    checkpointed(index, 0);
  }

  /**
   * The same, with a log whose entries up to {@code beyond} have no room below a checkpoint,
   * however few they are.
   */
  public void checkpointed(long index, long beyond) {
    long deletable = log.checkpointed(index, options.trailingEntries(), beyond);
    if (deletable > 0) {
      outbox.compact(deletable);
    }
  }

  // What users ask for.

  /**
   * Queues a proposal; if ACCEPTED it comes back as {@link Effects#placed} or {@link
   * Effects#dropped}. Otherwise NOT_LEADER or BUSY.
   */
  public Acceptance propose(Proposal proposal) {
    return leader == null ? Acceptance.NOT_LEADER : leader.propose(proposal);
  }

  /** Asks for a barrier; if ACCEPTED it comes back as ready or dropped. Else NOT_LEADER or BUSY. */
  public Acceptance read(ReadRequest request, long nowNanos) {
    return leader == null ? Acceptance.NOT_LEADER : leader.read(request, nowNanos);
  }

  /** Starts to hand leadership over to a voter. ACCEPTED, NOT_LEADER, BUSY or INVALID. */
  public Acceptance transferLeadership(MemberId target, long nowNanos) {
    return leader == null ? Acceptance.NOT_LEADER : leader.transfer(target, nowNanos);
  }

  /**
   * Replaces the membership. It comes back as {@code proposal} in {@link Effects#placed}; its
   * payload is {@link MembershipCodec#encode}d {@code membership}. ACCEPTED, NOT_LEADER, BUSY,
   * RETRY or INVALID.
   */
  public Acceptance changeMembers(Membership membership, Proposal proposal, long nowNanos) {
    return leader == null
        ? Acceptance.NOT_LEADER
        : leader.changeMembers(membership, proposal, nowNanos);
  }

  // Completions.

  /** Everything up to this {@link Persist#sequence} is forced, vote state and entries. */
  public void persisted(long upTo, long nowNanos) {
    log.forcedTo(upTo);
    if (outbox.isHolding() && !voteUnwritten && upTo >= voteSequence) {
      outbox.releaseMessages();
      if (role == RaftRole.CANDIDATE) {
        votes.add(self);
        leadIfElected(nowNanos);
      }
    }
    if (leader != null) {
      leader.forced();
      leaveIfRemoved(nowNanos);
    } else if (leaderId != null && installing == null) {
      if (Math.min(matched, log.forced()) > acknowledged) {
        acknowledge();
      }
    }
  }

  private void leaveIfRemoved(long nowNanos) {
    if (leader.isFinished()) {
      counters.count(CoreEvent.REMOVED_SELF);
      leader.farewell(nowNanos);
      becomeFollower(term, null, nowNanos);
    }
  }

  /**
   * Wall time ran ahead of monotonic time (the machine was suspended or migrated): the lease is
   * dropped until a majority answers requests sent after this call.
   */
  public void clockJumped(long nowNanos) {
    if (leader != null) {
      leader.clockJumped(nowNanos);
    }
  }

  /** What there is to do now. Call it once after every round of inputs. */
  public Effects takeEffects(long nowNanos) {
    if (leader != null) {
      leader.flush(nowNanos);
    }
    return outbox.take(persist(), log.applicable(), leadershipNews());
  }

  private Optional<Persist> persist() {
    if (!voteUnwritten && !log.hasUnwritten()) {
      return Optional.empty();
    }
    sequence++;
    Optional<VoteState> vote = Optional.empty();
    if (voteUnwritten) {
      vote = Optional.of(new VoteState(term, Optional.ofNullable(votedFor)));
      voteUnwritten = false;
      voteSequence = sequence;
    }
    return Optional.of(new Persist(sequence, vote, log.takeUnwritten(sequence)));
  }

  private Optional<Leadership> leadershipNews() {
    long ready = leader == null ? 0 : leader.readyIndex();
    if (announced.role() == role
        && announced.term() == term
        && announced.readyIndex() == ready
        && announced.leader().equals(Optional.ofNullable(leaderId))) {
      return Optional.empty();
    }
    announced = new Leadership(role, term, Optional.ofNullable(leaderId), ready);
    return Optional.of(announced);
  }

  // What drivers and observers look at.

  /**
   * Committed and forced entries for applying: from {@code from} on, at most up to {@link
   * Effects#applyTo}, at least one, no more beyond it than fit into {@code maxBytes}.
   */
  public List<LogEntry> applicable(long from, int maxBytes) {
    return log.entries(from, log.applicable(), maxBytes);
  }

  /** Membership in force at an index that is not below the last checkpoint. */
  public Membership membershipAt(long index) {
    return log.membershipAt(index);
  }

  /** Membership in force now, committed or not. */
  public Membership membership() {
    return log.membership();
  }

  public RaftRole role() {
    return role;
  }

  public long term() {
    return term;
  }

  public Optional<MemberId> leader() {
    return Optional.ofNullable(leaderId);
  }

  public long commitIndex() {
    return log.commit();
  }

  /** Everything up to here is forced. */
  public long forcedIndex() {
    return log.forced();
  }

  public long firstIndex() {
    return log.first();
  }

  public long lastIndex() {
    return log.last();
  }

  /** Term of an entry from {@code firstIndex() - 1} to {@code lastIndex()}. */
  public long termAt(long index) {
    return log.term(index);
  }

  /** Leads, and may serve reads without asking anyone. */
  public boolean hasLease(long nowNanos) {
    return leader != null && leader.hasLease(nowNanos);
  }

  /**
   * Until when this member may serve reads without asking anyone, unless the clock jumps or
   * leadership is handed over meanwhile; {@code Long.MIN_VALUE} if it may not.
   */
  public long leaseUntilNanos(long nowNanos) {
    return leader == null ? Long.MIN_VALUE : leader.leaseUntilNanos(nowNanos);
  }

  /** What this member knows of the others if it leads; nothing otherwise. */
  public List<Follower> followers(long nowNanos) {
    return leader == null ? List.of() : leader.followers(nowNanos);
  }

  public CoreCounters counters() {
    return counters;
  }
}
