package io.cairnfs.metaserver.session;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.ExpireSession;
import io.cairnfs.proto.metadata.SessionHeartbeatReply;
import io.cairnfs.proto.metadata.SessionHeartbeatRequest;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.rpc.server.ServerCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears the heartbeats of sessions and ends those that are silent for too long. States of a session
 * here: unknown, heard (since some moment), expiring (its end is logged). A leader that itself
 * stood still gives every session that time on top.
 *
 * <p>Heartbeats come from any thread, {@link #tick} from one timer.
 */
public final class SessionDriver implements LeadershipListener {
  private static final Logger logger = LoggerFactory.getLogger(SessionDriver.class);

  /** A pause between two ticks beyond this is the leader's own, not the clients'. */
  private static final long OWN_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private static final int MAX_ENDS_PER_TICK = 100;

  /**
   * A client that reads for longer than a second has a session and says at once what it has open,
   * and a report on its way is not older than this.
   */
  private static final long TELLING_NANOS = Duration.ofSeconds(4).toNanos();

  /** Every key begins with the id of its view. */
  private static final int VIEW_BYTES = 1;

  private final Supplier<StoreView> views;
  private final CommandSink sink;
  private final Clock clock;
  private final Duration timeout;
  private final Map<Long, Long> heardNanos = new ConcurrentHashMap<>();

  /** What each session has open, as it last said; a session is absent until it has. */
  private final Map<Long, Report> openInodes = new ConcurrentHashMap<>();

  /** How far this member had come at times, the oldest first. */
  private final Deque<Moment> moments = new ConcurrentLinkedDeque<>();

  private final LongFunction<List<Long>> recalled;
  private final WantedChunks wanted;
  private volatile long leadingTerm;
  private long lastTickNanos;

  private record Report(Set<Long> inodes, long nanos) {}

  private record Moment(long nanos, long index) {}

  /**
   * @param timeout silence after which a session ends
   * @param recalled inodes whose write leases others want of a session
   * @param wanted chunks that sessions are to close
   */
  public SessionDriver(
      Supplier<StoreView> views,
      CommandSink sink,
      Clock clock,
      Duration timeout,
      LongFunction<List<Long>> recalled,
      WantedChunks wanted) {
    this.views = views;
    this.sink = sink;
    this.clock = clock;
    this.timeout = timeout;
    this.recalled = recalled;
    this.wanted = wanted;
    this.lastTickNanos = clock.monotonicNanos();
  }

  @Override
  public void leadershipGained(long term) {
    heardNanos.clear();
    openInodes.clear();
    moments.clear();
    long now = clock.monotonicNanos();
    try (StoreView view = views.get();
        RecordCursor sessions = view.scanPrefix(Table.SESSION, new KeyBuilder(0).build())) {
      while (sessions.next()) {
        heardNanos.put(KeyBuilder.longAt(sessions.key(), VIEW_BYTES), now);
      }
    }
    leadingTerm = term;
  }

  @Override
  public void leadershipLost(long term) {
    leadingTerm = 0;
    heardNanos.clear();
    openInodes.clear();
  }

  /** A session was opened, or opened again, just now. */
  public void opened(SessionId session) {
    long now = clock.monotonicNanos();
    heardNanos.put(session.value(), now);
    openInodes.putIfAbsent(session.value(), new Report(Set.of(), now));
  }

  /** A session was ended by its client. */
  public void closed(SessionId session) {
    forget(session.value());
  }

  private void forget(long session) {
    heardNanos.remove(session);
    openInodes.remove(session);
  }

  /** How many sessions are being listened for. Any thread. */
  public long heardSessions() {
    return heardNanos.size();
  }

  /** Method SESSION_HEARTBEAT. */
  public void heartbeat(ServerCall call) throws CairnException {
    SessionHeartbeatRequest request = call.message(SessionHeartbeatRequest.parser());
    long term = leadingTerm;
    if (term == 0) {
      throw CairnException.notLeader("");
    }
    requireSession(request.getSession(), call.peer().identity().user());
    long now = clock.monotonicNanos();
    openInodes.put(request.getSession(), new Report(Set.copyOf(request.getOpenInodesList()), now));
    heardNanos.put(request.getSession(), now);
    call.reply(
        SessionHeartbeatReply.newBuilder()
            .setTimeoutMillis((int) timeout.toMillis())
            .setTerm(term)
            .addAllRecalledInodes(recalled.apply(request.getSession()))
            .addAllWantedChunks(wanted.of(request.getSession()))
            .build());
  }

  private void requireSession(long session, String user) throws CairnException {
    try (StoreView view = views.get()) {
      requireSession(view, session, user);
    }
  }

  /**
   * @throws CairnException SESSION_EXPIRED, PERMISSION_DENIED
   */
  static void requireSession(StoreView view, long session, String user) throws CairnException {
    SessionRecord record =
        session <= 0 ? null : new Namespace(view).session(new SessionId(session)).orElse(null);
    if (record == null) {
      throw new CairnException(ErrorCode.SESSION_EXPIRED, "session=" + session + " has ended");
    }
    if (!record.user().equals(user)) {
      throw new CairnException(
          ErrorCode.PERMISSION_DENIED, "session=" + session + " belongs to another user");
    }
  }

  /**
   * What live sessions have open; empty while some session has not told this leader yet, and where
   * this process does not lead. Any thread.
   */
  public Optional<HeldInodes> heldInodes() {
    Set<Long> held = new HashSet<>();
    long now = clock.monotonicNanos();
    long quiet = 0;
    for (long session : heardNanos.keySet()) {
      Report report = openInodes.get(session);
      if (report == null) {
        return Optional.empty();
      }
      held.addAll(report.inodes());
      quiet = Math.max(quiet, now - report.nanos());
    }
    return leadingTerm == 0
        ? Optional.empty()
        : Optional.of(new HeldInodes(held, indexAt(now - quiet - TELLING_NANOS)));
  }

  /** A log index that was reached by then, 0 if that is not known. */
  private long indexAt(long nanos) {
    long index = 0;
    for (Moment moment : moments) {
      if (moment.nanos() - nanos > 0) {
        break;
      }
      index = moment.index();
    }
    return index;
  }

  private void note() {
    long index;
    try (StoreView view = views.get()) {
      index = view.applied().index();
    }
    long now = clock.monotonicNanos();
    moments.addLast(new Moment(now, index));
    while (now - moments.getFirst().nanos() > 2 * timeout.toNanos() + TELLING_NANOS) {
      moments.removeFirst();
    }
  }

  /** Looks for silent sessions; to be called about once a second by one thread. */
  public void tick() {
    long now = clock.monotonicNanos();
    long pause = now - lastTickNanos;
    lastTickNanos = now;
    if (leadingTerm == 0) {
      return;
    }
    note();
    if (pause > 2 * OWN_PAUSE_NANOS) {
      long extra = pause - OWN_PAUSE_NANOS;
      logger.warn("leader stood still for {} ms: every session gets that time", pause / 1_000_000);
      heardNanos.replaceAll((session, heard) -> heard + extra);
      return;
    }
    for (long session : silent(now)) {
      expire(session);
    }
  }

  /**
   * The sessions that are silent for too long, the longest first; at most so many as a tick may
   * end.
   */
  private List<Long> silent(long now) {
    List<Map.Entry<Long, Long>> found = new ArrayList<>();
    for (Map.Entry<Long, Long> entry : heardNanos.entrySet()) {
      if (now - entry.getValue() > timeout.toNanos()) {
        found.add(Map.entry(entry.getKey(), entry.getValue()));
      }
    }
    found.sort(Comparator.comparingLong(Map.Entry::getValue));
    return found.stream().limit(MAX_ENDS_PER_TICK).map(Map.Entry::getKey).toList();
  }

  private void expire(long session) {
    CompletableFuture<?> unused =
        sink.submit(
                Command.newBuilder()
                    .setSuperuser(true)
                    .setExpireSession(ExpireSession.newBuilder().setSession(session)))
            .whenComplete(
                (reply, failure) -> {
                  if (failure != null) {
                    logger.debug("session={} could not be ended yet", session, failure);
                    return;
                  }
                  forget(session);
                  // One that its client ended while a last heartbeat was under way is no news.
                  if (reply.getChanged()) {
                    logger.info("session={} ended: silent for more than {}", session, timeout);
                  }
                });
  }
}
