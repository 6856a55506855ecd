package io.cairnfs.raft.core;

/** Commands on their way into the log. The driver's object comes back in {@link Effects}. */
public interface Proposal {
  /** The entry's payload; not copied, never changed. */
  byte[] payload();
}
