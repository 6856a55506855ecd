package io.cairnfs.fuse.binding.jnr;

import io.cairnfs.fuse.vfs.Errno;
import io.cairnfs.fuse.vfs.LockRequest;
import io.cairnfs.fuse.vfs.Vfs;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;

/**
 * Takes locks for libfuse's threads. Who has to wait waits on a thread of its own, so that a signal
 * to the process ends that: libfuse says only on its own thread that there was one. Any thread.
 */
final class LockCalls {
  private static final long ASK_MILLIS = 50;

  private final Vfs vfs;
  private final BooleanSupplier interrupted;

  LockCalls(Vfs vfs, BooleanSupplier interrupted) {
    this.vfs = vfs;
    this.interrupted = interrupted;
  }

  void take(LockRequest request, boolean wait) throws IOException, Errno {
    try {
      vfs.lock(request, false);
      return;
    } catch (Errno e) {
      if (e.number() != Errno.EAGAIN || !wait) {
        throw e;
      }
    }
    FutureTask<Integer> claim =
        new FutureTask<>(
            () -> {
              vfs.lock(request, true);
              return 0;
            });
    Thread thread = new Thread(claim, "fuse-lock");
    thread.setDaemon(true);
    thread.start();
    try {
      while (thread.isAlive()) {
        thread.join(ASK_MILLIS);
        if (interrupted.getAsBoolean()) {
          thread.interrupt();
        }
      }
      int unused = claim.get();
    } catch (InterruptedException e) {
      throw new Errno(Errno.EINTR, "interrupted while waiting for the lock");
    } catch (ExecutionException e) {
      throwCause(e.getCause());
    }
  }

  private static void throwCause(Throwable cause) throws IOException, Errno {
    if (cause instanceof IOException refused) {
      throw refused;
    }
    if (cause instanceof Errno refused) {
      throw refused;
    }
    throw new IllegalStateException(cause);
  }
}
