package io.cairnfs.dataserver.storage;

import com.google.common.util.concurrent.Uninterruptibles;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;

/**
 * Forces both files of a replica at the same moment, where a helper is free: the disk then makes
 * one journal commit and one flush of what would be two of each. Safe for any thread.
 */
final class PairedForce {
  private final Executor helpers;

  /**
   * @param helpers may block on the disk; may be late, refuse, or do nothing: then the caller's
   *     thread forces one file after the other
   */
  PairedForce(Executor helpers) {
    this.helpers = helpers;
  }

  /** Both files are forced on return; on failure nobody forces either any more. */
  void force(DiskFile data, DiskFile sums) throws IOException {
    FutureTask<Void> other =
        new FutureTask<>(
            () -> {
              sums.force();
              return null;
            });
    offer(other);
    IOException failure = null;
    try {
      data.force();
    } catch (IOException e) {
      failure = e;
    }
    // Does nothing where a helper has begun.
    other.run();
    try {
      var unused = Uninterruptibles.getUninterruptibly(other);
    } catch (ExecutionException e) {
      failure = joined(failure, e.getCause());
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void offer(FutureTask<Void> task) {
    try {
      helpers.execute(task);
    } catch (RejectedExecutionException e) {
      // Too busy to help: the caller does it.
    }
  }

  private static IOException joined(IOException first, Throwable second) {
    IOException failure =
        second instanceof IOException own
            ? own
            : new IOException("forcing checksums: " + second, second);
    if (first == null) {
      return failure;
    }
    first.addSuppressed(failure);
    return first;
  }
}
