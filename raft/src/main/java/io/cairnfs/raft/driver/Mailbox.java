package io.cairnfs.raft.driver;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A queue with many writers and one reading thread, which is woken only if it sleeps: a wake-up
 * costs more than everything else here. Unbounded: its users bound what they put in.
 */
final class Mailbox<T> {
  private final Queue<T> queue = new ConcurrentLinkedQueue<>();
  private volatile Thread sleeper;

  /** Any thread. */
  void add(T item) {
    queue.add(item);
    wake();
  }

  /** Makes {@link #await} return, now or at its next call. Any thread. */
  void wake() {
    Thread sleeping = sleeper;
    if (sleeping != null) {
      LockSupport.unpark(sleeping);
    }
  }

  /** The next item, or null. The reading thread. */
  T poll() {
    return queue.poll();
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /**
   * Sleeps until there may be something, for at most so long; may return early. The reading thread.
   *
   * @param ready checked after going to sleep has been announced: true = do not sleep
   */
  void await(long nanos, BooleanSupplier ready) {
    sleeper = Thread.currentThread();
    try {
      if (queue.isEmpty() && !ready.getAsBoolean()) {
        LockSupport.parkNanos(this, nanos);
      }
    } finally {
      sleeper = null;
    }
  }

  /** Sleeps for at most so long, whatever is in the queue; {@link #wake} ends it. */
  void sleep(long nanos, BooleanSupplier ready) {
    sleeper = Thread.currentThread();
    try {
      if (!ready.getAsBoolean()) {
        LockSupport.parkNanos(this, nanos);
      }
    } finally {
      sleeper = null;
    }
  }
}
