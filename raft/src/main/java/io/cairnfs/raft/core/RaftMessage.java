package io.cairnfs.raft.core;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import java.util.List;

/**
 * What members say to one another; field by field the messages of {@code raft.proto}. May be lost,
 * duplicated, delayed and reordered, but not altered. {@code term} is the sender's, except in a
 * {@link PreVoteRequest}, where it is the term it would stand in.
 */
public sealed interface RaftMessage {
  MemberId from();

  MemberId to();

  long term();

  /** Would you vote for me in this term? Changes nothing at the receiver. Section 9.6. */
  record PreVoteRequest(MemberId from, MemberId to, long term, long lastIndex, long lastTerm)
      implements RaftMessage {}

  /**
   * Section 3.4.
   *
   * @param transfer the leader told the sender to stand, so voters waive its lease (section 3.10)
   */
  record VoteRequest(
      MemberId from, MemberId to, long term, long lastIndex, long lastTerm, boolean transfer)
      implements RaftMessage {}

  /**
   * Answers both requests.
   *
   * @param askedTerm term of the request
   */
  record VoteReply(
      MemberId from, MemberId to, long term, boolean granted, boolean preVote, long askedTerm)
      implements RaftMessage {}

  /**
   * Entries that follow {@code previousIndex}, or none for a heartbeat. Section 3.5.
   *
   * @param sentNanos leader's monotonic time; comes back in the reply, for the lease
   * @param round comes back in the reply, for reads without a lease
   */
  record AppendRequest(
      MemberId from,
      MemberId to,
      long term,
      long previousIndex,
      long previousTerm,
      long commitIndex,
      List<LogEntry> entries,
      long sentNanos,
      long round)
      implements RaftMessage {
    /**
     * @throws IllegalArgumentException when the entries do not follow one another
     */
    public AppendRequest {
      long index = previousIndex;
      long entryTerm = previousTerm;
      for (LogEntry entry : entries) {
        index++;
        if (entry.index() != index || entry.term() < entryTerm || entry.term() > term) {
          throw new IllegalArgumentException(
              "entry " + entry + " follows " + (index - 1) + "@" + entryTerm + " in term " + term);
        }
        entryTerm = entry.term();
      }
    }
  }

  /**
   * Success: the sender's log equals the leader's up to {@code matchIndex}, forced. Refusal: the
   * previous entry differs; the highest index at which they may still agree is {@code matchIndex},
   * where the sender has {@code conflictTerm}.
   *
   * @param previousIndex that of the request
   */
  record AppendReply(
      MemberId from,
      MemberId to,
      long term,
      boolean success,
      long matchIndex,
      long conflictTerm,
      long sentNanos,
      long round,
      long previousIndex)
      implements RaftMessage {}

  /** Stand for election at once. Section 3.10. */
  record TimeoutNow(MemberId from, MemberId to, long term) implements RaftMessage {}

  /** The entries you need are gone: fetch this checkpoint from me. Section 5.1. */
  record CheckpointOffer(
      MemberId from, MemberId to, long term, long index, long checkpointTerm, Membership membership)
      implements RaftMessage {}

  /** The offered checkpoint is installed, or could not be. */
  record CheckpointReply(MemberId from, MemberId to, long term, long index, boolean installed)
      implements RaftMessage {}
}
