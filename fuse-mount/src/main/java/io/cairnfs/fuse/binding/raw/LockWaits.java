package io.cairnfs.fuse.binding.raw;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.fuse.vfs.Errno;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that take locks for processes, by the number of the request: they may have to wait for
 * others, and for the kernel to give up pages, which it does only while its other requests are
 * answered. A signal to the process ends the waiting. Any thread.
 */
final class LockWaits {
  static final int MAX_WAITING = 1024;
  private static final int IDLE_SECONDS = 5;

  private final Executor threads;

  @GuardedBy("this")
  private final Map<Long, Claim> claims = new HashMap<>();

  /** A request on its way. Guarded by the outer object. */
  private static final class Claim {
    private boolean interrupted;
    private Thread thread;
  }

  LockWaits(Executor threads) {
    this.threads = threads;
  }

  /** A thread for each request, for as long as there are some. */
  static Executor threads() {
    return new ThreadPoolExecutor(
        0,
        2 * MAX_WAITING,
        IDLE_SECONDS,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          Thread thread = new Thread(task, "fuse-lock");
          thread.setDaemon(true);
          return thread;
        });
  }

  /**
   * Has it done by a thread of its own.
   *
   * @throws Errno EAGAIN where {@value #MAX_WAITING} are on their way already
   */
  void begin(long unique, Runnable work) throws Errno {
    synchronized (this) {
      if (claims.size() >= MAX_WAITING) {
        throw new Errno(Errno.EAGAIN, MAX_WAITING + " processes wait for locks already");
      }
      claims.put(unique, new Claim());
    }
    threads.execute(
        () -> {
          start(unique);
          try {
            work.run();
          } finally {
            end(unique);
          }
        });
  }

  private synchronized void start(long unique) {
    Claim claim = claims.get(unique);
    claim.thread = Thread.currentThread();
    if (claim.interrupted) {
      claim.thread.interrupt();
    }
  }

  private synchronized void end(long unique) {
    claims.remove(unique);
  }

  /** Ends the waiting for that request, if it waits. */
  synchronized void interrupt(long unique) {
    Claim claim = claims.get(unique);
    if (claim != null) {
      interrupt(claim);
    }
  }

  private static void interrupt(Claim claim) {
    claim.interrupted = true;
    if (claim.thread != null) {
      claim.thread.interrupt();
    }
  }

  synchronized void interruptAll() {
    claims.values().forEach(LockWaits::interrupt);
  }
}
