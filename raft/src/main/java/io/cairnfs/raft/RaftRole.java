package io.cairnfs.raft;

/**
 * What a member is in its present term.
 *
 * <pre>
 * FOLLOWER      -> PRE_CANDIDATE  election time-out, as a voter
 * PRE_CANDIDATE -> CANDIDATE      a majority would vote for it (pre-vote)
 * PRE_CANDIDATE -> FOLLOWER       a leader or a higher term appeared
 * FOLLOWER      -> CANDIDATE      the leader hands over to it (TimeoutNow)
 * CANDIDATE     -> LEADER         a majority voted for it
 * CANDIDATE     -> PRE_CANDIDATE  election time-out
 * CANDIDATE     -> FOLLOWER       a leader or a higher term appeared
 * LEADER        -> FOLLOWER       a higher term appeared, a majority fell silent (check-quorum), or
 *                                 its own removal was committed
 * </pre>
 */
public enum RaftRole {
  FOLLOWER,
  PRE_CANDIDATE,
  CANDIDATE,
  LEADER
}
