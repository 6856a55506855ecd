package io.cairnfs.metaserver;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.DirectoryLock;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.ChunkExtents;
import io.cairnfs.metaserver.command.CommandGatherer;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.leader.CodingOptions;
import io.cairnfs.metaserver.leader.CompactionOptions;
import io.cairnfs.metaserver.leader.LeaderDuties;
import io.cairnfs.metaserver.machine.MetadataStateMachine;
import io.cairnfs.metaserver.machine.PeriodicFlush;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.service.Leadership;
import io.cairnfs.metaserver.service.MemberWatch;
import io.cairnfs.metaserver.service.MetadataService;
import io.cairnfs.metaserver.service.ServiceIdentity;
import io.cairnfs.metaserver.service.SpaceGuard;
import io.cairnfs.metaserver.service.Successor;
import io.cairnfs.metaserver.session.LeaseRecalls;
import io.cairnfs.metaserver.session.LockWaits;
import io.cairnfs.metaserver.session.SessionDriver;
import io.cairnfs.metaserver.session.WantedChunks;
import io.cairnfs.metaserver.store.RocksHome;
import io.cairnfs.metaserver.store.RocksOptions;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.raft.LeadershipListener;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.core.RaftOptions;
import io.cairnfs.raft.driver.EngineEnvironment;
import io.cairnfs.raft.driver.EngineOptions;
import io.cairnfs.raft.driver.MemberDirectory;
import io.cairnfs.raft.driver.RaftEngine;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.transport.RpcRaftTransport;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One metaserver, running: engine, state machine, services and the leader's duties, wired together
 * here and nowhere else. Its directory:
 *
 * <pre>
 * identity   whose it is
 * lock       held while a process runs
 * raft/      log, vote, checkpoints
 * store/     the state machine's tables
 * </pre>
 */
public final class Metaserver implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Metaserver.class);

  /**
   * Records kept as objects in front of the store, about 300 bytes each: a file that is looked at
   * takes three (its name, its inode, and that nobody writes it).
   */
  private static final int CACHE_PLACES = 200_000;

  private static final int TOKEN_KEY_BYTES = 32;
  private static final int FEATURE_LEVEL = 1;
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** Who is asked for a write lease has this part of a session's time to give it back. */
  private static final int RECALLS_IN_A_SESSION = 3;

  private static final Duration WATCH_EVERY = Duration.ofMillis(100);
  private static final long HAND_OVER_POLL_NANOS = 1_000_000;

  private final Deque<AutoCloseable> closeables = new ArrayDeque<>();
  private final RpcServer server;
  private final RaftEngine<List<CommandReply>> engine;
  private final Clock clock;

  private Metaserver(
      MetaserverOptions options,
      RpcEventLoops loops,
      Clock clock,
      RandomGenerator random,
      FatalErrors fatal,
      MetricRegistry metrics)
      throws IOException {
    this.clock = clock;
    Path directory = options.entry().directory();
    boolean whole = false;
    try {
      MetaserverIdentity identity = requireIdentity(options);
      closeables.push(DirectoryLock.take(directory));
      PeerIdentity self =
          new PeerIdentity(
              identity.clusterId(),
              PeerRole.METASERVER,
              "",
              identity.id(),
              options.entry().address().host(),
              CairnVersion.text());
      RpcClient client = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self, clock);
      closeables.push(client);
      MetadataStateMachine machine = openMachine(options, directory);
      closeables.push(machine);
      MemberDirectory members =
          MemberDirectory.open(
              raftDirectory(directory),
              new RaftIdentity(identity.clusterId(), identity.id()),
              engineOptions(options).log(),
              random);
      RpcRaftTransport transport =
          new RpcRaftTransport(
              identity.clusterId(),
              new Member(
                  new MemberId(identity.id()), options.entry().address(), members.instance(random)),
              client,
              loops,
              clock);
      engine =
          RaftEngine.start(
              new MemberId(identity.id()),
              engineOptions(options),
              members,
              machine,
              transport,
              new EngineEnvironment(clock, random, fatal, metrics));
      closeables.push(engine);
      ScheduledExecutorService timer = timer(identity.id(), fatal);
      closeables.push(timer::shutdownNow);
      CommandGatherer gatherer = new CommandGatherer(engine, loops.group().next(), clock, metrics);
      Leadership leadership = new Leadership(engine);
      SpaceGuard space =
          new SpaceGuard(
              directory.toString(),
              () -> Files.getFileStore(directory).getUsableSpace(),
              options.reserveBytes());
      LockWaits lockWaits = new LockWaits(machine::view, engine::readBarrier, clock);
      CommandSink sink = lockWaits.listeningTo(gatherer);
      LeaseRecalls recalls =
          new LeaseRecalls(
              machine::view, sink, clock, options.sessionTimeout().dividedBy(RECALLS_IN_A_SESSION));
      WantedChunks wantedChunks = new WantedChunks();
      SessionDriver sessions =
          new SessionDriver(
              machine::view,
              sink,
              clock,
              options.sessionTimeout(),
              recalls::recalledOf,
              wantedChunks);
      engine.addListener(sessions);
      engine.addListener(lockWaits);
      engine.addListener(recalls);
      metrics.gauge("metaserver.sessions.heard", sessions::heardSessions);
      LeaderDuties duties =
          new LeaderDuties(
              new LeaderDuties.Parts(
                  machine::view,
                  engine,
                  leadership,
                  recalls.listeningTo(sink),
                  client,
                  sessions::heldInodes,
                  wantedChunks,
                  options.securityMode().name()),
              new LeaderDuties.Times(
                  options.serverTimes().suspectAfter(),
                  options.serverTimes().downAfter(),
                  options.serverTimes().outAfter(),
                  options.newCluster().garbageGrace(),
                  CompactionOptions.of(options.compactionExtentBytes()),
                  CodingOptions.of(options.codingMinAge(), options.codingCellBytes()),
                  options.trash()),
              clock,
              random,
              fatal);
      closeables.push(duties);
      engine.addListener(duties);
      MetadataService service =
          new MetadataService(
              new MetadataService.Parts(
                  new ServiceIdentity(
                      identity.id(),
                      identity.clusterId(),
                      directory.toString(),
                      options.configurationFile(),
                      options.securityMode().name().toLowerCase(java.util.Locale.ROOT)),
                  engine,
                  leadership,
                  recalls.listeningTo(sink),
                  machine::view,
                  duties.reads(),
                  recalls::recall,
                  duties.allocation(),
                  duties.contentWatch(),
                  space,
                  options.sessionTimeout(),
                  new MetadataService.SessionEvents(
                      sessions::opened, sessions::closed, duties::settleSoon)),
              clock,
              metrics);
      closeables.push(service);
      RpcServer.Builder builder =
          RpcServer.builder(
                  loops,
                  RpcServerOptions.of(
                      options.entry().listen().host(),
                      options.entry().listen().port(),
                      options.securityMode()),
                  () -> self,
                  clock)
              .onFatal(cause -> fatal.stop("metaserver=" + identity.id() + " handler", cause));
      transport.register(builder);
      service.register(builder);
      builder.handler(Method.SESSION_HEARTBEAT, sessions::heartbeat);
      builder.handler(Method.AWAIT_LOCK, lockWaits::await);
      builder.handler(Method.AWAIT_RECALL, recalls::await);
      duties.register(builder);
      server = builder.start();
      closeables.push(server);
      engine.addListener(new FirstCommand(options, identity, machine, sink, random));
      PeriodicFlush flush = new PeriodicFlush(machine);
      schedule(timer, LOOK_EVERY, fatal, flush::look);
      schedule(timer, LOOK_EVERY, fatal, space::look);
      schedule(timer, LOOK_EVERY, fatal, sessions::tick);
      schedule(timer, LOOK_EVERY, fatal, lockWaits::tick);
      schedule(timer, LOOK_EVERY, fatal, recalls::tick);
      MemberWatch watch = new MemberWatch(engine, transport::introducedInstance);
      schedule(timer, WATCH_EVERY, fatal, watch::look);
      whole = true;
    } finally {
      if (!whole) {
        closeAll();
      }
    }
  }

  /**
   * Starts a metaserver on a formatted directory.
   *
   * @throws CairnException {@code NOT_FOUND} if it is not formatted; {@code BUSY} if another
   *     process has it; {@code CORRUPT}, {@code WRONG_VERSION}, {@code WRONG_CLUSTER} as the parts
   *     find
   */
  public static Metaserver start(
      MetaserverOptions options,
      RpcEventLoops loops,
      Clock clock,
      RandomGenerator random,
      FatalErrors fatal,
      MetricRegistry metrics)
      throws IOException {
    return new Metaserver(options, loops, clock, random, fatal, metrics);
  }

  static Path raftDirectory(Path directory) {
    return directory.resolve("raft");
  }

  private static MetaserverIdentity requireIdentity(MetaserverOptions options) throws IOException {
    MetaserverIdentity identity = MetaserverIdentity.read(options.entry().directory());
    if (!identity.id().equals(options.entry().id())) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          options.entry().directory()
              + " belongs to "
              + identity.id()
              + ", not to "
              + options.entry().id());
    }
    return identity;
  }

  private static MetadataStateMachine openMachine(MetaserverOptions options, Path directory)
      throws IOException {
    long cache = Math.max(8L << 20, options.cacheBytes());
    return new MetadataStateMachine(
        new RocksHome(
            directory.resolve("store"),
            new RocksOptions(cache, cache / 2, 256, RocksOptions.DEFAULT_UNFLUSHED_WRITES)),
        new ChunkExtents(),
        CACHE_PLACES);
  }

  private static EngineOptions engineOptions(MetaserverOptions options) {
    Duration shortest = options.raftTimes().electionTimeout();
    return EngineOptions.DEFAULT
        .withRaft(
            RaftOptions.DEFAULT.withTimes(
                options.raftTimes().heartbeat(), shortest, shortest.multipliedBy(3).dividedBy(2)))
        .withLog(
            new LogOptions(
                options.segmentBytes(),
                LogOptions.DEFAULT.electionReserveBytes(),
                Math.min(LogOptions.DEFAULT.maxEntryBytes(), options.segmentBytes() / 2)))
        .withCheckpoints(options.checkpointLogBytes(), EngineOptions.DEFAULT.checkpointEntries());
  }

  private static ScheduledExecutorService timer(String id, FatalErrors fatal) {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, "metaserver-timer-" + id);
          thread.setDaemon(true);
          thread.setUncaughtExceptionHandler(FatalErrors.uncaughtHandler(fatal));
          return thread;
        });
  }

  private interface Duty {
    void run() throws IOException;
  }

  private static void schedule(
      ScheduledExecutorService timer, Duration every, FatalErrors fatal, Duty duty) {
    var unused =
        timer.scheduleWithFixedDelay(
            () -> {
              try {
                duty.run();
              } catch (IOException | RuntimeException | Error e) {
                fatal.stop("periodic duty failed", e);
              }
            },
            0,
            every.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Where it listens. */
  public HostPort address() {
    return server.address();
  }

  /** The engine, for tests and status. */
  public RaftEngine<List<CommandReply>> engine() {
    return engine;
  }

  /**
   * Has another metaserver lead, if this one does, so that a planned stop is hardly noticed.
   * Returns when another one is known to lead, when there is none that could, or when the time is
   * over; nothing is lost in any case.
   */
  public void handOver(Duration limit) {
    long deadline = clock.monotonicNanos() + limit.toNanos();
    CompletableFuture<Void> transfer = CompletableFuture.completedFuture(null);
    while (clock.monotonicNanos() < deadline) {
      RaftStatus status = engine.status();
      if (status.role() == RaftRole.LEADER) {
        Optional<MemberId> successor = Successor.of(status);
        if (successor.isEmpty()) {
          return;
        }
        if (transfer.isDone()) {
          logger.info("metaserver={} hands leadership to {}", status.self(), successor.get());
          transfer = engine.transferLeadership(successor.get());
        }
      } else if (status.leader().isPresent() || status.membership().voters().size() < 2) {
        return;
      }
      LockSupport.parkNanos(HAND_OVER_POLL_NANOS);
    }
  }

  /** Stops serving, hands nothing over, loses nothing. Idempotent. */
  @Override
  public void close() throws IOException {
    closeAll();
  }

  private void closeAll() throws IOException {
    IOException failure = null;
    while (!closeables.isEmpty()) {
      try {
        closeables.pop().close();
      } catch (IOException e) {
        failure = e;
      } catch (Exception e) {
        failure = new IOException(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** A leader of an empty store logs the first command of the cluster. */
  private record FirstCommand(
      MetaserverOptions options,
      MetaserverIdentity identity,
      MetadataStateMachine machine,
      CommandSink sink,
      RandomGenerator random)
      implements LeadershipListener {
    @Override
    public void leadershipGained(long term) {
      try (StoreView view = machine.view()) {
        if (ClusterRecord.find(view).isPresent()) {
          return;
        }
      }
      byte[] key = new byte[TOKEN_KEY_BYTES];
      random.nextBytes(key);
      MetaserverOptions.NewCluster settings = options.newCluster();
      CompletableFuture<?> unused =
          sink.submit(
                  Command.newBuilder()
                      .setUser(identity.superuser())
                      .setSuperuser(true)
                      .setBootstrap(
                          Bootstrap.newBuilder()
                              .setClusterId(identity.clusterId())
                              .setSuperuser(identity.superuser())
                              .setSupergroup(settings.supergroup())
                              .setPoolSlots(settings.poolSlots())
                              .setDefaultReplication(settings.replication())
                              .setDefaultChunkBytes(settings.chunkBytes())
                              .setInlineBytes(settings.inlineBytes())
                              .setMinReplicas(settings.minReplicas())
                              .setFeatureLevel(FEATURE_LEVEL)
                              .setTokenKey(ByteString.copyFrom(key))))
              .whenComplete(
                  (reply, refusal) -> {
                    if (refusal != null) {
                      logger.warn(
                          "cluster={} first command failed: {}",
                          identity.clusterId(),
                          refusal.getMessage());
                    } else if (reply.getErrorCode() != 0) {
                      logger.error(
                          "cluster={} first command refused: {}",
                          identity.clusterId(),
                          reply.getErrorMessage());
                    } else {
                      logger.info("cluster={} created", identity.clusterId());
                    }
                  });
    }

    @Override
    public void leadershipLost(long term) {
      // The next leader logs the first command if it is still missing.
    }
  }
}
