package io.cairnfs.dataserver.transfer;

import com.google.common.util.concurrent.Uninterruptibles;
import io.cairnfs.common.process.FatalErrors;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads that may block on the disk. What they are given must not throw: anything uncaught stops
 * the process. Refuses with {@link RejectedExecutionException} when its queue is full or it is
 * closed. Its threads are never interrupted, since that would close files.
 */
public final class DiskThreads implements Executor, AutoCloseable {
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

  private final ThreadPoolExecutor pool;
  private final FatalErrors fatal;

  public DiskThreads(String name, int threads, int queue, FatalErrors fatal) {
    this.fatal = fatal;
    AtomicInteger number = new AtomicInteger();
    pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(queue),
            runnable -> {
              Thread thread = new Thread(runnable, name + "-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
  }

  @Override
  public void execute(Runnable task) {
    pool.execute(
        () -> {
          try {
            task.run();
          } catch (RuntimeException | Error e) {
            fatal.stop("disk thread " + Thread.currentThread().getName(), e);
          }
        });
  }

  /** Takes no more tasks, drops those that wait, and waits for those that run. */
  public void abandon() {
    pool.shutdown();
    pool.getQueue().clear();
    close();
  }

  /**
   * Takes no more tasks and waits for those that run or wait, at most ten seconds.
   *
   * @throws IllegalStateException if the disk holds one of them for longer
   */
  @Override
  public void close() {
    pool.shutdown();
    if (!Uninterruptibles.awaitTerminationUninterruptibly(pool, CLOSE_TIMEOUT)) {
      throw new IllegalStateException("a disk thread is still at work");
    }
  }
}
