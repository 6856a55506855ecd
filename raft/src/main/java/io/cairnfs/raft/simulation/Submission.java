package io.cairnfs.raft.simulation;

import io.cairnfs.raft.core.Proposal;

/** Commands whose submitter waits for what becomes of them. */
public interface Submission extends Proposal {
  /** Applied at this index, with this result. */
  void applied(long index, Object result);

  /** Not in the log, and never will be. */
  void refused();
}
