package io.cairnfs.client.session;

import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A session that the metaservers know: numbers its calls and sees to it that each has one effect.
 */
final class ServedSession implements Session {
  /** Mutations that wait for a call number; beyond, callers are refused. */
  private static final int MAX_QUEUED = 16_384;

  /**
   * Refusals that are a call's stored result: the state machine looked at the operation and could
   * not do it just now. The same call would be told the same for ever; the operation is tried again
   * as a new call, which is safe because the old one has had no effect and never will.
   */
  private static final Set<ErrorCode> NOT_NOW =
      Collections.unmodifiableSet(EnumSet.of(ErrorCode.RETRY, ErrorCode.TOO_FEW_SERVERS));

  /** An operation on its way to its one effect. */
  private static final class Pending {
    private final Operation operation;
    private final Deadline deadline;
    private final CompletableFuture<OperationResult> result = new CompletableFuture<>();
    private int attempts;

    Pending(Operation operation, Deadline deadline) {
      this.operation = operation;
      this.deadline = deadline;
    }
  }

  private final MetadataClient metadata;
  private final SessionId id;
  private final ClusterSettings settings;
  private final CallWindow window;
  private final RecallWatch recalls;
  private final ArrayDeque<Pending> queue = new ArrayDeque<>();
  private final List<Runnable> endListeners = new ArrayList<>();
  private final List<Consumer<Set<Long>>> wantedListeners = new CopyOnWriteArrayList<>();
  private CairnException ended;
  private volatile long trustedUntilNanos;

  ServedSession(MetadataClient metadata, SessionId id, ClusterSettings settings, int outstanding) {
    this.metadata = metadata;
    this.id = id;
    this.settings = settings;
    window = new CallWindow(outstanding);
    recalls = new RecallWatch(metadata, id, this::isOpen);
  }

  @Override
  public SessionId id() {
    return id;
  }

  @Override
  public ClusterSettings settings() {
    return settings;
  }

  @Override
  public synchronized boolean isOpen() {
    return ended == null;
  }

  @Override
  public void onEnd(Runnable action) {
    synchronized (this) {
      if (ended == null) {
        endListeners.add(action);
        return;
      }
    }
    action.run();
  }

  @Override
  public synchronized void removeOnEnd(Runnable action) {
    endListeners.remove(action);
  }

  @Override
  public void onChunksWanted(Consumer<Set<Long>> action) {
    wantedListeners.add(action);
  }

  @Override
  public void removeOnChunksWanted(Consumer<Set<Long>> action) {
    wantedListeners.remove(action);
  }

  /** Others wait for these chunks. */
  void wanted(List<Long> chunks) {
    if (!chunks.isEmpty()) {
      Set<Long> all = Set.copyOf(chunks);
      wantedListeners.forEach(listener -> listener.accept(all));
    }
  }

  @Override
  public boolean isFenced() {
    return false;
  }

  @Override
  public void leaseTaken(long inode, Runnable recalled) {
    recalls.leaseTaken(inode, recalled);
  }

  @Override
  public void leaseGone(long inode, Runnable recalled) {
    recalls.leaseGone(inode, recalled);
  }

  /** Others want these leases. */
  void recalled(List<Long> inodes) {
    var unused = recalls.recalled(inodes);
  }

  @Override
  public CompletableFuture<OperationResult> mutate(Operation operation) {
    return mutate(operation, metadata.timeout());
  }

  CompletableFuture<OperationResult> mutate(Operation operation, Duration timeout) {
    Pending pending = new Pending(operation, metadata.deadline(timeout));
    begin(pending);
    return pending.result;
  }

  private void begin(Pending pending) {
    long call;
    long lowWater;
    synchronized (this) {
      if (ended != null) {
        pending.result.completeExceptionally(ended);
        return;
      }
      if (!window.hasRoom()) {
        if (queue.size() >= MAX_QUEUED) {
          pending.result.completeExceptionally(
              CairnException.busy(MAX_QUEUED + " mutations wait in this client already", 10));
        } else {
          queue.add(pending);
        }
        return;
      }
      call = window.begin();
      lowWater = window.lowWater();
    }
    send(call, lowWater, pending);
  }

  private void send(long call, long lowWater, Pending pending) {
    MutateRequest request =
        MutateRequest.newBuilder()
            .setSession(id.value())
            .setCall(call)
            .setLowWater(lowWater)
            .setOperation(pending.operation)
            .build();
    long number;
    try {
      number = metadata.recorder().mutationSent(id.value(), call, lowWater, pending.operation);
    } catch (CairnException e) {
      finished(call);
      pending.result.completeExceptionally(e);
      return;
    }
    CompletableFuture<MutateReply> reply =
        metadata.call(Method.MUTATE, request, MutateReply.parser(), pending.deadline, NOT_NOW);
    var unused =
        reply.whenComplete(
            (answer, failure) -> {
              // Also a call that was given up counts as answered: it is never sent again, and the
              // mark keeps a late copy of it from being executed.
              finished(call);
              if (failure == null) {
                metadata.recorder().answered(number, answer.getLogIndex(), answer.getResult());
                metadata.learnIndex(answer.getLogIndex());
                pending.result.complete(answer.getResult());
              } else {
                CairnException refusal = Failures.of(failure);
                metadata.recorder().refused(number, refusal);
                metadata.learnIndex(refusal.logIndex());
                refused(pending, refusal);
              }
            });
    cancelWith(pending.result, reply);
  }

  private void refused(Pending pending, CairnException refusal) {
    boolean again =
        NOT_NOW.contains(refusal.code())
            && !pending.result.isDone()
            && metadata.later(
                () -> begin(pending),
                ++pending.attempts,
                refusal.retryAfterMillis(),
                pending.deadline);
    if (again) {
      return;
    }
    if (refusal.code() == ErrorCode.SESSION_EXPIRED) {
      expire(refusal.getMessage());
    }
    pending.result.completeExceptionally(refusal);
  }

  private static void cancelWith(CompletableFuture<?> result, CompletableFuture<?> reply) {
    var unused =
        result.whenComplete(
            (answer, failure) -> {
              if (result.isCancelled()) {
                reply.cancel(true);
              }
            });
  }

  private void finished(long call) {
    List<Runnable> next = new ArrayList<>();
    synchronized (this) {
      window.end(call);
      while (ended == null && window.hasRoom() && !queue.isEmpty()) {
        Pending pending = queue.poll();
        if (!pending.result.isDone()) {
          long number = window.begin();
          long lowWater = window.lowWater();
          next.add(() -> send(number, lowWater, pending));
        }
      }
    }
    next.forEach(Runnable::run);
  }

  @Override
  public long trustedUntilNanos() {
    return trustedUntilNanos;
  }

  /** The cluster has answered what was sent at that time; it counts silence from no earlier. */
  void heardFrom(long sentNanos, int timeoutMillis) {
    trustedUntilNanos = sentNanos + TimeUnit.MILLISECONDS.toNanos(timeoutMillis) * 2 / 3;
  }

  /** The cluster does not know this session any more. */
  void expire(String reason) {
    end(
        new CairnException(
            ErrorCode.SESSION_EXPIRED,
            id + " has expired: what was not committed is lost: " + reason));
  }

  void close() {
    end(new CairnException(ErrorCode.CANCELLED, id + " is closed"));
  }

  private void end(CairnException why) {
    List<Runnable> listeners;
    List<Pending> waiting;
    synchronized (this) {
      if (ended != null) {
        return;
      }
      ended = why;
      listeners = List.copyOf(endListeners);
      endListeners.clear();
      waiting = List.copyOf(queue);
      queue.clear();
    }
    waiting.forEach(pending -> pending.result.completeExceptionally(why));
    listeners.forEach(Runnable::run);
  }
}
