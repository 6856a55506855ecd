package io.cairnfs.metaserver.command;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.metrics.Histogram;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.raft.ReplicatedLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Group commit: commands that arrive together, or while enough earlier entries are on their way,
 * travel together as one entry. Any thread; the queue has a bound, beyond it callers are told BUSY.
 */
public final class CommandGatherer implements CommandSink {
  private static final int MAX_QUEUED = 16_384;
  private static final long MAX_QUEUED_BYTES = 64L << 20;
  private static final int MAX_BATCH = 512;
  private static final int MAX_BATCH_BYTES = 4 << 20;
  private static final int MAX_COMMAND_BYTES = 6 << 20;
  private static final int BUSY_RETRY_MILLIS = 20;

  /**
   * The disk gathers, too: all entries that arrive during one force are forced together by the
   * next. A command that waited here for an earlier entry would wait for one force more.
   */
  static final int MAX_IN_FLIGHT = 8;

  private final ReplicatedLog<List<CommandReply>> log;
  private final Executor afterArrivals;
  private final Clock clock;
  private final Histogram batchCommands;

  private final Object lock = new Object();
  private final ArrayDeque<Pending> queue = new ArrayDeque<>();
  private long queuedBytes;
  private int inFlight;
  private boolean sendScheduled;

  private record Pending(Command command, int bytes, CompletableFuture<CommandReply> reply) {}

  /**
   * @param afterArrivals runs what it is given when the commands that have arrived by then are
   *     submitted: the event loop that reads them; must not run it at once on another thread that
   *     would have to be woken for each
   */
  public CommandGatherer(
      ReplicatedLog<List<CommandReply>> log,
      Executor afterArrivals,
      Clock clock,
      MetricRegistry metrics) {
    this.log = log;
    this.afterArrivals = afterArrivals;
    this.clock = clock;
    this.batchCommands = metrics.histogram("metaserver.batch.commands");
  }

  @Override
  public CompletableFuture<CommandReply> submit(Command.Builder builder) {
    Command command = builder.setStampNanos(clock.wallNanos()).build();
    int bytes = command.getSerializedSize();
    if (bytes > MAX_COMMAND_BYTES) {
      return CompletableFuture.failedFuture(
          new CairnException(
              ErrorCode.TOO_LARGE,
              "command of " + bytes + " bytes; at most " + MAX_COMMAND_BYTES + " are possible"));
    }
    Pending pending = new Pending(command, bytes, new CompletableFuture<>());
    boolean schedule;
    synchronized (lock) {
      if (queue.size() >= MAX_QUEUED || queuedBytes + bytes > MAX_QUEUED_BYTES) {
        return CompletableFuture.failedFuture(
            CairnException.busy(queue.size() + " commands are waiting", BUSY_RETRY_MILLIS));
      }
      queue.add(pending);
      queuedBytes += bytes;
      schedule = !sendScheduled && inFlight < MAX_IN_FLIGHT;
      sendScheduled |= schedule;
    }
    if (schedule) {
      schedule();
    }
    return pending.reply();
  }

  private void schedule() {
    try {
      afterArrivals.execute(this::sendArrived);
    } catch (RejectedExecutionException e) {
      // The event loop ends with the process; nobody would be answered through it either.
      failQueued(new CairnException(ErrorCode.UNAVAILABLE, "this server stops"));
    }
  }

  private void failQueued(CairnException failure) {
    List<Pending> waiting;
    synchronized (lock) {
      sendScheduled = false;
      waiting = new ArrayList<>(queue);
      queue.clear();
      queuedBytes = 0;
    }
    answer(waiting, List.of(), failure);
  }

  private void sendArrived() {
    List<Pending> batch;
    synchronized (lock) {
      sendScheduled = false;
      // The reply to an earlier entry may have taken all with it.
      batch = inFlight < MAX_IN_FLIGHT ? take() : List.of();
      if (!batch.isEmpty()) {
        inFlight++;
      }
    }
    send(batch);
  }

  /** The next entry's commands; called with the lock held. */
  private List<Pending> take() {
    List<Pending> batch = new ArrayList<>(Math.min(queue.size(), MAX_BATCH));
    int bytes = 0;
    while (!queue.isEmpty()
        && batch.size() < MAX_BATCH
        && (batch.isEmpty() || bytes + queue.peek().bytes() <= MAX_BATCH_BYTES)) {
      Pending next = queue.remove();
      bytes += next.bytes();
      batch.add(next);
    }
    queuedBytes -= bytes;
    return batch;
  }

  private void send(List<Pending> batch) {
    if (batch.isEmpty()) {
      return;
    }
    batchCommands.record(batch.size());
    CommandBatch.Builder entry = CommandBatch.newBuilder();
    for (Pending pending : batch) {
      entry.addCommands(pending.command());
    }
    CompletableFuture<?> unused =
        log.submit(entry.build().toByteArray())
            .whenComplete(
                (replies, failure) -> {
                  sendNext();
                  answer(batch, replies, failure);
                });
  }

  private void sendNext() {
    List<Pending> next;
    synchronized (lock) {
      next = take();
      if (next.isEmpty()) {
        inFlight--;
      }
    }
    send(next);
  }

  private static void answer(List<Pending> batch, List<CommandReply> replies, Throwable failure) {
    for (int i = 0; i < batch.size(); i++) {
      if (failure == null) {
        batch.get(i).reply().complete(replies.get(i));
      } else {
        batch.get(i).reply().completeExceptionally(failure);
      }
    }
  }
}
