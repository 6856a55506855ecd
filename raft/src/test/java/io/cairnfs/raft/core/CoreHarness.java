package io.cairnfs.raft.core;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.core.Effects.Persist;
import io.cairnfs.raft.core.RaftCore.Acceptance;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.PreVoteRequest;
import io.cairnfs.raft.core.RaftMessage.VoteReply;
import io.cairnfs.raft.core.RaftMessage.VoteRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * One core, called A, with a clock and a disk in the test's hands. Its peers B, C, ... are the
 * test. Unless {@link #holdDisk} was called, all that is to be persisted is so at once.
 */
final class CoreHarness {
  static final MemberId A = new MemberId("A");
  static final MemberId B = new MemberId("B");
  static final MemberId C = new MemberId("C");
  static final MemberId D = new MemberId("D");
  static final Membership ABC = voters(A, B, C);
  private static final long MILLI = 1_000_000;

  /** 50 ms between heartbeats, elections after 300 to 600 ms, 10 % drift: a lease of 270 ms. */
  static final RaftOptions OPTIONS =
      new RaftOptions(
          Duration.ofMillis(50),
          Duration.ofMillis(300),
          Duration.ofMillis(600),
          0.1,
          100,
          3,
          1_000,
          4,
          1_000,
          1_000,
          2,
          50,
          0);

  final MemoryLog log;
  final List<RaftMessage> sent = new ArrayList<>();
  final List<Effects> effects = new ArrayList<>();
  private final ArrayDeque<Persist> disk = new ArrayDeque<>();
  private boolean diskHeld;
  private VoteState vote = VoteState.NONE;
  private long nowNanos;

  /** What the state machine has applied. */
  long applied;

  RaftCore core;

  CoreHarness(Membership membership) {
    log = new MemoryLog(membership);
    core = newCore();
  }

  static Member member(MemberId id) {
    return new Member(id, new HostPort(id.value(), 1));
  }

  static Membership voters(MemberId... ids) {
    return Membership.ofVoters(Stream.of(ids).map(CoreHarness::member).toList());
  }

  static LogEntry entry(long index, long term) {
    return new LogEntry(index, term, EntryKind.COMMANDS, ("e" + index).getBytes(UTF_8));
  }

  static Proposal proposal(String text) {
    return () -> text.getBytes(UTF_8);
  }

  private RaftCore newCore() {
    return new RaftCore(A, OPTIONS, vote, log, new SplittableRandom(7), () -> applied, nowNanos);
  }

  /** Loses all but what was forced. */
  void restart() {
    disk.clear();
    diskHeld = false;
    core = newCore();
  }

  long now() {
    return nowNanos;
  }

  VoteState durableVote() {
    return vote;
  }

  /** What is persisted from now on waits for {@link #force}. */
  void holdDisk() {
    diskHeld = true;
  }

  /** Forces the oldest batch that waits. */
  void force() {
    Persist batch = disk.removeFirst();
    write(batch);
    core.persisted(batch.sequence(), nowNanos);
    take();
  }

  private void write(Persist batch) {
    batch.vote().ifPresent(state -> vote = state);
    log.write(batch.entries());
  }

  int waitingForces() {
    return disk.size();
  }

  Effects take() {
    Effects last = core.takeEffects(nowNanos);
    effects.add(last);
    sent.addAll(last.messages());
    if (last.persist().isPresent()) {
      if (diskHeld) {
        disk.add(last.persist().get());
      } else {
        write(last.persist().get());
        core.persisted(last.persist().get().sequence(), nowNanos);
        take();
      }
    }
    return last;
  }

  void step(RaftMessage message) {
    core.step(message, nowNanos);
    take();
  }

  void advance(long millis) {
    nowNanos += millis * MILLI;
  }

  /** Lets time pass, with the ticks it asks for. */
  void pass(long millis) {
    long end = nowNanos + millis * MILLI;
    while (core.nextDeadlineNanos() <= end) {
      nowNanos = Math.max(nowNanos, core.nextDeadlineNanos());
      core.tick(nowNanos);
      take();
    }
    nowNanos = end;
  }

  /** Lets time pass until A asks whether it would get votes. */
  void passUntilItAsks() {
    while (core.role() != RaftRole.PRE_CANDIDATE) {
      nowNanos = Math.max(nowNanos, core.nextDeadlineNanos());
      core.tick(nowNanos);
      take();
    }
  }

  Acceptance propose(String text) {
    Acceptance acceptance = core.propose(proposal(text));
    take();
    return acceptance;
  }

  /** What was sent since the last call, of one kind. */
  <T extends RaftMessage> List<T> drain(Class<T> kind) {
    List<T> found = sent.stream().filter(kind::isInstance).map(kind::cast).toList();
    sent.clear();
    return found;
  }

  /** Wins an election in the next term, B voting, and has its first entry committed. */
  void lead() {
    win();
    ackAll(B);
    sent.clear();
  }

  /** Wins an election in the next term with B's vote. */
  void win() {
    pass(601);
    step(new VoteReply(B, A, core.term(), true, true, core.term() + 1));
    step(new VoteReply(B, A, core.term(), true, false, core.term()));
  }

  /** The follower answers the latest append: it has all, forced. */
  void ackAll(MemberId from) {
    ack(from, core.lastIndex(), nowNanos, 0);
  }

  void ack(MemberId from, long match, long sentNanos, long round) {
    step(new AppendReply(from, A, core.term(), true, match, 0, sentNanos, round, match));
  }

  void refuse(MemberId from, long previous, long hint, long hintTerm) {
    step(new AppendReply(from, A, core.term(), false, hint, hintTerm, nowNanos, 0, previous));
  }

  /** An append from a leader. */
  void append(
      MemberId from,
      long term,
      long previous,
      long previousTerm,
      long commit,
      LogEntry... entries) {
    step(
        new AppendRequest(
            from, A, term, previous, previousTerm, commit, List.of(entries), nowNanos, 0));
  }

  VoteReply answerTo(VoteRequest request) {
    sent.clear();
    step(request);
    List<VoteReply> replies = drain(VoteReply.class);
    return replies.isEmpty() ? null : replies.get(0);
  }

  VoteReply answerTo(PreVoteRequest request) {
    sent.clear();
    step(request);
    return drain(VoteReply.class).get(0);
  }

  Optional<AppendReply> lastReply() {
    List<AppendReply> replies = drain(AppendReply.class);
    return replies.isEmpty() ? Optional.empty() : Optional.of(replies.get(replies.size() - 1));
  }

  long applyTo() {
    return effects.get(effects.size() - 1).applyTo();
  }
}
