package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.Histogram;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.namespace.DirectoryHeld;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.raft.ReplicatedLog;
import io.cairnfs.rpc.server.ServerCall;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Linearizable reads: a barrier after the request arrived, then one view of the store. Short reads
 * that need no waiting are answered where they arrive; pages of walks and whatever had to wait go
 * to the executor.
 */
final class ReadService {
  private static final int BUSY_RETRY_MILLIS = 20;

  private final Leadership leadership;
  private final ReplicatedLog<?> log;
  private final Supplier<StoreView> views;
  private final ReadHandler handler;
  private final Consumer<RecalledLease> inTheWay;
  private final HostGroups groups;
  private final Executor executor;
  private final Clock clock;
  private final Counter reads;
  private final Histogram micros;

  /**
   * @param inTheWay hears of directory leases for which reads have to wait
   */
  ReadService(
      Leadership leadership,
      ReplicatedLog<?> log,
      Supplier<StoreView> views,
      ReadHandler handler,
      Consumer<RecalledLease> inTheWay,
      HostGroups groups,
      Executor executor,
      Clock clock,
      MetricRegistry metrics) {
    this.leadership = leadership;
    this.log = log;
    this.views = views;
    this.handler = handler;
    this.inTheWay = inTheWay;
    this.groups = groups;
    this.executor = executor;
    this.clock = clock;
    this.reads = metrics.counter("metaserver.reads.count");
    this.micros = metrics.histogram("metaserver.read.micros");
  }

  /** Method READ. */
  void read(ServerCall call) throws CairnException {
    leadership.require();
    ReadRequest request = call.message(ReadRequest.parser());
    CompletableFuture<Principal> principal =
        groups.principal(
            call.peer().identity().user(),
            request.hasOnBehalf() ? Optional.of(request.getOnBehalf()) : Optional.empty());
    CompletableFuture<Long> barrier = log.readBarrier();
    boolean ready = hasResult(principal) && hasResult(barrier);
    if (ready && isShort(request)) {
      answer(call, request, principal.join());
      return;
    }
    CompletableFuture<?> unused =
        barrier
            .thenCombine(principal, (index, found) -> found)
            .whenComplete(
                (found, failure) -> {
                  if (failure != null) {
                    Refusals.fail(call, failure);
                  } else {
                    handOver(call, request, found);
                  }
                });
  }

  private static boolean hasResult(CompletableFuture<?> future) {
    return future.isDone() && !future.isCompletedExceptionally();
  }

  /** Reads a few records, which are in memory as a rule. */
  private static boolean isShort(ReadRequest request) {
    return switch (request.getKindCase()) {
      case STAT,
          OPEN,
          EXTENTS,
          LIST,
          STAT_FS,
          XATTRS,
          ACL,
          LOCKS,
          TEST_LOCK,
          TRASH,
          POLICIES,
          CODING_POLICIES ->
          true;
      case WALK, REPORT, RING, CHUNK, WHY, DEPENDENCE, DIGEST, CHECK, KIND_NOT_SET -> false;
    };
  }

  private void handOver(ServerCall call, ReadRequest request, Principal principal) {
    try {
      executor.execute(() -> answer(call, request, principal));
    } catch (RejectedExecutionException e) {
      call.fail(CairnException.busy("too many reads are waiting", BUSY_RETRY_MILLIS));
    }
  }

  private void answer(ServerCall call, ReadRequest request, Principal principal) {
    if (call.isCancelled()) {
      call.fail(new CairnException(io.cairnfs.common.error.ErrorCode.CANCELLED, "caller is gone"));
      return;
    }
    long start = clock.monotonicNanos();
    try (StoreView view = views.get()) {
      answer(call, request, principal, view);
    }
    reads.increment();
    micros.record((clock.monotonicNanos() - start) / 1_000);
  }

  private void answer(ServerCall call, ReadRequest request, Principal principal, StoreView view) {
    try {
      call.reply(handler.read(view, request, principal, call.peer().identity().host()));
    } catch (DirectoryHeld e) {
      inTheWay.accept(e.lease());
      call.fail(e.atLogIndex(view.applied().index()));
    } catch (CairnException e) {
      call.fail(e.atLogIndex(view.applied().index()));
    }
  }
}
