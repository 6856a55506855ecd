package io.cairnfs.raft.driver;

import io.cairnfs.common.time.Clock;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A loop on somebody else's single thread, such as the event loop on which messages arrive and
 * leave: that saves waking a thread for each of them.
 */
final class ExecutorStateLoop implements StateLoop {
  private static final long NEVER = Long.MAX_VALUE;

  private final ScheduledExecutorService executor;
  private final Clock clock;
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicBoolean finished = new AtomicBoolean();
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile boolean stopping;
  private volatile Rounds rounds;

  // Owned by the executor's thread.
  private ScheduledFuture<?> timer;
  private long timerDueNanos = NEVER;

  /**
   * @param executor of one thread
   */
  ExecutorStateLoop(ScheduledExecutorService executor, Clock clock) {
    this.executor = executor;
    this.clock = clock;
  }

  @Override
  public void start(Rounds toRun) {
    rounds = toRun;
    wake();
  }

  @Override
  public void wake() {
    if (scheduled.compareAndSet(false, true)) {
      try {
        executor.execute(this::run);
      } catch (RejectedExecutionException e) {
        // The executor was closed under the engine: nothing can run any more.
        finish();
      }
    }
  }

  private void run() {
    scheduled.set(false);
    if (rounds == null || finished.get()) {
      return;
    }
    if (stopping) {
      finish();
      return;
    }
    long wait;
    try {
      wait = rounds.round();
    } catch (Throwable e) {
      stopping = true;
      finish();
      rounds.failed(e);
      return;
    }
    if (wait <= 0 || rounds.hasWork()) {
      wake();
    } else {
      arm(wait);
    }
  }

  /** One timer at a time. It is not moved to a later time, only looked after when it fires. */
  private void arm(long waitNanos) {
    long due = clock.monotonicNanos() + waitNanos;
    if (due >= timerDueNanos) {
      return;
    }
    if (timer != null) {
      timer.cancel(false);
    }
    timerDueNanos = due;
    timer = executor.schedule(this::timeIsUp, waitNanos, TimeUnit.NANOSECONDS);
  }

  private void timeIsUp() {
    timer = null;
    timerDueNanos = NEVER;
    run();
  }

  private void finish() {
    if (finished.compareAndSet(false, true)) {
      rounds.ended();
      end.countDown();
    }
  }

  @Override
  public void stop() {
    stopping = true;
    wake();
  }

  @Override
  public void join() {
    boolean interrupted = false;
    while (end.getCount() > 0) {
      try {
        if (!end.await(100, TimeUnit.MILLISECONDS) && executor.isTerminated()) {
          finish();
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
