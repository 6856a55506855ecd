package io.cairnfs.client;

import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Calls that wait, made by threads of the client. Safe for any thread. */
final class BackgroundCalls {
  private final Executor threads;

  BackgroundCalls(Executor threads) {
    this.threads = threads;
  }

  /** Something that waits. */
  interface Call<T> {
    T run() throws IOException;
  }

  /** The same, without a result. */
  interface Action {
    void run() throws IOException;
  }

  /** What was made although nobody wants it any more. */
  interface Unwanted<T> {
    void accept(T result);
  }

  <T> CompletableFuture<T> begin(Call<T> call) {
    return begin(call, result -> {});
  }

  CompletableFuture<Void> beginAction(Action action) {
    return begin(
        () -> {
          action.run();
          return null;
        });
  }

  /**
   * @param unwanted told of what was made for a future that was cancelled meanwhile
   */
  <T> CompletableFuture<T> begin(Call<T> call, Unwanted<T> unwanted) {
    CompletableFuture<T> future = new CompletableFuture<>();
    try {
      threads.execute(() -> run(call, unwanted, future));
    } catch (RejectedExecutionException e) {
      boolean unused =
          future.completeExceptionally(
              new CairnException(
                  ErrorCode.BUSY, "too many calls of this client wait already, or closed", e));
    }
    return future;
  }

  private static <T> void run(Call<T> call, Unwanted<T> unwanted, CompletableFuture<T> future) {
    if (future.isDone()) {
      // Cancelled before it began.
      return;
    }
    try {
      T result = call.run();
      if (!future.complete(result)) {
        unwanted.accept(result);
      }
    } catch (IOException | RuntimeException e) {
      boolean unused = future.completeExceptionally(Failures.of(e));
    }
  }
}
