package io.cairnfs.bench.rig;

import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that share a number of operations, each doing one after the other. */
public final class Callers {
  private final Clock clock;

  public Callers(Clock clock) {
    this.clock = clock;
  }

  /** One operation; numbers start at 0. */
  public interface Work {
    void run(int number) throws IOException;
  }

  /**
   * Seconds that {@code count} operations took.
   *
   * @throws IOException as the first operation that failed
   */
  public double seconds(int callers, int count, Work work)
      throws IOException, InterruptedException {
    AtomicInteger next = new AtomicInteger();
    CountDownLatch begin = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(callers);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        done.add(
            pool.submit(
                () -> {
                  begin.await();
                  for (int number = next.getAndIncrement();
                      number < count;
                      number = next.getAndIncrement()) {
                    work.run(number);
                  }
                  return null;
                }));
      }
      long start = clock.monotonicNanos();
      begin.countDown();
      for (Future<?> each : done) {
        each.get();
      }
      return (clock.monotonicNanos() - start) / 1e9;
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  /** Operations a second. */
  public double rate(int callers, int count, Work work) throws IOException, InterruptedException {
    return count / seconds(callers, count, work);
  }
}
