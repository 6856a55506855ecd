package io.cairnfs.client.lock;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.session.Session;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.concurrent.CompletableFuture;

/**
 * A lock that this client was given. States: HELD; LOST, when the session has ended or the cluster
 * was not heard of for two thirds of its term (others may have the lock soon); RELEASED. It never
 * comes back. Safe for any thread.
 */
public final class HeldLock {
  private enum State {
    HELD,
    LOST,
    RELEASED
  }

  private final ClientEnvironment environment;
  private final SessionSource sessions;
  private final Session session;
  private final LockAsk ask;
  private final long inode;
  private final long token;
  private final Runnable lost;
  private final Runnable sessionEnded = this::lose;
  private State state = State.HELD;

  /**
   * @param lost runs once when the lock is lost, on an event loop
   */
  HeldLock(
      ClientEnvironment environment,
      SessionSource sessions,
      Session session,
      LockAsk ask,
      long inode,
      long token,
      Runnable lost) {
    this.environment = environment;
    this.sessions = sessions;
    this.session = session;
    this.ask = ask;
    this.inode = inode;
    this.token = token;
    this.lost = lost;
  }

  /** From now on it is watched over. */
  void begin() {
    // Whoever deletes the file does not take away what the lock is of.
    sessions.inodeOpened(inode);
    session.onEnd(sessionEnded);
    watch();
  }

  public long inode() {
    return inode;
  }

  public long token() {
    return token;
  }

  /** Whether nobody else can have the lock at this moment. */
  public boolean isHeld() {
    synchronized (this) {
      if (state != State.HELD) {
        return false;
      }
    }
    if (session.isOpen() && isTrusted()) {
      return true;
    }
    lose();
    return false;
  }

  private boolean isTrusted() {
    return session.trustedUntilNanos() - environment.clock().monotonicNanos() > 0;
  }

  private void watch() {
    long left = session.trustedUntilNanos() - environment.clock().monotonicNanos();
    var unused = environment.schedule(this::look, Math.max(1, left / 1_000_000));
  }

  private void look() {
    if (isHeld()) {
      watch();
    }
  }

  private void lose() {
    if (!leave(State.LOST)) {
      return;
    }
    // The session may live on: then the lock would stay.
    if (session.isOpen()) {
      var unused = session.mutate(ask.unlock(inode));
    }
    lost.run();
  }

  private boolean leave(State next) {
    synchronized (this) {
      if (state != State.HELD) {
        return false;
      }
      state = next;
    }
    session.removeOnEnd(sessionEnded);
    sessions.inodeClosed(inode);
    return true;
  }

  /** Gives it up; done already if it is not held any more. */
  public CompletableFuture<OperationResult> release() {
    return leave(State.RELEASED)
        ? session.mutate(ask.unlock(inode))
        : CompletableFuture.completedFuture(OperationResult.getDefaultInstance());
  }

  /** Everything of its owner was given up. */
  public void released() {
    boolean unused = leave(State.RELEASED);
  }
}
