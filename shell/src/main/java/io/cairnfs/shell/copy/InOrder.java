package io.cairnfs.shell.copy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Runs tasks on several threads and tells of their errors in the order in which they were given. At
 * most a bounded number of tasks is under way: then the caller waits for the oldest. For one
 * calling thread.
 */
public final class InOrder implements AutoCloseable {
  /** Copies a file, or removes one. */
  @FunctionalInterface
  public interface Task {
    void run() throws IOException;
  }

  private final ExecutorService workers;
  private final int bound;
  private final Consumer<IOException> errors;
  private final Deque<Future<?>> pending = new ArrayDeque<>();

  /**
   * @param bound tasks that may be under way or waiting
   * @param errors called on the caller's thread
   */
  public InOrder(int threads, int bound, Consumer<IOException> errors) {
    AtomicInteger number = new AtomicInteger();
    this.workers =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "copy-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    this.bound = Math.max(bound, threads);
    this.errors = errors;
  }

  /**
   * @throws InterruptedIOException if the caller was interrupted while it waited
   */
  public void submit(Task task) throws InterruptedIOException {
    pending.add(
        workers.submit(
            () -> {
              task.run();
              return null;
            }));
    while (pending.size() > bound) {
      awaitOldest();
    }
  }

  /** Waits for all. */
  public void drain() throws InterruptedIOException {
    while (!pending.isEmpty()) {
      awaitOldest();
    }
  }

  private void awaitOldest() throws InterruptedIOException {
    try {
      pending.remove().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException trouble) {
        errors.accept(trouble);
      } else if (e.getCause() instanceof Error error) {
        throw error;
      } else {
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  /** Stops all workers; what they had under way is given up. */
  @Override
  public void close() {
    workers.shutdownNow();
  }
}
