package io.cairnfs.raft.simulation;

import io.cairnfs.raft.core.LogEntry;

/** What runs in a member's process beside the engine; called on the member's thread. */
public interface MemberProcess {
  /** A member that is an engine and nothing else. */
  MemberProcess NONE = new MemberProcess() {};

  /** The process has begun; the machine is as the disk had it. */
  default void started() {}

  /** The process has ended. */
  default void died() {}

  /** An entry was applied here. */
  default void applied(LogEntry entry, Object result) {}

  /** A round has ended: roles may have changed, entries may have been applied. */
  default void worked() {}
}
