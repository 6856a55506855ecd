package io.cairnfs.raft.checkpoint;

import io.cairnfs.raft.Membership;

/**
 * A completed checkpoint.
 *
 * @param index of the last entry it contains; 0 = the empty state before the first entry
 * @param term of that entry
 * @param membership in force there
 */
public record Checkpoint(long index, long term, Membership membership) {
  /** Whether there are files: the state before the first entry has none. */
  public boolean hasFiles() {
    return index > 0;
  }
}
