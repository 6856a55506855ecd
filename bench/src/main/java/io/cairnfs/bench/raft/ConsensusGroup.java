package io.cairnfs.bench.raft;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** Three members of whatever is measured, all in this process. */
interface ConsensusGroup extends AutoCloseable {
  String name();

  /** Threads that should submit: the number at which it is fastest. */
  int submitters(int outstanding);

  /** Waits until a member leads and may serve. */
  void awaitLeader() throws IOException;

  /** Submits to the leader's own process; completes when it is committed and applied there. */
  CompletableFuture<?> submit(byte[] operation);

  /** A read that needs no log entry but must be linearizable. */
  CompletableFuture<?> read();

  /** Stops the leader as abruptly as it can be stopped within a process. */
  void killLeader() throws IOException;

  /** Brings back who was killed. */
  void restart() throws IOException;

  @Override
  void close() throws IOException;
}
