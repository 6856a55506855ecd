package io.cairnfs.metaserver.session;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.command.RevokeLease;
import io.cairnfs.proto.metadata.AwaitRecallReply;
import io.cairnfs.proto.metadata.AwaitRecallRequest;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.rpc.server.ServerCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the holders of leases to give them back when somebody else writes the file, or looks at the
 * directory, and takes them away from those who do not. States of a lease here: unknown; recalled
 * (since some moment), when a command was refused because of it; revoking (its end is logged).
 * Whoever waits tries again all the time, so that a new leader hears of it by the next try, and
 * begins anew. Any thread.
 */
public final class LeaseRecalls implements LeadershipListener {
  private static final Logger logger = LoggerFactory.getLogger(LeaseRecalls.class);
  private static final long MAX_PATIENCE_MILLIS = 10_000;
  private static final int MAX_WAITING = 100_000;
  private static final int BUSY_RETRY_MILLIS = 1_000;

  /** A pause between two ticks beyond this is the leader's own, not the holders'. */
  private static final long OWN_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Supplier<StoreView> views;
  private final CommandSink sink;
  private final Clock clock;
  private final Duration patience;

  /** By inode. */
  private final Map<Long, Recall> recalls = new HashMap<>();

  /** By session. */
  private final Map<Long, Waiting> waiting = new HashMap<>();

  private boolean leading;
  private long lastTickNanos;

  private record Recall(long session, long lease, long sinceNanos, boolean revoking) {
    Recall later(long nanos) {
      return new Recall(session, lease, sinceNanos + nanos, revoking);
    }

    Recall withRevoking(boolean now) {
      return new Recall(session, lease, sinceNanos, now);
    }
  }

  private record Waiting(ServerCall call, Set<Long> known, long untilNanos) {}

  private record Answer(ServerCall call, List<Long> inodes) {
    void send() {
      call.reply(AwaitRecallReply.newBuilder().addAllRecalledInodes(inodes).build());
    }
  }

  /**
   * @param patience how long a holder has to give a lease back
   */
  public LeaseRecalls(Supplier<StoreView> views, CommandSink sink, Clock clock, Duration patience) {
    this.views = views;
    this.sink = sink;
    this.clock = clock;
    this.patience = patience;
    this.lastTickNanos = clock.monotonicNanos();
  }

  @Override
  public synchronized void leadershipGained(long term) {
    recalls.clear();
    leading = true;
  }

  @Override
  public void leadershipLost(long term) {
    List<Waiting> left;
    synchronized (this) {
      leading = false;
      recalls.clear();
      left = List.copyOf(waiting.values());
      waiting.clear();
    }
    left.forEach(each -> each.call().fail(CairnException.notLeader("")));
  }

  /** The same sink, of which this hears what leases were in the way of its commands. */
  public CommandSink listeningTo(CommandSink commands) {
    return command ->
        commands
            .submit(command)
            .whenComplete(
                (reply, failure) -> {
                  if (reply != null && reply.getRecalledLeasesCount() > 0) {
                    reply.getRecalledLeasesList().forEach(this::recall);
                  }
                });
  }

  /** A lease is in somebody's way, who will try again. */
  public void recall(RecalledLease lease) {
    Waiting told;
    synchronized (this) {
      Recall known = recalls.get(lease.getInode());
      if (!leading || (known != null && known.lease() == lease.getLease())) {
        return;
      }
      recalls.put(
          lease.getInode(),
          new Recall(lease.getSession(), lease.getLease(), clock.monotonicNanos(), false));
      Waiting waits = waiting.get(lease.getSession());
      told = waits == null || waits.known().contains(lease.getInode()) ? null : waits;
      if (told != null) {
        waiting.remove(lease.getSession());
      }
    }
    logger.debug(
        "inode={} lease {} of session={} is recalled",
        lease.getInode(),
        lease.getLease(),
        lease.getSession());
    if (told != null) {
      new Answer(told.call(), List.of(lease.getInode())).send();
    }
  }

  /** Method AWAIT_RECALL. */
  public void await(ServerCall call) throws CairnException {
    AwaitRecallRequest request = call.message(AwaitRecallRequest.parser());
    try (StoreView view = views.get()) {
      SessionDriver.requireSession(view, request.getSession(), call.peer().identity().user());
    }
    long millis = Math.min(MAX_PATIENCE_MILLIS, Math.max(0, request.getPatienceMillis()));
    Waiting next =
        new Waiting(
            call,
            Set.copyOf(new HashSet<>(request.getKnownInodesList())),
            clock.monotonicNanos() + Duration.ofMillis(millis).toNanos());
    List<Answer> answers = new ArrayList<>();
    synchronized (this) {
      if (!leading) {
        throw CairnException.notLeader("");
      }
      if (waiting.size() >= MAX_WAITING) {
        throw CairnException.busy(MAX_WAITING + " clients wait to hear", BUSY_RETRY_MILLIS);
      }
      Waiting earlier = waiting.remove(request.getSession());
      if (earlier != null) {
        answers.add(new Answer(earlier.call(), List.of()));
      }
      forgetEnded();
      List<Long> inodes = recalledOf(request.getSession(), next.known());
      if (inodes.isEmpty()) {
        waiting.put(request.getSession(), next);
      } else {
        answers.add(new Answer(call, inodes));
      }
    }
    answers.forEach(Answer::send);
  }

  private List<Long> recalledOf(long session, Set<Long> known) {
    List<Long> inodes = new ArrayList<>();
    recalls.forEach(
        (inode, recall) -> {
          if (recall.session() == session && !known.contains(inode)) {
            inodes.add(inode);
          }
        });
    return inodes;
  }

  /** Every lease of the session that is wanted back, for its heartbeat. */
  public synchronized List<Long> recalledOf(long session) {
    return recalls.isEmpty() ? List.of() : recalledOf(session, Set.of());
  }

  /**
   * Forgets what was given back, takes away what was not, and answers whose patience is over; to be
   * called about once a second by one thread.
   */
  public void tick() {
    List<Answer> answers = new ArrayList<>();
    Map<Long, Recall> late = new HashMap<>();
    synchronized (this) {
      long now = clock.monotonicNanos();
      long pause = now - lastTickNanos;
      lastTickNanos = now;
      if (!leading) {
        return;
      }
      if (pause > 2 * OWN_PAUSE_NANOS) {
        recalls.replaceAll((inode, recall) -> recall.later(pause - OWN_PAUSE_NANOS));
      }
      forgetEnded();
      recalls.replaceAll(
          (inode, recall) -> {
            if (recall.revoking() || now - recall.sinceNanos() < patience.toNanos()) {
              return recall;
            }
            late.put(inode, recall);
            return recall.withRevoking(true);
          });
      Iterator<Waiting> calls = waiting.values().iterator();
      while (calls.hasNext()) {
        Waiting next = calls.next();
        if (now - next.untilNanos() >= 0) {
          calls.remove();
          answers.add(new Answer(next.call(), List.of()));
        }
      }
    }
    answers.forEach(Answer::send);
    late.forEach(this::revoke);
  }

  private void forgetEnded() {
    if (recalls.isEmpty()) {
      return;
    }
    try (StoreView view = views.get()) {
      Namespace namespace = new Namespace(view);
      recalls
          .entrySet()
          .removeIf(
              entry ->
                  !isInForce(namespace, new InodeId(entry.getKey()), entry.getValue().lease()));
    }
  }

  private static boolean isInForce(Namespace namespace, InodeId inode, long grant) {
    return namespace
        .lease(inode)
        .or(() -> DirectoryLeaseTable.find(namespace.reader(), inode))
        .filter(lease -> lease.grant() == grant)
        .isPresent();
  }

  private void revoke(long inode, Recall recall) {
    CompletableFuture<?> unused =
        sink.submit(
                Command.newBuilder()
                    .setSuperuser(true)
                    .setRevokeLease(
                        RevokeLease.newBuilder().setInode(inode).setLease(recall.lease())))
            .whenComplete(
                (reply, failure) -> {
                  if (failure != null) {
                    logger.debug("inode={} lease could not be revoked yet", inode, failure);
                    tryAgain(inode, recall.lease());
                    return;
                  }
                  if (reply.getChanged()) {
                    logger.info(
                        "inode={} lease {} taken from session={}, which did not give it back in"
                            + " {}",
                        inode,
                        recall.lease(),
                        recall.session(),
                        patience);
                  }
                });
  }

  private synchronized void tryAgain(long inode, long lease) {
    recalls.computeIfPresent(
        inode, (key, recall) -> recall.lease() == lease ? recall.withRevoking(false) : recall);
  }
}
