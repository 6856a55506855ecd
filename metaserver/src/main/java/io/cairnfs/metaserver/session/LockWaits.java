package io.cairnfs.metaserver.session;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.operation.LockRequests;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.AwaitLockReply;
import io.cairnfs.proto.metadata.AwaitLockRequest;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.rpc.server.ServerCall;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Tells clients when claims that wait for locks have them. The queue itself is in the store, and
 * claims are granted as commands are applied; here is only whom to tell, and a client that was not
 * told asks the next leader. What is answered is looked up after a read barrier or after the
 * command that granted it, so it is never older than the question. Any thread.
 */
public final class LockWaits implements LeadershipListener {
  private static final long MAX_PATIENCE_MILLIS = 10_000;
  private static final int MAX_WAITING = 100_000;
  private static final int BUSY_RETRY_MILLIS = 1_000;

  private final Supplier<StoreView> views;
  private final Supplier<CompletableFuture<Long>> readBarrier;
  private final Clock clock;
  private final Map<Long, Waiting> byTicket = new ConcurrentHashMap<>();
  private volatile boolean leading;

  private record Waiting(
      ServerCall call, SessionId session, InodeId inode, LockClaim claim, long untilNanos) {}

  /**
   * @param readBarrier completes when what was committed by now is applied here
   */
  public LockWaits(
      Supplier<StoreView> views, Supplier<CompletableFuture<Long>> readBarrier, Clock clock) {
    this.views = views;
    this.readBarrier = readBarrier;
    this.clock = clock;
  }

  @Override
  public void leadershipGained(long term) {
    leading = true;
  }

  @Override
  public void leadershipLost(long term) {
    leading = false;
    byTicket.keySet().forEach(ticket -> fail(ticket, CairnException.notLeader("")));
  }

  private void fail(long ticket, CairnException reason) {
    Waiting waiting = byTicket.remove(ticket);
    if (waiting != null) {
      waiting.call().fail(reason);
    }
  }

  /** The same sink, of which this hears what claims its commands granted. */
  public CommandSink listeningTo(CommandSink sink) {
    return command ->
        sink.submit(command)
            .whenComplete(
                (reply, failure) -> {
                  if (reply != null && reply.getGrantedTicketsCount() > 0) {
                    granted(reply.getGrantedTicketsList());
                  }
                });
  }

  private void granted(List<Long> tickets) {
    try (StoreView view = views.get()) {
      tickets.forEach(ticket -> look(view, ticket, false));
    }
  }

  /** Method AWAIT_LOCK. */
  public void await(ServerCall call) throws CairnException {
    AwaitLockRequest request = call.message(AwaitLockRequest.parser());
    if (!leading) {
      throw CairnException.notLeader("");
    }
    try (StoreView view = views.get()) {
      SessionDriver.requireSession(view, request.getSession(), call.peer().identity().user());
    }
    SessionId session = new SessionId(request.getSession());
    LockClaim claim = LockRequests.claim(session, request.getClaim());
    InodeId inode = LockRequests.inode(request.getClaim().getInode());
    if (byTicket.size() >= MAX_WAITING) {
      throw CairnException.busy(MAX_WAITING + " calls wait for locks", BUSY_RETRY_MILLIS);
    }
    long patience = Math.min(MAX_PATIENCE_MILLIS, Math.max(0, request.getPatienceMillis()));
    long until = clock.monotonicNanos() + Duration.ofMillis(patience).toNanos();
    Waiting earlier = byTicket.put(claim.number(), new Waiting(call, session, inode, claim, until));
    if (earlier != null) {
      earlier.call().fail(new CairnException(ErrorCode.CANCELLED, "the client asked again"));
    }
    var unused =
        readBarrier
            .get()
            .whenComplete(
                (index, failure) -> {
                  if (failure != null) {
                    fail(claim.number(), CairnException.notLeader(""));
                    return;
                  }
                  try (StoreView view = views.get()) {
                    look(view, claim.number(), false);
                  }
                });
  }

  /** Answers whose patience is over; to be called about once a second by one thread. */
  public void tick() {
    if (byTicket.isEmpty()) {
      return;
    }
    long now = clock.monotonicNanos();
    try (StoreView view = views.get()) {
      byTicket.forEach((ticket, waiting) -> look(view, ticket, now - waiting.untilNanos() >= 0));
    }
  }

  /**
   * Answers a call if its claim does not wait any more.
   *
   * @param inAnyCase also if it does
   */
  private void look(StoreView view, long ticket, boolean inAnyCase) {
    Waiting waiting = byTicket.get(ticket);
    if (waiting == null) {
      return;
    }
    FileLocks locks = LockTable.of(view, waiting.inode());
    boolean waits = locks.isWaiting(ticket);
    if ((waits && !inAnyCase) || !byTicket.remove(ticket, waiting)) {
      return;
    }
    if (!waits && new Namespace(view).session(waiting.session()).isEmpty()) {
      waiting
          .call()
          .fail(new CairnException(ErrorCode.SESSION_EXPIRED, waiting.session() + " has ended"));
      return;
    }
    waiting
        .call()
        .reply(
            AwaitLockReply.newBuilder()
                .setLogIndex(view.applied().index())
                .setWaiting(waits)
                .setToken(waits ? 0 : locks.tokenOf(waiting.claim()).orElse(0L))
                .build());
  }
}
