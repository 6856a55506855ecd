package io.cairnfs.raft.core;

/** A read that waits for its barrier. The driver's object comes back in {@link Effects}. */
public interface ReadRequest {}
