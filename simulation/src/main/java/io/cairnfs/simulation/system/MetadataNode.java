package io.cairnfs.simulation.system;

import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.command.CommandGatherer;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.leader.CodingOptions;
import io.cairnfs.metaserver.leader.CompactionOptions;
import io.cairnfs.metaserver.leader.LeaderDuties;
import io.cairnfs.metaserver.leader.TrashTimes;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.repair.CompactionPlanner;
import io.cairnfs.metaserver.service.Leadership;
import io.cairnfs.metaserver.service.MetadataService;
import io.cairnfs.metaserver.service.ServiceIdentity;
import io.cairnfs.metaserver.service.SpaceGuard;
import io.cairnfs.metaserver.session.LeaseRecalls;
import io.cairnfs.metaserver.session.LockWaits;
import io.cairnfs.metaserver.session.SessionDriver;
import io.cairnfs.metaserver.session.WantedChunks;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.simulation.MemberProcess;
import io.cairnfs.raft.simulation.SimulatedMember;
import io.cairnfs.rpc.frame.PeerIdentity;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** A metaserver: the services and duties of the real one around a simulated member. */
final class MetadataNode implements MemberProcess, SimulatedNode {
  static final String CLUSTER = "simulated";
  static final int SLOTS = 8;
  static final int INLINE_BYTES = 64;
  static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);
  private static final Duration GRACE = Duration.ofSeconds(3);

  /** What is compacted where files are: anything that can be. */
  static final CompactionOptions COMPACTION =
      new CompactionOptions(
          new CompactionPlanner.Limits(16, 1 << 16, 1 << 13, 1 << 13, 1, 1 << 11),
          Duration.ofMillis(500),
          Duration.ofSeconds(2),
          3,
          Duration.ofSeconds(8),
          60);

  private static final long LOOK_NANOS = 1_000_000_000L;

  private final SystemRun run;
  private final SimulatedMember member;
  private final RandomGenerator random;
  private final Clock clock;
  private long wallOffsetNanos;
  private int life;
  private HandlerTable handlers = new HandlerTable();
  private NodeLog log;
  private SpaceGuard space;

  MetadataNode(SystemRun run, SimulatedMember member, RandomGenerator random) {
    this.run = run;
    this.member = member;
    this.random = random;
    this.clock =
        new Clock() {
          @Override
          public long monotonicNanos() {
            return member.localNanos();
          }

          @Override
          public long wallNanos() {
            return SystemRun.WALL_START_NANOS + run.events().nowNanos() + wallOffsetNanos;
          }
        };
    run.transport().listen(member.address().address(), this);
  }

  void jumpWallClock(long nanos) {
    wallOffsetNanos += nanos;
  }

  StoreView view() {
    return ((MetadataMachine) member.machine()).view();
  }

  @Override
  public void started() {
    life++;
    handlers = new HandlerTable();
    VirtualExecutor executor = new VirtualExecutor(this);
    log = new NodeLog(member);
    NodeRpcClient client =
        run.transport()
            .clientOf(
                this,
                new PeerIdentity(CLUSTER, PeerRole.METASERVER, "", name(), name(), "simulated"));
    MetricRegistry metrics = new MetricRegistry();
    LockWaits lockWaits = new LockWaits(this::view, log::readBarrier, clock);
    CommandSink sink =
        lockWaits.listeningTo(new CommandGatherer(log, Runnable::run, clock, metrics));
    Leadership leadership = new Leadership(log);
    space = new SpaceGuard(name(), member.disk()::usableBytes, 100_000);
    LeaseRecalls recalls = new LeaseRecalls(this::view, sink, clock, SESSION_TIMEOUT.dividedBy(3));
    WantedChunks wantedChunks = new WantedChunks();
    SessionDriver sessions =
        new SessionDriver(
            this::view, sink, clock, SESSION_TIMEOUT, recalls::recalledOf, wantedChunks);
    log.addListener(sessions);
    log.addListener(lockWaits);
    log.addListener(recalls);
    LeaderDuties duties =
        new LeaderDuties(
            new LeaderDuties.Parts(
                this::view,
                log,
                leadership,
                sink,
                client,
                sessions::heldInodes,
                wantedChunks,
                "none"),
            new LeaderDuties.Times(
                Duration.ofSeconds(2),
                Duration.ofSeconds(4),
                Duration.ofSeconds(12),
                GRACE,
                run.compacts() ? COMPACTION : CompactionOptions.of(0),
                CodingOptions.of(Duration.ofSeconds(2), 1 << 20),
                TrashTimes.OFF),
            clock,
            random,
            executor);
    log.addListener(duties);
    MetadataService service =
        new MetadataService(
            new MetadataService.Parts(
                new ServiceIdentity(name(), CLUSTER, name(), "", "none"),
                log,
                leadership,
                recalls.listeningTo(sink),
                this::view,
                (view, request, principal, host) ->
                    run.oracle()
                        .served(
                            request,
                            principal,
                            () -> duties.reads().read(view, request, principal, host)),
                recalls::recall,
                duties.allocation(),
                duties.contentWatch(),
                space,
                SESSION_TIMEOUT,
                new MetadataService.SessionEvents(
                    sessions::opened, sessions::closed, duties::settleSoon)),
            clock,
            metrics,
            executor,
            run::groupsOf);
    service.register(handlers);
    handlers.handler(Method.SESSION_HEARTBEAT, sessions::heartbeat);
    handlers.handler(Method.AWAIT_LOCK, lockWaits::await);
    handlers.handler(Method.AWAIT_RECALL, recalls::await);
    duties.register(handlers);
    log.addListener(new FirstCommand(sink));
    every(sessions::tick);
    every(lockWaits::tick);
    every(recalls::tick);
    every(space::look);
  }

  private void every(Runnable task) {
    after(
        LOOK_NANOS,
        () -> {
          task.run();
          every(task);
        });
  }

  @Override
  public void died() {
    life++;
    handlers = new HandlerTable();
  }

  @Override
  @SuppressWarnings("unchecked")
  public void applied(LogEntry entry, Object result) {
    run.oracle().applied(entry, (List<CommandReply>) result);
  }

  @Override
  public void worked() {
    log.look();
  }

  @Override
  public String name() {
    return member.id().value();
  }

  @Override
  public boolean isUp() {
    return member.isUp();
  }

  @Override
  public int life() {
    return life;
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public void execute(Runnable task) {
    if (member.isUp()) {
      member.input(task);
    }
  }

  @Override
  public void after(long nanos, Runnable task) {
    if (member.isUp()) {
      member.after(nanos, task);
    }
  }

  @Override
  public HandlerTable handlers() {
    return handlers;
  }

  /** A leader of an empty store logs the first command of the cluster. */
  private final class FirstCommand implements LeadershipListener {
    private final CommandSink sink;

    FirstCommand(CommandSink sink) {
      this.sink = sink;
    }

    @Override
    public void leadershipGained(long term) {
      try (StoreView view = view()) {
        if (ClusterRecord.find(view).isPresent()) {
          return;
        }
      }
      CompletableFuture<?> unused =
          sink.submit(
              Command.newBuilder()
                  .setUser(SystemRun.SUPERUSER)
                  .setSuperuser(true)
                  .setBootstrap(
                      Bootstrap.newBuilder()
                          .setClusterId(CLUSTER)
                          .setSuperuser(SystemRun.SUPERUSER)
                          .setSupergroup(SystemRun.SUPERGROUP)
                          .setPoolSlots(SLOTS)
                          .setDefaultReplication(3)
                          .setDefaultChunkBytes(32 << 10)
                          .setInlineBytes(INLINE_BYTES)
                          .setMinReplicas(2)
                          .setFeatureLevel(1)));
    }

    @Override
    public void leadershipLost(long term) {
      // The next leader logs the first command if it is still missing.
    }
  }
}
