package io.cairnfs.localcluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.SystemClock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntUnaryOperator;

/** Writes one file after the other until it is told to stop; a call that fails ends it. */
final class FileLoad implements AutoCloseable {
  private final RealCluster cluster;
  private final CairnFileSystem fileSystem;
  private final String prefix;
  private final IntUnaryOperator lengths;
  private final SystemClock clock = new SystemClock();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final Semaphore allowed;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final Future<?> done;
  private volatile int written;
  private volatile long longestNanos;

  /**
   * @param lengths of files by their numbers, from 0 on
   * @param ahead so many are written besides those that {@link #awaitFurther} waits for
   */
  FileLoad(
      RealCluster cluster,
      CairnFileSystem fileSystem,
      String prefix,
      IntUnaryOperator lengths,
      int ahead) {
    this.cluster = cluster;
    this.fileSystem = fileSystem;
    this.prefix = prefix;
    this.lengths = lengths;
    allowed = new Semaphore(ahead);
    done =
        thread.submit(
            () -> {
              for (int i = 0; !stop.get(); i++) {
                allowed.acquire();
                long start = clock.monotonicNanos();
                Contents.write(fileSystem, name(i), lengths.applyAsInt(i));
                longestNanos = Math.max(longestNanos, clock.monotonicNanos() - start);
                written = i + 1;
              }
              return null;
            });
  }

  private String name(int file) {
    return prefix + "/f" + file;
  }

  /** So many more are acknowledged. */
  void awaitFurther(int files) throws Exception {
    int target = written + files;
    allowed.release(files);
    boolean unused =
        cluster.await(
            Duration.ofMinutes(1),
            files + " further files",
            () -> {
              if (done.isDone()) {
                done.get();
              }
              return written >= target ? Optional.of(true) : Optional.empty();
            });
  }

  /** The longest write since this was asked last. */
  long takeLongestMillis() {
    long longest = longestNanos;
    longestNanos = 0;
    return TimeUnit.NANOSECONDS.toMillis(longest);
  }

  /** Nothing failed, and what was written is there. */
  void checkAll() throws Exception {
    checkAll(fileSystem);
  }

  /** As {@link #checkAll()}, by another client. */
  void checkAll(CairnFileSystem with) throws Exception {
    stop.set(true);
    allowed.release();
    done.get(60, TimeUnit.SECONDS);
    for (int i = 0; i < written; i++) {
      Contents.check(with, name(i), lengths.applyAsInt(i));
    }
  }

  @Override
  public void close() {
    stop.set(true);
    thread.shutdownNow();
  }
}
