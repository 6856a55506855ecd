package io.cairnfs.client.session;

import io.cairnfs.common.id.SessionId;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.proto.metadata.Fence;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The client's session as whoever holds a lock sees it: what he changes carries the lock's token,
 * and is refused once the lock is not held any more.
 */
public final class FencedSessions implements SessionSource {
  private final SessionSource sessions;
  private final Fence fence;
  private FencedSession current;

  public FencedSessions(SessionSource sessions, Fence fence) {
    this.sessions = sessions;
    this.fence = fence;
  }

  @Override
  public CompletableFuture<Session> session() {
    return sessions.session().thenApply(this::fenced);
  }

  /** The same for the same session, since streams are shared by session. */
  private synchronized Session fenced(Session session) {
    if (current == null || current.session() != session) {
      current = new FencedSession(session, fence);
    }
    return current;
  }

  @Override
  public CompletableFuture<OperationResult> mutate(Operation operation) {
    return sessions.mutate(stamped(operation, fence));
  }

  @Override
  public void inodeOpened(long inode) {
    sessions.inodeOpened(inode);
  }

  @Override
  public void inodeClosed(long inode) {
    sessions.inodeClosed(inode);
  }

  /** What gives back what the client has is done whether the lock is held or not. */
  private static Operation stamped(Operation operation, Fence fence) {
    boolean givesBack =
        operation.hasCloseChunks()
            || operation.hasRelease()
            || operation.hasUnlock()
            || operation.hasReleaseLocks()
            || operation.hasStopWaiting()
            || operation.hasAccessed();
    return givesBack ? operation : operation.toBuilder().setFence(fence).build();
  }

  private record FencedSession(Session session, Fence fence) implements Session {
    @Override
    public SessionId id() {
      return session.id();
    }

    @Override
    public ClusterSettings settings() {
      return session.settings();
    }

    @Override
    public boolean isOpen() {
      return session.isOpen();
    }

    @Override
    public void onEnd(Runnable action) {
      session.onEnd(action);
    }

    @Override
    public void removeOnEnd(Runnable action) {
      session.removeOnEnd(action);
    }

    @Override
    public void onChunksWanted(Consumer<Set<Long>> action) {
      session.onChunksWanted(action);
    }

    @Override
    public void removeOnChunksWanted(Consumer<Set<Long>> action) {
      session.removeOnChunksWanted(action);
    }

    @Override
    public boolean isFenced() {
      return true;
    }

    @Override
    public void leaseTaken(long inode, Runnable recalled) {
      session.leaseTaken(inode, recalled);
    }

    @Override
    public void leaseGone(long inode, Runnable recalled) {
      session.leaseGone(inode, recalled);
    }

    @Override
    public CompletableFuture<OperationResult> mutate(Operation operation) {
      return session.mutate(stamped(operation, fence));
    }

    @Override
    public long trustedUntilNanos() {
      return session.trustedUntilNanos();
    }
  }
}
