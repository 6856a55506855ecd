package io.cairnfs.raft.driver;

import io.cairnfs.raft.core.Proposal;
import java.util.concurrent.CompletableFuture;

/**
 * What somebody wants in the log, and whom to tell.
 *
 * @param <T> what the one who waits gets
 */
final class Submission<T> implements Proposal, RaftEngine.Held {
  private final byte[] payload;
  private final CompletableFuture<T> future = new CompletableFuture<>();
  private final long startNanos;

  Submission(byte[] payload, long startNanos) {
    this.payload = payload;
    this.startNanos = startNanos;
  }

  @Override
  public byte[] payload() {
    return payload;
  }

  @Override
  public CompletableFuture<T> future() {
    return future;
  }

  long startNanos() {
    return startNanos;
  }
}
