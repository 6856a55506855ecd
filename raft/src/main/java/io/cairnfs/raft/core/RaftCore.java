package io.cairnfs.raft.core;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * One member of a Raft group: inputs are the methods below, the output is {@link #takeEffects}.
 * Owned by one thread. Times are of the member's monotonic clock, read <em>after</em> the input
 * arrived, and must not go backwards.
 *
 * <p>A driver's round: take what has arrived, feed it in, then {@link #takeEffects} once. What is
 * proposed while the entries before are being forced waits in the core and goes out as one batch
 * when {@link #persisted} is fed back: one write, one force, one frame for each follower.
 */
@SuppressWarnings("DoNotCallSuggester")
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

  /**
   * @param vote as persisted last
   * @param log as recovered; everything in it counts as forced
   * @param nowNanos the member's start: it votes for nobody within one least election time-out
   */
  public RaftCore(
      MemberId self,
      RaftOptions options,
      VoteState vote,
      LogView log,
      RandomGenerator random,
      long nowNanos) {}

  /** A message from another member arrived. */
  public void step(RaftMessage message, long nowNanos) {
    throw notYet();
  }

  /** Time passed. Due at {@link #nextDeadlineNanos} at the latest; harmless earlier. */
  public void tick(long nowNanos) {
    throw notYet();
  }

  /** When {@link #tick} has to be called next, if nothing else happens. */
  public long nextDeadlineNanos() {
    throw notYet();
  }

  /**
   * Queues a proposal; if ACCEPTED it comes back as {@link Effects#placed} or {@link
   * Effects#dropped}. Otherwise NOT_LEADER or BUSY.
   */
  public Acceptance propose(Proposal proposal, long nowNanos) {
    throw notYet();
  }

  /** Asks for a barrier; if ACCEPTED it comes back as ready or dropped. Else NOT_LEADER or BUSY. */
  public Acceptance read(ReadRequest request, long nowNanos) {
    throw notYet();
  }

  /** Starts to hand leadership over to a voter. ACCEPTED, NOT_LEADER, BUSY or INVALID. */
  public Acceptance transferLeadership(MemberId target, long nowNanos) {
    throw notYet();
  }

  /**
   * Replaces the membership. It comes back as {@code proposal} in {@link Effects#placed}; its
   * payload is {@link MembershipCodec#encode}d {@code membership}. ACCEPTED, NOT_LEADER, BUSY,
   * RETRY or INVALID.
   */
  public Acceptance changeMembers(Membership membership, Proposal proposal, long nowNanos) {
    throw notYet();
  }

  /** Everything up to this {@link Effects.Persist#sequence} is forced, vote state and entries. */
  public void persisted(long sequence, long nowNanos) {
    throw notYet();
  }

  /**
   * A checkpoint that contains everything up to {@code index}, as read back from inside it, is
   * complete and forced.
   */
  public void checkpointed(long index) {
    throw notYet();
  }

  /**
   * The checkpoint of the last {@link Effects.Install} is in place and the log has been reset: its
   * first index is the checkpoint's + 1 and it is empty.
   */
  public void installed(long index, long term, Membership membership, long nowNanos) {
    throw notYet();
  }

  /** The checkpoint of the last {@link Effects.Install} could not be fetched or was refused. */
  public void installFailed(long nowNanos) {
    throw notYet();
  }

  /**
   * Wall time ran ahead of monotonic time (the machine was suspended or migrated): the lease is
   * dropped until a majority answers requests sent after this call.
   */
  public void clockJumped(long nowNanos) {
    throw notYet();
  }

  /** What there is to do now. Call it once after every round of inputs. */
  public Effects takeEffects(long nowNanos) {
    throw notYet();
  }

  /**
   * Committed and forced entries for applying: from {@code from} on, at most up to {@link
   * Effects#applyTo}, at least one, no more beyond it than fit into {@code maxBytes}.
   */
  public List<LogEntry> applicable(long from, int maxBytes) {
    throw notYet();
  }

  /** Membership in force at a committed index that is not below the last checkpoint. */
  public Membership membershipAt(long index) {
    throw notYet();
  }

  /** Membership in force now, committed or not. */
  public Membership membership() {
    throw notYet();
  }

  public RaftRole role() {
    throw notYet();
  }

  public long term() {
    throw notYet();
  }

  public Optional<MemberId> leader() {
    throw notYet();
  }

  public long commitIndex() {
    throw notYet();
  }

  public long lastIndex() {
    throw notYet();
  }

  public long firstIndex() {
    throw notYet();
  }

  private static UnsupportedOperationException notYet() {
    return new UnsupportedOperationException();
  }
}
