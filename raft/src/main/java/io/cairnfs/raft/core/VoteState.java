package io.cairnfs.raft.core;

import io.cairnfs.raft.MemberId;
import java.util.Optional;

/** What a member must never forget of an election: its term, and whom it voted for in it. */
public record VoteState(long term, Optional<MemberId> votedFor) {
  /** Of a member that has never taken part. */
  public static final VoteState NONE = new VoteState(0, Optional.empty());

  @Override
  public String toString() {
    return "term " + term + " vote " + votedFor.map(MemberId::value).orElse("-");
  }
}
