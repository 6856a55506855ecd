package io.cairnfs.client.base;

import com.google.common.util.concurrent.Uninterruptibles;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.rpc.client.RpcClient;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * What every part of one client shares. Safe for any thread, if {@code random} is.
 *
 * @param rpc the transport
 * @param loops the event loops of the transport, which are the client's timer as well
 */
public record ClientEnvironment(
    RpcClient rpc,
    EventLoopGroup loops,
    ByteBufAllocator allocator,
    Clock clock,
    RandomGenerator random,
    ClientEvents events,
    ClientCounters counters,
    SuspectServers suspects,
    BufferBudget buffers) {

  /** Runs the task on an event loop, where it must not block. */
  public ScheduledFuture<?> schedule(Runnable task, long delayMillis) {
    return loops.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
  }

  public Deadline deadline(Duration duration) {
    return Deadline.in(clock, duration);
  }

  /**
   * Waits for a future that is sure to complete by a deadline of its own. An interrupt cancels it.
   *
   * @throws CairnException the future's failure; CANCELLED for an interrupted thread, whose flag is
   *     set again
   */
  public <T> T await(CompletableFuture<T> future) throws CairnException {
    requireMayBlock();
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      throw interrupted(e);
    } catch (ExecutionException | CancellationException e) {
      throw Failures.here(Failures.of(e));
    }
  }

  /**
   * As {@link #await}, but an interrupt waits until the future is completed; the thread's flag is
   * set then.
   */
  public <T> T awaitUninterruptibly(CompletableFuture<T> future) throws CairnException {
    requireMayBlock();
    try {
      return Uninterruptibles.getUninterruptibly(future);
    } catch (ExecutionException | CancellationException e) {
      throw Failures.here(Failures.of(e));
    }
  }

  /** CANCELLED, with the thread's interrupt flag set again. */
  public static CairnException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new CairnException(
        ErrorCode.CANCELLED, "interrupted while waiting for the cluster", cause);
  }

  /** A programmer's error: an event loop that waits for itself waits for ever. */
  public void requireMayBlock() {
    if (onEventLoop()) {
      throw new IllegalStateException(
          "a blocking call on the client's event loop; use the asynchronous variant there");
    }
  }

  public boolean onEventLoop() {
    for (EventExecutor loop : loops) {
      if (loop.inEventLoop()) {
        return true;
      }
    }
    return false;
  }
}
