package io.cairnfs.raft.core;

/** Rare turns of the protocol that operators count and simulations must have seen. */
public enum CoreEvent {
  ELECTION_WON,
  /** A member far behind in applying let the others stand first. */
  ELECTION_DEFERRED,
  /** A member asked for votes because one with an older log had asked for its. */
  STOOD_IN_PLACE_OF_ANOTHER,
  /** A pre-vote was refused because a leader was heard, or this member started, a moment ago. */
  PRE_VOTE_REFUSED_BY_LEASE,
  /** A pre-vote was refused because the asker's log is older. */
  PRE_VOTE_REFUSED_BY_LOG,
  /** A vote request was ignored because a leader was heard, or this member started, just now. */
  VOTE_IGNORED_BY_LEASE,
  /** A vote was refused because another candidate has it. */
  VOTE_REFUSED_AS_GIVEN,
  /** A vote was refused because the candidate's log is older. */
  VOTE_REFUSED_BY_LOG,
  /** A vote was granted under a living lease because the leader handed over. */
  VOTE_GRANTED_FOR_TRANSFER,
  /** A leader stepped down because a majority fell silent. */
  CHECK_QUORUM_STEP_DOWN,
  /** A leader stepped down because its disk stood still while the others went on. */
  STALLED_DISK_STEP_DOWN,
  /** A leader stepped down because a higher term appeared. */
  DEPOSED_BY_TERM,
  /** A leader stepped down because its own removal was committed. */
  REMOVED_SELF,
  /** Entries that conflicted with the leader's were cut off. */
  CONFLICT_TRUNCATION,
  /** A membership was undone because its entry was cut off. */
  MEMBERSHIP_ROLLED_BACK,
  /** An append was refused: the entry before it differs or is missing. */
  APPEND_REFUSED,
  /** A follower went from streaming back to probing. */
  BACK_TO_PROBING,
  /** A completion of a force came for entries that had been cut since. */
  STALE_FORCE,
  CHECKPOINT_OFFERED,
  CHECKPOINT_INSTALLED,
  READ_BY_LEASE,
  READ_BY_ROUND,
  TRANSFER_STARTED,
  TIMEOUT_NOW_SENT,
  TRANSFER_GIVEN_UP,
  /** A majority has an entry of an older term, which that alone does not commit (section 3.6.2). */
  OLDER_TERM_NOT_COUNTED,
  /** Entries were known committed before they were forced here: they wait to be applied. */
  COMMITTED_BEFORE_FORCED,
  /** A membership change was refused because an earlier step was outstanding. */
  MEMBERSHIP_CHANGE_GATED
}
