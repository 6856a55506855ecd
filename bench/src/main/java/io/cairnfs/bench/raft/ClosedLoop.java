package io.cairnfs.bench.raft;

import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Keeps a number of operations outstanding for a while and notes how long each took. */
final class ClosedLoop {
  private static final long LONGEST_NANOS = Duration.ofMinutes(1).toNanos();

  private final Clock clock;

  ClosedLoop(Clock clock) {
    this.clock = clock;
  }

  /**
   * What one run gave.
   *
   * @param perSecond operations completed
   * @param failures operations refused or lost because leadership changed on a busy machine
   */
  record Outcome(double perSecond, double p50Micros, double p99Micros, long failures) {}

  /** What is asked again and again. */
  interface Load {
    CompletableFuture<?> submit();

    /** After a failure: waits until there is a leader. */
    void recover() throws IOException;
  }

  /**
   * @param submitters threads that share the outstanding operations
   */
  Outcome run(Load load, int outstanding, int submitters, Duration time)
      throws InterruptedException {
    Histogram latencies = new ConcurrentHistogram(LONGEST_NANOS, 3);
    Failures failures = new Failures();
    long start = clock.monotonicNanos();
    long end = start + time.toNanos();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < submitters; i++) {
      int own = outstanding / submitters;
      Thread thread =
          new Thread(() -> submitAll(load, own, end, latencies, failures), "bench-submit-" + i);
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    double seconds = (clock.monotonicNanos() - start) / 1e9;
    return new Outcome(
        latencies.getTotalCount() / seconds,
        latencies.getValueAtPercentile(50) / 1e3,
        latencies.getValueAtPercentile(99) / 1e3,
        failures.count.get());
  }

  /** Failures of all submitters. */
  private static final class Failures {
    private final AtomicLong count = new AtomicLong();
    private volatile boolean fresh;

    void note() {
      count.incrementAndGet();
      fresh = true;
    }

    void recover(Load load) {
      if (fresh) {
        fresh = false;
        try {
          load.recover();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private void submitAll(
      Load load, int outstanding, long end, Histogram latencies, Failures failures) {
    if (outstanding == 1) {
      while (clock.monotonicNanos() < end) {
        failures.recover(load);
        long begun = clock.monotonicNanos();
        try {
          load.submit().join();
          latencies.recordValue(clock.monotonicNanos() - begun);
        } catch (CompletionException e) {
          failures.note();
        }
      }
      return;
    }
    Semaphore free = new Semaphore(outstanding);
    while (clock.monotonicNanos() < end) {
      failures.recover(load);
      free.acquireUninterruptibly();
      long begun = clock.monotonicNanos();
      note(load.submit(), begun, latencies, failures, free);
    }
    free.acquireUninterruptibly(outstanding);
  }

  // Completion is counted by the semaphore; the dependent future is of no use.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void note(
      CompletableFuture<?> operation,
      long begun,
      Histogram latencies,
      Failures failures,
      Semaphore free) {
    operation.whenComplete(
        (result, error) -> {
          if (error == null) {
            latencies.recordValue(clock.monotonicNanos() - begun);
          } else {
            failures.note();
          }
          free.release();
        });
  }
}
