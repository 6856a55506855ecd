package io.cairnfs.client.session;

import io.cairnfs.common.id.SessionId;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * One identity at the metaservers. States: OPEN; EXPIRED, when the cluster has ended it (nothing is
 * replayed elsewhere: whatever belongs to it fails with SESSION_EXPIRED); CLOSED, when the client
 * has. Safe for any thread; futures complete on event loops.
 */
public interface Session {
  SessionId id();

  ClusterSettings settings();

  boolean isOpen();

  /** Runs the action once when the session ends, or at once if it has. */
  void onEnd(Runnable action);

  /** Forgets an action of {@link #onEnd}. */
  void removeOnEnd(Runnable action);

  /**
   * The session has the write lease of the inode.
   *
   * @param recalled runs once when somebody else wants it, on an event loop: the lease is to be
   *     given back soon, or is taken away
   */
  void leaseTaken(long inode, Runnable recalled);

  /** Forgets an action of {@link #leaseTaken}: the session has not got the lease any more. */
  void leaseGone(long inode, Runnable recalled);

  /**
   * The action hears of open chunks of this session that others wait for, again and again while
   * they do, on an event loop: they are to be ended soon, or are taken away.
   */
  void onChunksWanted(Consumer<Set<Long>> action);

  /** Forgets an action of {@link #onChunksWanted}. */
  void removeOnChunksWanted(Consumer<Set<Long>> action);

  /** What is done needs a command each, because it is checked whether it is still allowed. */
  boolean isFenced();

  /** Applies the operation exactly once, or says why not. */
  CompletableFuture<OperationResult> mutate(Operation operation);

  /**
   * Until when, by the monotonic clock, what this session has locked is safe to rely on: two thirds
   * of its term after the last heartbeat that was answered was sent.
   */
  long trustedUntilNanos();
}
