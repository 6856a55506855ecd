package io.cairnfs.bench.heal;

import io.cairnfs.bench.report.Median;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * What users do meanwhile: callers that read small files and write some, at a steady and moderate
 * pace, so that what they feel is the work behind their backs and not each other. For one
 * controlling thread.
 */
final class Foreground implements AutoCloseable {
  private static final int CALLERS = 8;
  private static final Duration PERIOD = Duration.ofMillis(50);

  /** One call in so many writes a file. */
  private static final int WRITES = 5;

  private static final int WRITTEN_BYTES = 16 << 10;

  private final CairnFileSystem fileSystem;
  private final Clock clock;
  private final int files;
  private final List<Thread> threads = new ArrayList<>();
  private final Object lock = new Object();
  // Guarded by lock.
  private List<Long> nanos = new ArrayList<>();
  private long failed;
  private Optional<IOException> firstFailure = Optional.empty();
  private volatile boolean closed;

  /**
   * @param round names the files that are written
   * @param files of {@link HealFiles} that are read
   */
  Foreground(CairnFileSystem fileSystem, Clock clock, String round, int files) {
    this.fileSystem = fileSystem;
    this.clock = clock;
    this.files = files;
    for (int caller = 0; caller < CALLERS; caller++) {
      String prefix = "/foreground/" + round + "/" + caller + "/";
      int seed = caller;
      Thread thread = new Thread(() -> run(prefix, seed), "foreground-" + caller);
      threads.add(thread);
      thread.start();
    }
  }

  /**
   * What was felt.
   *
   * @param calls that were answered
   * @param p50 milliseconds of a call, as the others
   */
  record Felt(int calls, double p50, double p99, double longest) {}

  private void run(String prefix, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] content = new byte[WRITTEN_BYTES];
    long next = clock.monotonicNanos() + random.nextLong(PERIOD.toNanos());
    for (long number = 0; !closed; number++) {
      LockSupport.parkNanos(next - clock.monotonicNanos());
      long start = clock.monotonicNanos();
      next = Math.max(next + PERIOD.toNanos(), start);
      try {
        if (number % WRITES == 0) {
          write(CairnPath.of(prefix + number), content);
        } else {
          HealFiles.checkSmall(fileSystem, random.nextInt(files));
        }
        took(clock.monotonicNanos() - start, Optional.empty());
      } catch (IOException e) {
        took(clock.monotonicNanos() - start, Optional.of(e));
      }
    }
  }

  private void write(CairnPath path, byte[] content) throws IOException {
    long written =
        fileSystem
            .createWithContent(
                path, ByteBuffer.wrap(content), CreateOptions.defaults().createParents())
            .length();
    if (written != WRITTEN_BYTES) {
      throw new IOException(path + " has " + written + " bytes");
    }
  }

  private void took(long each, Optional<IOException> failure) {
    synchronized (lock) {
      nanos.add(each);
      if (failure.isPresent()) {
        failed++;
        firstFailure = firstFailure.isPresent() ? firstFailure : failure;
      }
    }
  }

  /** What was felt since the last call of this method. */
  Felt take() {
    List<Long> taken;
    synchronized (lock) {
      taken = nanos;
      nanos = new ArrayList<>();
    }
    double[] sorted = taken.stream().mapToDouble(each -> each / 1e6).sorted().toArray();
    return sorted.length == 0
        ? new Felt(0, 0, 0, 0)
        : new Felt(
            sorted.length,
            Median.quantile(sorted, 0.5),
            Median.quantile(sorted, 0.99),
            sorted[sorted.length - 1]);
  }

  long failed() {
    synchronized (lock) {
      return failed;
    }
  }

  Optional<IOException> firstFailure() {
    synchronized (lock) {
      return firstFailure;
    }
  }

  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
      interrupted |= !joined(thread);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean joined(Thread thread) {
    try {
      thread.join();
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
