package io.cairnfs.bench.rig;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;

/**
 * Creates many empty files by the real commands, with many calls on their way at once, so that the
 * metaserver gathers them into large entries.
 */
public final class Filler {
  private static final int ON_THEIR_WAY = 2_048;
  private static final long TELL_EVERY_NANOS = 10_000_000_000L;

  private final CairnFileSystem fileSystem;
  private final Clock clock;

  public Filler(CairnFileSystem fileSystem, Clock clock) {
    this.fileSystem = fileSystem;
    this.clock = clock;
  }

  /**
   * Creates {@code count} files and tells its progress on standard error.
   *
   * @param name path of the file of a number
   * @return files a second
   */
  public double fill(String what, long count, LongFunction<String> name)
      throws IOException, InterruptedException {
    return fill(what, 0, count, name);
  }

  /** The same for the files of the numbers from {@code first} to {@code end} less one. */
  public double fill(String what, long first, long end, LongFunction<String> name)
      throws IOException, InterruptedException {
    long count = end - first;
    Semaphore room = new Semaphore(ON_THEIR_WAY);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    long start = clock.monotonicNanos();
    long told = start;
    for (long number = first; number < end && failure.get() == null; number++) {
      room.acquire();
      var unused =
          fileSystem
              .createWithContentAsync(
                  CairnPath.of(name.apply(number)),
                  ByteBuffer.allocate(0),
                  CreateOptions.defaults().createParents())
              .whenComplete(
                  (status, problem) -> {
                    if (problem != null) {
                      failure.compareAndSet(null, problem);
                    }
                    room.release();
                  });
      long now = clock.monotonicNanos();
      if (now - told > TELL_EVERY_NANOS) {
        told = now;
        System.err.printf(
            "%s: %,d of %,d files, %,.0f/s%n",
            what, number - first, count, (number - first) / ((now - start) / 1e9));
      }
    }
    if (!room.tryAcquire(ON_THEIR_WAY, 2, TimeUnit.MINUTES)) {
      throw new IOException(what + ": calls were not answered within two minutes");
    }
    if (failure.get() != null) {
      throw new IOException(what + ": " + failure.get().getMessage(), failure.get());
    }
    return count / ((clock.monotonicNanos() - start) / 1e9);
  }
}
