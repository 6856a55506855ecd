package io.cairnfs.contract.linux;

import io.cairnfs.contract.PosixException;
import java.io.Closeable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToLongFunction;

/** System calls as one user makes them, with umask 0 and a thread of its own. Any thread. */
public final class LinuxCaller implements Closeable {
  private final ExecutorService thread;

  /**
   * @throws PosixException if the identity cannot be taken on
   */
  public LinuxCaller(LinuxUsers users, String user) throws PosixException {
    this.thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(task, "calls-" + user);
              made.setDaemon(true);
              return made;
            });
    int id = users.user(user);
    long refused = call(library -> LinuxFace.tryToBecome(id, users.othersToo()));
    if (refused < 0) {
      throw new PosixException((int) -refused, "identity of " + user);
    }
  }

  /**
   * Makes one call.
   *
   * @return its result, or the negative errno
   */
  public long call(ToLongFunction<CLibrary> call) {
    Future<Long> result = thread.submit(() -> LinuxFace.resultOf(call));
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
