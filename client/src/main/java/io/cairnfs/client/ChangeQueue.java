package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.BatchResult;
import io.cairnfs.proto.metadata.ChangeBatch;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.InodeRange;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this client has answered for and not told the cluster yet, in its order. One batch is under
 * way at a time; what comes meanwhile is the next one, so that batches grow with the load. The
 * first change that fails ends the queue: everything behind it fails with it. Safe for any thread;
 * callbacks run on event loops.
 */
final class ChangeQueue {
  private static final Logger LOG = LoggerFactory.getLogger(ChangeQueue.class);
  private static final int MAX_LOGGED = 100;
  private static final int MAX_CHANGES = 4_096;
  private static final long MAX_BYTES = 16L << 20;
  private static final int MAX_BATCH = 512;
  private static final long MAX_BATCH_BYTES = 1L << 20;

  private final ClientEnvironment environment;
  private final Session session;
  private final Consumer<CairnException> failed;
  private final Consumer<InodeRange> ids;

  /** What the change of one entry leads to. */
  interface Change {
    /** What it is about, for the log. */
    long inode();

    /** As it is to be sent: asked for once, when all before it are done or in the same batch. */
    DirectoryChange.Builder make();

    /** The change was done. */
    void done(OperationResult result);

    /** It never will be. */
    void lost(CairnException reason);
  }

  private record Entry(long number, Optional<OnBehalf> behalf, long bytes, Change change) {}

  @GuardedBy("this")
  private final Deque<Entry> waiting = new ArrayDeque<>();

  @GuardedBy("this")
  private final Deque<Waiter> waiters = new ArrayDeque<>();

  @GuardedBy("this")
  private long waitingBytes;

  @GuardedBy("this")
  private long lastNumber;

  @GuardedBy("this")
  private long lastDone;

  @GuardedBy("this")
  private boolean sending;

  @GuardedBy("this")
  private int idsWanted;

  @GuardedBy("this")
  private CairnException failure;

  private record Waiter(long number, CompletableFuture<Void> done) {}

  /**
   * @param failed told once why nothing more will be done
   * @param ids takes more inode ids that were set aside
   */
  ChangeQueue(
      ClientEnvironment environment,
      Session session,
      Consumer<CairnException> failed,
      Consumer<InodeRange> ids) {
    this.environment = environment;
    this.session = session;
    this.failed = failed;
    this.ids = ids;
  }

  /** Has the next batch ask for more ids. */
  synchronized void wantIds(int count) {
    idsWanted = count;
  }

  /**
   * Takes one more change.
   *
   * @throws CairnException if the queue has failed
   */
  void add(Optional<OnBehalf> behalf, long bytes, Change change) throws CairnException {
    synchronized (this) {
      requireSound();
      lastNumber++;
      waiting.add(new Entry(lastNumber, behalf, bytes, change));
      waitingBytes += bytes;
    }
    send();
  }

  /** Waits while the queue is full; without any lock that those hold who empty it. */
  void awaitRoom() throws CairnException {
    CompletableFuture<Void> half;
    synchronized (this) {
      requireSound();
      if (waiting.size() < MAX_CHANGES && waitingBytes < MAX_BYTES) {
        return;
      }
      half = doneAt(lastNumber - waiting.size() / 2);
    }
    Void unused = environment.await(half);
  }

  /** Returns when all that was taken so far is done. */
  void flush() throws CairnException {
    CompletableFuture<Void> all;
    synchronized (this) {
      requireSound();
      if (lastDone == lastNumber) {
        return;
      }
      all = doneAt(lastNumber);
    }
    Void unused = environment.await(all);
  }

  synchronized boolean isEmpty() {
    return lastDone == lastNumber;
  }

  @GuardedBy("this")
  private CompletableFuture<Void> doneAt(long number) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    waiters.add(new Waiter(number, done));
    return done;
  }

  @GuardedBy("this")
  private void requireSound() throws CairnException {
    if (failure != null) {
      throw Failures.here(failure);
    }
  }

  private void send() {
    List<Entry> batch = new ArrayList<>();
    ChangeBatch.Builder message = ChangeBatch.newBuilder();
    Operation.Builder operation = Operation.newBuilder();
    synchronized (this) {
      if (sending || waiting.isEmpty() || failure != null) {
        return;
      }
      sending = true;
      Optional<OnBehalf> behalf = waiting.peek().behalf();
      long bytes = 0;
      while (!waiting.isEmpty()
          && batch.size() < MAX_BATCH
          && bytes < MAX_BATCH_BYTES
          && waiting.peek().behalf().equals(behalf)) {
        Entry next = waiting.remove();
        waitingBytes -= next.bytes();
        bytes += next.bytes();
        batch.add(next);
      }
      behalf.ifPresent(operation::setOnBehalf);
      message.setInodes(idsWanted);
      idsWanted = 0;
    }
    batch.forEach(entry -> message.addChanges(entry.change().make().setWantsResult(true)));
    var unused =
        session
            .mutate(operation.setBatch(message).build())
            .whenComplete((result, reason) -> answered(batch, result, reason));
  }

  private void answered(List<Entry> batch, OperationResult result, Throwable reason) {
    if (reason != null) {
      fail(batch, 0, Failures.of(reason));
      return;
    }
    BatchResult done = result.getBatch();
    if (done.getInodes().getCount() > 0) {
      ids.accept(done.getInodes());
    }
    for (int i = 0; i < done.getDone(); i++) {
      batch.get(i).change().done(done.getResults(i));
    }
    if (done.getDone() < batch.size()) {
      fail(
          batch,
          done.getDone(),
          new CairnException(ErrorCode.ofNumber(done.getErrorCode()), done.getErrorMessage()));
      return;
    }
    List<Waiter> over = new ArrayList<>();
    synchronized (this) {
      sending = false;
      long until = batch.get(batch.size() - 1).number();
      lastDone = until;
      waiters.removeIf(waiter -> waiter.number() <= until && over.add(waiter));
    }
    over.forEach(waiter -> waiter.done().complete(null));
    send();
  }

  /** Sends nothing more: what waits is lost. What is under way is answered still. */
  void end(CairnException reason) {
    fail(List.of(), 0, reason);
  }

  private void fail(List<Entry> batch, int done, CairnException reason) {
    List<Entry> lost = new ArrayList<>(batch.subList(done, batch.size()));
    List<Waiter> over;
    synchronized (this) {
      if (failure == null) {
        failure = reason;
      }
      lost.addAll(waiting);
      waiting.clear();
      waitingBytes = 0;
      over = List.copyOf(waiters);
      waiters.clear();
    }
    if (!lost.isEmpty()) {
      LOG.error(
          "{} changes that were answered for are lost: {}; inodes {}{}",
          lost.size(),
          reason.getMessage(),
          lost.stream().limit(MAX_LOGGED).map(entry -> entry.change().inode()).distinct().toList(),
          lost.size() > MAX_LOGGED ? " and more" : "");
    }
    lost.forEach(entry -> entry.change().lost(reason));
    failed.accept(reason);
    over.forEach(waiter -> waiter.done().completeExceptionally(reason));
  }
}
