package io.cairnfs.client.session;

import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.concurrent.CompletableFuture;

/** Where mutations find the session they belong to. Safe for any thread. */
public interface SessionSource {
  /** The open session; opens one if there is none. */
  CompletableFuture<Session> session();

  /** Applies an operation under the current session. */
  CompletableFuture<OperationResult> mutate(Operation operation);

  /** Heartbeats tell the leader that this client reads or writes the inode. */
  void inodeOpened(long inode);

  void inodeClosed(long inode);
}
