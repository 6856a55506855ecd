package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import java.time.Duration;

/**
 * One advisory lock, to be taken and given up any number of times. It is held until it is given up,
 * or lost: when the cluster was not heard of for two thirds of the session's time-out (20 of 30 s
 * unless configured otherwise), or has ended the session. Others can have it only after the rest of
 * that time, so that a holder who looks at {@link #isHeld()} or listens to {@link #onLost} stops in
 * time; what he had sent before and arrives late is refused if it carries the {@link #token()}.
 *
 * <p>Safe for any thread, but it is one lock: what one thread takes, another gives up. Not
 * reentrant.
 */
public interface CairnLock extends AutoCloseable {
  /** What is locked. */
  enum Scope {
    WHOLE_FILE,
    BYTE_RANGE
  }

  /** Who else may have it. */
  enum Mode {
    /** Others that share it. Needs the right to read. */
    SHARED,
    /** Nobody. Needs the right to write; of a whole file, to read or write. */
    EXCLUSIVE
  }

  /**
   * Takes the lock if nobody is in the way or waits already.
   *
   * @return false if somebody does
   * @throws CairnException {@code NOT_FOUND}, {@code PERMISSION_DENIED}, {@code NO_LOCKS} beyond
   *     1,024 locks of a file
   * @throws IllegalStateException if this holds the lock
   */
  boolean tryLock() throws CairnException;

  /**
   * Takes the lock as soon as those who came before have given it up, but waits no longer than
   * that.
   *
   * @return false when the time is over
   * @throws CairnException as {@link #tryLock()}; {@code DEADLOCK} if those who are in the way wait
   *     for this party themselves, or are this party; {@code CANCELLED} if the thread is
   *     interrupted
   */
  boolean tryLock(Duration patience) throws CairnException;

  /** As {@link #tryLock(Duration)}, for as long as it takes. */
  void lock() throws CairnException;

  /**
   * Gives the lock up; nothing happens if it is not held.
   *
   * @throws CairnException if the cluster did not answer: it ends the lock with the session at the
   *     latest
   */
  void unlock() throws CairnException;

  /** Whether nobody else can have the lock at this moment. */
  boolean isHeld();

  /**
   * Proof of this grant.
   *
   * @throws IllegalStateException if the lock is not held
   */
  FencingToken token();

  /**
   * Runs the action each time when the lock is lost without having been given up; on the client's
   * own threads: return quickly and do not call the file system.
   */
  void onLost(Runnable action);

  /** As {@link #unlock()}. */
  @Override
  void close() throws CairnException;
}
