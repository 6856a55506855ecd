package io.cairnfs.raft.core;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import java.util.List;
import java.util.Optional;

/**
 * What the driver has to do after a round of inputs. Everything may start at once and in parallel;
 * what must wait for a force is not in here before {@link RaftCore#persisted} was fed back.
 *
 * @param persist what to write and force, in the order of its sequence; empty for nothing
 * @param messages to send, in order per receiver. Losing one is harmless
 * @param applyTo every entry up to here is committed and forced here, and may be applied; never
 *     goes down
 * @param placed proposals that became entries, the first at {@code placedFrom} and so on, in {@code
 *     term}. When the entry applied at such an index has another term, the proposal was lost
 * @param dropped proposals that will never be in the log: not the leader (any more)
 * @param readsReady reads that may be served once their index is applied
 * @param readsDropped reads that cannot be confirmed: not the leader (any more)
 * @param leadership role, term or leader changed
 * @param install fetch this checkpoint, install it, then {@link RaftCore#installed} or {@link
 *     RaftCore#installFailed}
 * @param compactTo entries up to here may be deleted from the log; 0 for no news
 */
public record Effects(
    Optional<Persist> persist,
    List<RaftMessage> messages,
    long applyTo,
    List<Proposal> placed,
    long placedFrom,
    long term,
    List<Proposal> dropped,
    List<ReadReady> readsReady,
    List<ReadRequest> readsDropped,
    Optional<Leadership> leadership,
    Optional<Install> install,
    long compactTo) {

  /**
   * To be written in one go: first the vote state, if there is one (written, forced, and the
   * directory forced where a rename was needed), then the entries, then one force. Several of them
   * may share a force; the last sequence is fed back. A failure of either stops the process.
   *
   * @param entries without gaps; when the first is not above the log's last index, everything from
   *     there on is cut before. May be empty
   */
  public record Persist(long sequence, Optional<VoteState> vote, List<LogEntry> entries) {}

  /**
   * @param index what must have been applied before the read
   * @param byLease answered from the lease, without a round of messages
   */
  public record ReadReady(ReadRequest request, long index, boolean byLease) {}

  /**
   * @param leader who leads the term, if known
   * @param readyIndex of a leader: the first entry of its term, to be applied before it serves; 0
   *     otherwise
   */
  public record Leadership(RaftRole role, long term, Optional<MemberId> leader, long readyIndex) {}

  /** A checkpoint that {@code source} has and this member needs. */
  public record Install(MemberId source, long index, long term, Membership membership) {}
}
