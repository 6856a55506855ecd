package io.cairnfs.raft.simulation;

/** Situations that the checks are about: a run that never met one has not tested it. */
public enum Sighting {
  MESSAGE_LOST,
  MESSAGE_DUPLICATED,
  MESSAGE_OVERTAKEN,
  WRITE_ACKNOWLEDGED,
  /** A call was sent again and its first result came back. */
  WRITE_DEDUPLICATED,
  READ_SERVED,
  /** By a leader that could reach no majority at that moment, under its lease. */
  LEASE_READ_WHILE_PARTITIONED,
  /** A member that was cut off still believed that it led while another led a later term. */
  TWO_LEADERS_OF_DIFFERENT_TERMS,
  /** A proposal's place in the log went to another entry. */
  PROPOSAL_OVERWRITTEN,
  LEARNER_PROMOTED,
  VOTER_REMOVED,
  /** A leader was removed by its own entry. */
  LEADER_REMOVED,
  CHECKPOINT_MADE,
  LOG_COMPACTED,
  CHECKPOINT_FETCH_FAILED,
  /** A crash fell between an installed checkpoint and the reset of the log. */
  CRASH_DURING_INSTALL,
  /** After a power cut the log ended before what had been written. */
  UNFORCED_TAIL_LOST,
  /** After a power cut some sectors of unforced records were there and some not. */
  TORN_TAIL_CUT,
  /** After a power cut entries were there that had not been forced. */
  UNFORCED_TAIL_SURVIVED,
  CORRUPTION_DETECTED,
  /** A member stopped as its disk refused a write or a force. */
  STOPPED_BY_DISK,
  /** Thereafter the process began anew and the machine did not. */
  RESTARTED_ON_CACHED_BYTES,
  /** A restarted member's store was ahead of its newest checkpoint. */
  STORE_AHEAD_OF_CHECKPOINT
}
