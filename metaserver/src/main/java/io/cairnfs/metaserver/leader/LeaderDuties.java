package io.cairnfs.metaserver.leader;

import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.GarbageSteps;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.OutPolicy;
import io.cairnfs.metaserver.service.AllocationStamp;
import io.cairnfs.metaserver.service.Leadership;
import io.cairnfs.metaserver.service.ReadHandler;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.PurgeStep;
import io.cairnfs.proto.command.ReleaseGarbage;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.command.Tick;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.ReplicatedLog;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.server.RpcServer;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All duties of a leader, on one thread of their own: the answers to data servers, and once a
 * second what is due. A process that does not lead does nothing here.
 */
public final class LeaderDuties implements LeadershipListener, AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(LeaderDuties.class);
  private static final Duration PERIOD = Duration.ofMillis(500);

  /** Without need the cluster's time is logged this seldom. */
  private static final Duration IDLE_TICK = Duration.ofSeconds(30);

  private static final Duration BUSY_TICK = Duration.ofSeconds(1);
  private static final int PURGE_RECORDS = 2_000;
  private static final int RELEASED_CHUNKS = 1_000;

  private final Supplier<StoreView> views;
  private final Leadership leadership;
  private final Clock clock;
  private final Times times;
  private final FatalErrors fatal;
  private final Proposals proposals;
  private final ServerBoard board;
  private final SlotStamp stamp;
  private final DataServerCalls calls;
  private final SettleDriver settling;
  private final SlotMoves moves;
  private final LeaderReads reads;
  private final ScheduledExecutorService thread;

  private volatile boolean slotsChanged = true;
  private final Map<Integer, ServerHealth> lastHealth = new HashMap<>();
  private final Map<Integer, Boolean> lastSpace = new HashMap<>();
  private long servedTerm;
  private long lastTickNanos;
  private volatile boolean purging;
  private volatile boolean releasing;

  /** When a silent data server is what, and how long garbage waits. */
  public record Times(
      Duration suspectAfter, Duration downAfter, Duration outAfter, Duration garbageGrace) {}

  /** What the duties stand on. */
  public record Parts(
      Supplier<StoreView> views,
      ReplicatedLog<?> log,
      Leadership leadership,
      CommandSink sink,
      RpcClient client,
      String securityMode) {}

  public LeaderDuties(
      Parts parts, Times times, Clock clock, RandomGenerator random, FatalErrors fatal) {
    this.views = parts.views();
    this.leadership = parts.leadership();
    this.clock = clock;
    this.times = times;
    this.fatal = fatal;
    this.proposals = new Proposals(parts.sink());
    this.board = new ServerBoard(clock, times.suspectAfter(), times.downAfter());
    this.stamp = new SlotStamp(views, board, random);
    this.calls =
        new DataServerCalls(
            leadership, views, proposals, board, parts.client(), () -> slotsChanged = true);
    this.settling = new SettleDriver(views, proposals, parts.client(), leadership::leadingTerm);
    this.moves = new SlotMoves(views, proposals, board, clock, () -> slotsChanged = true);
    this.reads = new LeaderReads(board, parts.log(), parts.securityMode());
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread made = new Thread(task, "metaserver-duties");
              made.setDaemon(true);
              return made;
            });
    var unused =
        thread.scheduleWithFixedDelay(
            () -> guarded(this::tick), 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void guarded(Runnable duty) {
    try {
      duty.run();
    } catch (RuntimeException | Error e) {
      fatal.stop("a duty of the leader failed", e);
    }
  }

  /** Answers reads. */
  public ReadHandler reads() {
    return reads;
  }

  /** Chooses slots. */
  public AllocationStamp allocation() {
    return stamp;
  }

  /** Gives the server the handlers of data servers' calls. */
  public void register(RpcServer.Builder server) {
    server.handler(Method.REGISTER_SERVER, calls::register, thread);
    server.handler(Method.SERVER_HEARTBEAT, calls::heartbeat, thread);
    server.handler(Method.SLOT_INVENTORY, calls::inventory, thread);
    server.handler(Method.REPORT_BAD_REPLICA, calls::reportBadReplica, thread);
  }

  @Override
  public void leadershipGained(long term) {
    wake();
  }

  @Override
  public void leadershipLost(long term) {
    wake();
  }

  private void wake() {
    try {
      thread.execute(() -> guarded(this::tick));
    } catch (RejectedExecutionException e) {
      // Closed: there are no duties any more.
      logger.debug("duties have ended", e);
    }
  }

  private void tick() {
    long term = leadership.leadingTerm();
    if (term != servedTerm) {
      servedTerm = term;
      begin(term);
    }
    if (term == 0) {
      return;
    }
    watchServers();
    if (slotsChanged) {
      slotsChanged = false;
      stamp.refresh();
    }
    settling.tick();
    moves.tick();
    logTime();
    purge();
    releaseGarbage();
  }

  /** Everything of an earlier term is forgotten. */
  private void begin(long term) {
    calls.reset();
    settling.reset();
    moves.reset();
    lastHealth.clear();
    lastSpace.clear();
    purging = false;
    releasing = false;
    lastTickNanos = clock.monotonicNanos();
    slotsChanged = true;
    if (term != 0) {
      try (StoreView view = views.get()) {
        board.reset(ServerTable.all(view).stream().map(ServerRecord::id).toList());
      }
      logger.info("term={} the leader's duties begin", term);
    }
  }

  private void watchServers() {
    try (StoreView view = views.get()) {
      List<ServerRecord> servers = ServerTable.all(view);
      for (ServerRecord server : servers) {
        if (server.isOut()) {
          continue;
        }
        ServerHealth now = board.of(server.id());
        ServerHealth before = lastHealth.put(server.id(), now);
        boolean space =
            board.last(server.id()).map(h -> h.availableBytes() > (8L << 20)).orElse(false);
        Boolean spaceBefore = lastSpace.put(server.id(), space);
        if (now != before) {
          slotsChanged = true;
          if (before != null || now != ServerHealth.UP) {
            logger.info("server={} name={} is {}", server.id(), server.name(), now);
          }
        }
        if (spaceBefore == null || spaceBefore != space) {
          slotsChanged = true;
        }
      }
      for (ServerRecord server : silentForTooLong(view, servers)) {
        logger.warn(
            "server={} name={} was silent for {}: struck from the ring",
            server.id(),
            server.name(),
            times.outAfter());
        proposals.propose(
            Proposals.command()
                .setSetServer(
                    SetServer.newBuilder()
                        .setServer(server.id())
                        .setMembership(ServerMembership.OUT)),
            reply -> slotsChanged = true);
      }
    }
  }

  /** Servers to strike out; none while that is switched off by a time-out of zero. */
  private List<ServerRecord> silentForTooLong(StoreView view, List<ServerRecord> servers) {
    Duration outAfter = times.outAfter();
    int width = PoolRecord.find(view, PoolRecord.REPLICATED).map(PoolRecord::width).orElse(0);
    if (width == 0 || outAfter.isZero() || outAfter.isNegative()) {
      return List.of();
    }
    Set<Integer> silent = new HashSet<>();
    for (ServerRecord server : servers) {
      boolean isSilent =
          board.silence(server.id()).filter(s -> s.compareTo(outAfter) >= 0).isPresent();
      if (isSilent && !server.isOut()) {
        silent.add(server.id());
      }
    }
    List<Integer> out = new OutPolicy(width).toStrike(servers, silent);
    return servers.stream().filter(server -> out.contains(server.id())).toList();
  }

  private void logTime() {
    long now = clock.monotonicNanos();
    boolean needed;
    try (StoreView view = views.get()) {
      needed = Counter.CHUNKS_GARBAGE.in(view) > 0;
    }
    Duration elapsed = Duration.ofNanos(now - lastTickNanos);
    if (elapsed.compareTo(needed ? BUSY_TICK : IDLE_TICK) >= 0) {
      lastTickNanos = now;
      proposals.propose(
          Proposals.command().setTick(Tick.newBuilder().setElapsedMillis(elapsed.toMillis())));
    }
  }

  private void purge() {
    if (purging) {
      return;
    }
    boolean work;
    try (StoreView view = views.get();
        RecordCursor cursor = view.scanPrefix(Table.DELETED, new byte[] {0})) {
      work = cursor.next();
    }
    if (work) {
      purging = true;
      var unused =
          proposals
              .submit(
                  Proposals.command().setPurgeStep(PurgeStep.newBuilder().setLimit(PURGE_RECORDS)))
              .whenComplete(
                  (reply, failure) -> {
                    purging = false;
                    if (failure == null
                        && reply.getErrorCode() == 0
                        && reply.getCount() >= PURGE_RECORDS) {
                      wake();
                    }
                  });
    }
  }

  private void releaseGarbage() {
    if (releasing) {
      return;
    }
    try (StoreView view = views.get()) {
      if (!GarbageSteps.isDue(view)) {
        return;
      }
    }
    releasing = true;
    var unused =
        proposals
            .submit(
                Proposals.command()
                    .setReleaseGarbage(
                        ReleaseGarbage.newBuilder()
                            .setLimit(RELEASED_CHUNKS)
                            .setGraceMillis(times.garbageGrace().toMillis())))
            .whenComplete((reply, failure) -> releasing = false);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
