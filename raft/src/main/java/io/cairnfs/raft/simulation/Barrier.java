package io.cairnfs.raft.simulation;

import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.ReadRequest;

/** A read that waits until its member may serve it. */
public interface Barrier extends ReadRequest {
  /** May be served by that member, which has applied so much. */
  void ready(MemberId by, long appliedIndex);

  /** The member does not lead. */
  void refused();
}
