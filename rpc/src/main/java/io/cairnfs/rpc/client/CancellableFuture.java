package io.cairnfs.rpc.client;

import java.util.concurrent.CompletableFuture;

/** A future whose cancellation reaches the server. */
final class CancellableFuture<T> extends CompletableFuture<T> {
  private volatile Runnable onCancel = () -> {};

  void onCancel(Runnable action) {
    onCancel = action;
    if (isCancelled()) {
      action.run();
    }
  }

  @Override
  public boolean cancel(boolean mayInterrupt) {
    boolean cancelled = super.cancel(mayInterrupt);
    if (cancelled) {
      onCancel.run();
    }
    return cancelled;
  }
}
