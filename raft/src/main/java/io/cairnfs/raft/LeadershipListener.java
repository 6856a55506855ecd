package io.cairnfs.raft;

/**
 * Told of changes of leadership. Called on the thread that applies entries, in order with them;
 * must not block.
 */
public interface LeadershipListener {
  /**
   * This member leads {@code term} and has applied every entry of its predecessors: it may serve.
   */
  void leadershipGained(long term);

  /** This member does not lead {@code term} any more. Follows each {@link #leadershipGained}. */
  void leadershipLost(long term);
}
