package io.cairnfs.raft;

import java.util.concurrent.CompletableFuture;

/**
 * A log that a majority of the members hold on stable storage, and whose entries every member
 * applies to its {@link StateMachine} in the same order. All methods may be called by any thread
 * and never block; futures complete on the engine's threads, so what hangs on them must not block
 * either.
 *
 * <p>Futures fail with a {@code CairnException}: {@code NOT_LEADER} (with the address of the leader
 * if it is known): the batch was not appended and never will be; {@code BUSY}: too much is queued,
 * not appended; {@code UNAVAILABLE}: leadership was lost, or the engine stopped, after the batch
 * was appended: <em>it may still be applied</em>, so the caller repeats it under the same call id.
 *
 * @param <R> what the state machine returns for an applied batch
 */
public interface ReplicatedLog<R> {
  /**
   * Appends one batch of commands as one entry and completes with what the state machine returned
   * for it here, after it was committed and applied. The array is not copied and must not be
   * changed afterwards.
   */
  CompletableFuture<R> submit(byte[] batch);

  /**
   * Completes with the commit index of a moment after the call, once this member has confirmed that
   * it led at such a moment (by its lease, or by a round of messages to a majority) and has applied
   * that index. A read of the state machine that begins then is linearizable.
   */
  CompletableFuture<Long> readBarrier();

  /**
   * Hands leadership to a voter. Submissions are refused as {@code BUSY} while it lasts; it gives
   * up after an election time-out. Completes when this member no longer leads; fails with {@code
   * NOT_LEADER}, {@code INVALID_ARGUMENT} (not another voter) or {@code TIMED_OUT}.
   */
  CompletableFuture<Void> transferLeadership(MemberId target);

  /**
   * Replaces the membership; completes when the new one is committed. At most one voter may join or
   * leave at a time, and one that joins must be a learner that has caught up. Fails with {@code
   * INVALID_ARGUMENT} if it asks for more, {@code RETRY} while an earlier change, the first entry
   * of the leader's term or the learner's catching up is outstanding.
   */
  CompletableFuture<Void> changeMembers(Membership membership);

  RaftStatus status();

  /** Listeners added while this member leads are told so at once. */
  void addListener(LeadershipListener listener);
}
