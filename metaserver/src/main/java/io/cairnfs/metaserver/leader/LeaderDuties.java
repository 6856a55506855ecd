package io.cairnfs.metaserver.leader;

import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.GarbageSteps;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerRegistration;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.ServerTotals;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.repair.FullServers;
import io.cairnfs.metaserver.repair.OutPolicy;
import io.cairnfs.metaserver.repair.WeakSlots;
import io.cairnfs.metaserver.service.AllocationStamp;
import io.cairnfs.metaserver.service.ContentWatch;
import io.cairnfs.metaserver.service.Leadership;
import io.cairnfs.metaserver.service.ReadHandler;
import io.cairnfs.metaserver.session.HeldInodes;
import io.cairnfs.metaserver.session.WantedChunks;
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
import io.cairnfs.rpc.server.Handlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All duties of a leader, on one thread of their own: the answers to data servers, and once a
 * second what is due. A process that does not lead does nothing here.
 */
public final class LeaderDuties implements LeadershipListener, AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(LeaderDuties.class);
  private static final Duration PERIOD = Duration.ofMillis(500);

  /** How often the cluster's time is logged while something waits for it to pass. */
  private static final Duration TICK = Duration.ofSeconds(1);

  /** Between two steps by which a server that is nearly full loses slots. */
  private static final Duration RELIEF_PERIOD = Duration.ofSeconds(30);

  /** As long as data servers gather what they say of themselves and each other. */
  private static final Duration SLOWNESS_PERIOD = Duration.ofMinutes(1);

  private static final int PURGE_RECORDS = 2_000;
  private static final int RELEASED_CHUNKS = 1_000;
  private static final int TRASH_NAMES = 1_000;
  private static final int MAX_HELD_INODES = 100_000;

  /** A key of table DELETED is the view, the log index and the inode. */
  private static final int DELETED_INDEX_OFFSET = 1;

  private static final int DELETED_INODE_OFFSET = 1 + Long.BYTES;

  private final Supplier<StoreView> views;
  private final Leadership leadership;
  private final Clock clock;
  private final Times times;
  private final Proposals proposals;
  private final ServerBoard board;
  private final SlowServers slow = new SlowServers();
  private final SlotStamp stamp;
  private final CompactionDesk compactions;
  private final StripeDesk stripes;
  private final DataServerCalls calls;
  private final SettleDriver settling;
  private final Supplier<Optional<HeldInodes>> heldInodes;
  private final SlotMoves moves;
  private final TrashEmptier trash;
  private final WorkPace pace;
  private final LeaderReads reads;
  private final DutyExecutor thread;

  private volatile boolean slotsChanged = true;
  private final Map<Integer, ServerHealth> lastHealth = new HashMap<>();
  private int lastPools;
  private final Map<Integer, Set<StorageClass>> lastSpace = new HashMap<>();
  private final Map<Integer, ServerMembership> lastMembership = new HashMap<>();
  private long servedTerm;
  private long lastTickNanos;
  private long lastReliefNanos;
  private long lastSlownessNanos;
  private boolean timePasses;
  private boolean purging;
  private boolean releasing;

  /**
   * When a silent data server is what, how long garbage waits, when files are compacted and coded,
   * and how long users' deleted files are kept.
   */
  public record Times(
      Duration suspectAfter,
      Duration downAfter,
      Duration outAfter,
      Duration garbageGrace,
      CompactionOptions compaction,
      CodingOptions coding,
      TrashTimes trash) {}

  /**
   * What the duties stand on.
   *
   * @param heldInodes what live sessions have open; empty while some session has not told this
   *     leader yet
   * @param wantedChunks what sessions are told to close
   */
  public record Parts(
      Supplier<StoreView> views,
      ReplicatedLog<?> log,
      Leadership leadership,
      CommandSink sink,
      RpcClient client,
      Supplier<Optional<HeldInodes>> heldInodes,
      WantedChunks wantedChunks,
      String securityMode) {}

  /** Duties on a thread of their own. */
  public LeaderDuties(
      Parts parts, Times times, Clock clock, RandomGenerator random, FatalErrors fatal) {
    this(parts, times, clock, random, new DutyThread(fatal));
  }

  /** Duties on a given executor, which is closed with them. */
  public LeaderDuties(
      Parts parts, Times times, Clock clock, RandomGenerator random, DutyExecutor executor) {
    this.views = parts.views();
    this.leadership = parts.leadership();
    this.clock = clock;
    this.times = times;
    this.proposals = new Proposals(parts.sink());
    this.board = new ServerBoard(clock, times.suspectAfter(), times.downAfter());
    this.stamp = new SlotStamp(views, board, random);
    this.thread = executor;
    this.heldInodes = parts.heldInodes();
    this.compactions =
        new CompactionDesk(views, proposals, stamp, board, thread, clock, times.compaction());
    this.stripes = new StripeDesk(views, proposals, stamp, board, thread, clock, times.coding());
    CopyFailures failures = new CopyFailures();
    this.calls =
        new DataServerCalls(
            leadership,
            views,
            proposals,
            board,
            new CopyDesk(clock, board),
            failures,
            compactions,
            stripes,
            parts.client(),
            () -> slotsChanged = true,
            stamp::updateLoad,
            thread);
    this.settling =
        new SettleDriver(views, proposals, parts.client(), leadership::leadingTerm, thread);
    this.moves =
        new SlotMoves(
            views, proposals, board, clock, parts.wantedChunks(), () -> slotsChanged = true);
    this.trash = new TrashEmptier(views, proposals, thread, clock, times.trash(), TRASH_NAMES);
    this.pace = new WorkPace(views, clock);
    this.reads =
        new LeaderReads(
            board, slow, failures, parts.log(), trash, pace, stripes::states, parts.securityMode());
    thread.every(PERIOD, this::tick);
  }

  /** Answers reads. */
  public ReadHandler reads() {
    return reads;
  }

  /** Chooses slots. */
  public AllocationStamp allocation() {
    return stamp;
  }

  /** Hears which files' bytes changed places. */
  public ContentWatch contentWatch() {
    return compactions;
  }

  /** Gives the server the handlers of data servers' calls. */
  public void register(Handlers server) {
    server.handler(Method.REGISTER_SERVER, calls::register, thread);
    server.handler(Method.SERVER_HEARTBEAT, calls::heartbeat, thread);
    server.handler(Method.SLOT_INVENTORY, calls::inventory, thread);
    server.handler(Method.COMPARE_DIGESTS, calls::compareDigests, thread);
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

  /** A chunk was fenced by command: its length need not wait for the next tick. */
  public void settleSoon() {
    thread.execute(
        () -> {
          if (servedTerm != 0 && leadership.leadingTerm() == servedTerm) {
            settling.tick();
          }
        });
  }

  private void wake() {
    thread.execute(this::tick);
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
    watchSlowness();
    if (slotsChanged) {
      slotsChanged = false;
      stamp.refresh();
    }
    relieveFullServers();
    settling.tick();
    moves.tick();
    logTime();
    purge();
    releaseGarbage();
    compactions.tick();
    stripes.tick();
    trash.tick();
    pace.tick();
  }

  /** Everything of an earlier term is forgotten. */
  private void begin(long term) {
    calls.reset();
    compactions.reset(term);
    stripes.reset(term);
    settling.reset();
    moves.reset();
    slow.reset();
    trash.reset();
    pace.reset();
    lastHealth.clear();
    lastSpace.clear();
    lastMembership.clear();
    purging = false;
    releasing = false;
    timePasses = false;
    lastReliefNanos = clock.monotonicNanos();
    lastSlownessNanos = lastReliefNanos;
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
        watchMembership(server);
        if (server.isOut()) {
          continue;
        }
        ServerHealth now = board.of(server.id());
        ServerHealth before = lastHealth.put(server.id(), now);
        Set<StorageClass> space = board.last(server.id()).map(SlotStamp::space).orElse(Set.of());
        Set<StorageClass> spaceBefore = lastSpace.put(server.id(), space);
        if (now != before) {
          slotsChanged = true;
          if (before != null || now != ServerHealth.UP) {
            logger.info("server={} name={} is {}", server.id(), server.name(), now);
          }
        }
        if (!space.equals(spaceBefore)) {
          slotsChanged = true;
        }
      }
      strikeOut(view, servers);
      int pools = PoolRecord.all(view).size();
      slotsChanged |= pools != lastPools;
      lastPools = pools;
    }
  }

  private void watchSlowness() {
    long now = clock.monotonicNanos();
    if (now - lastSlownessNanos < SLOWNESS_PERIOD.toNanos()) {
      return;
    }
    lastSlownessNanos = now;
    List<SlowServers.Said> said = new ArrayList<>();
    try (StoreView view = views.get()) {
      for (ServerRecord server : ServerTable.all(view)) {
        if (!server.isOut() && board.of(server.id()) == ServerHealth.UP) {
          board
              .last(server.id())
              .map(last -> new SlowServers.Said(server.id(), last.volumes(), last.ackMicros()))
              .ifPresent(said::add);
        }
      }
    }
    Set<Integer> before = slow.slow();
    slow.judge(said);
    Set<Integer> after = slow.slow();
    if (!after.equals(before)) {
      board.setSlow(after);
      slotsChanged = true;
      logger.warn("slow servers are {}, before they were {}", after, before);
    }
  }

  /** An operator's command changes it without passing by here. */
  private void watchMembership(ServerRecord server) {
    ServerMembership before = lastMembership.put(server.id(), server.membership());
    if (before != null && before != server.membership()) {
      slotsChanged = true;
      logger.info("server={} name={} is {}", server.id(), server.name(), server.membership());
    }
  }

  private void strikeOut(StoreView view, List<ServerRecord> servers) {
    if (times.outAfter().isZero()) {
      return;
    }
    int width = PoolRecord.find(view, PoolRecord.REPLICATED).map(PoolRecord::width).orElse(1);
    OutPolicy policy = new OutPolicy(width);
    Set<Integer> silent = silentFor(servers, times.outAfter());
    Set<Integer> down = silentFor(servers, times.downAfter());
    Set<Integer> struck = new TreeSet<>(policy.toStrike(servers, silent));
    struck.addAll(policy.toStrikeAtOnce(servers, down, WeakSlots.missing(view, down)));
    for (int server : struck) {
      logger.warn(
          "server={} was silent for {}: struck out{}",
          server,
          board.silence(server).orElse(Duration.ZERO),
          silent.contains(server) ? "" : ", as one replica is left of some chunks");
      proposals.propose(
          Proposals.command()
              .setSetServer(
                  SetServer.newBuilder().setServer(server).setMembership(ServerMembership.OUT)),
          reply -> slotsChanged = true);
    }
  }

  /** One step at a time: the next one is chosen by what the last one has brought. */
  private void relieveFullServers() {
    long now = clock.monotonicNanos();
    if (now - lastReliefNanos < RELIEF_PERIOD.toNanos()) {
      return;
    }
    try (StoreView view = views.get()) {
      if (Counter.SLOTS_MOVING.in(view) > 0) {
        return;
      }
      int width = PoolRecord.find(view, PoolRecord.REPLICATED).map(PoolRecord::width).orElse(1);
      FullServers.next(ServerTable.all(view), width, this::space)
          .filter(relief -> ServerTotals.of(view, relief.server()).deletes() == 0)
          .ifPresent(this::relieve);
    }
  }

  private Optional<FullServers.Space> space(int server) {
    return board
        .last(server)
        .filter(heard -> heard.spoke() && board.of(server) == ServerHealth.UP)
        .map(heard -> new FullServers.Space(heard.capacityBytes(), heard.allAvailableBytes()));
  }

  private void relieve(FullServers.Relief relief) {
    lastReliefNanos = clock.monotonicNanos();
    logger.info(
        "server={} has {} % of its space free, the others {} %: weight={} from now on",
        relief.server(),
        Math.round(100 * relief.free()),
        Math.round(100 * relief.othersFree()),
        relief.weight());
    proposals.propose(
        Proposals.command()
            .setSetServer(
                SetServer.newBuilder().setServer(relief.server()).setWeight(relief.weight())),
        reply -> slotsChanged = true);
  }

  private Set<Integer> silentFor(List<ServerRecord> servers, Duration time) {
    return servers.stream()
        .filter(server -> !server.isOut() && isSilentFor(server.id(), time))
        .map(ServerRecord::id)
        .collect(Collectors.toSet());
  }

  private boolean isSilentFor(int server, Duration time) {
    return board.silence(server).filter(silence -> silence.compareTo(time) >= 0).isPresent();
  }

  /** The cluster's time passes, by this leader's clock, while somebody waits for it. */
  private void logTime() {
    long now = clock.monotonicNanos();
    boolean needed;
    try (StoreView view = views.get()) {
      needed = GarbageSteps.isTimeAwaited(view) || ServerRegistration.isTimeAwaited(view);
    }
    if (!needed || !timePasses) {
      timePasses = needed;
      lastTickNanos = now;
      return;
    }
    Duration elapsed = Duration.ofNanos(now - lastTickNanos);
    if (elapsed.compareTo(TICK) >= 0) {
      lastTickNanos = now;
      proposals.propose(
          Proposals.command().setTick(Tick.newBuilder().setElapsedMillis(elapsed.toMillis())));
    }
  }

  /**
   * What is open somewhere stays, and what was deleted so lately that somebody may not have told;
   * while a session has not told this leader what it has open, everything.
   */
  private void purge() {
    Optional<HeldInodes> held = purging ? Optional.empty() : heldInodes.get();
    if (held.isEmpty() || held.get().inodes().size() > MAX_HELD_INODES || !hasDeleted(held.get())) {
      return;
    }
    purging = true;
    thread.then(
        proposals.submit(
            Proposals.command()
                .setPurgeStep(
                    PurgeStep.newBuilder()
                        .setLimit(PURGE_RECORDS)
                        .setUntilIndex(held.get().untilIndex())
                        .addAllHeldInodes(held.get().inodes()))),
        (reply, failure) -> {
          purging = false;
          if (failure == null && reply.getErrorCode() == 0 && reply.getCount() >= PURGE_RECORDS) {
            tick();
          }
        });
  }

  private boolean hasDeleted(HeldInodes held) {
    try (StoreView view = views.get();
        RecordCursor rows = view.scanPrefix(Table.DELETED, Keys.live())) {
      for (int seen = 0; seen < PURGE_RECORDS && rows.next(); seen++) {
        if (KeyBuilder.longAt(rows.key(), DELETED_INDEX_OFFSET) > held.untilIndex()) {
          return false;
        }
        if (!held.inodes().contains(KeyBuilder.longAt(rows.key(), DELETED_INODE_OFFSET))) {
          return true;
        }
      }
    }
    return false;
  }

  private void releaseGarbage() {
    if (releasing) {
      return;
    }
    try (StoreView view = views.get()) {
      if (!GarbageSteps.hasWork(view, times.garbageGrace().toMillis())) {
        return;
      }
    }
    releasing = true;
    thread.then(
        proposals.submit(
            Proposals.command()
                .setReleaseGarbage(
                    ReleaseGarbage.newBuilder()
                        .setLimit(RELEASED_CHUNKS)
                        .setGraceMillis(times.garbageGrace().toMillis()))),
        (reply, failure) -> {
          releasing = false;
          if (failure == null && reply.getErrorCode() == 0 && reply.getCount() >= RELEASED_CHUNKS) {
            tick();
          }
        });
  }

  @Override
  public void close() {
    thread.close();
  }
}
