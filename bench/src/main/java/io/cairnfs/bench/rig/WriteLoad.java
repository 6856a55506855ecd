package io.cairnfs.bench.rig;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Threads that create files without pause until closed, and the longest time in which none of them
 * got an answer. For one controlling thread.
 */
public final class WriteLoad implements AutoCloseable {
  private static final int DIRECTORIES = 64;

  private final CairnFileSystem fileSystem;
  private final Clock clock;
  private final String root;
  private final List<Thread> threads = new ArrayList<>();
  private final Object lock = new Object();
  // Guarded by lock.
  private long completed;
  private long lastNanos;
  private long longestNanos;
  private long failed;
  private Optional<IOException> firstFailure = Optional.empty();
  private volatile boolean closed;

  public WriteLoad(CairnFileSystem fileSystem, Clock clock, String root, int callers) {
    this.fileSystem = fileSystem;
    this.clock = clock;
    this.root = root;
    lastNanos = clock.monotonicNanos();
    for (int caller = 0; caller < callers; caller++) {
      String prefix = root + "/%d/" + caller + "-";
      Thread thread = new Thread(() -> run(prefix), "load-" + caller);
      threads.add(thread);
      thread.start();
    }
  }

  private void run(String prefix) {
    for (long number = 0; !closed; number++) {
      CairnPath path = CairnPath.of(prefix.formatted(number % DIRECTORIES) + number);
      try {
        long length =
            fileSystem
                .createWithContent(
                    path, ByteBuffer.allocate(0), CreateOptions.defaults().createParents())
                .length();
        answered(length == 0 ? Optional.empty() : Optional.of(new IOException(path + " grew")));
      } catch (IOException e) {
        answered(Optional.of(e));
      }
    }
  }

  private void answered(Optional<IOException> failure) {
    synchronized (lock) {
      long now = clock.monotonicNanos();
      if (failure.isPresent()) {
        failed++;
        if (firstFailure.isEmpty()) {
          firstFailure = failure;
        }
      } else {
        completed++;
        longestNanos = Math.max(longestNanos, now - lastNanos);
        lastNanos = now;
      }
      lock.notifyAll();
    }
  }

  /** Calls that were answered well. */
  public long completed() {
    synchronized (lock) {
      return completed;
    }
  }

  public long failed() {
    synchronized (lock) {
      return failed;
    }
  }

  public Optional<IOException> firstFailure() {
    synchronized (lock) {
      return firstFailure;
    }
  }

  /** The longest time without an answer since the last call of this method, in milliseconds. */
  public double takeLongestGapMillis() {
    synchronized (lock) {
      double millis = longestNanos / 1e6;
      longestNanos = 0;
      return millis;
    }
  }

  /** Waits until so many more calls were answered well. */
  public void await(long more, long timeoutSeconds) throws InterruptedException, TimeoutException {
    synchronized (lock) {
      long wanted = completed + more;
      long deadline = clock.monotonicNanos() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
      while (completed < wanted) {
        long left = deadline - clock.monotonicNanos();
        if (left <= 0) {
          throw new TimeoutException(
              "no %d answers within %d s; %d calls failed, the first: %s"
                  .formatted(more, timeoutSeconds, failed, firstFailure));
        }
        lock.wait(Math.max(1, left / 1_000_000));
      }
    }
  }

  public String root() {
    return root;
  }

  /** Ends the threads; calls on their way are waited for. */
  @Override
  public void close() throws InterruptedException {
    closed = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
