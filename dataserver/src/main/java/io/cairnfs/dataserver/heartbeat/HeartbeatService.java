package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.ServerIdentity;
import io.cairnfs.dataserver.storage.VolumeSet;
import io.cairnfs.dataserver.storage.VolumeStatus;
import io.cairnfs.dataserver.transfer.DiskThreads;
import io.cairnfs.dataserver.transfer.Foreground;
import io.cairnfs.dataserver.transfer.PeerLatencies;
import io.cairnfs.dataserver.transfer.ReplicaReports;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.RegisterServerReply;
import io.cairnfs.proto.dataserver.RegisterServerRequest;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.types.ScrubStatus;
import io.cairnfs.rpc.client.RpcClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers this server with the leading metaserver and reports to it, until it is closed.
 *
 * <pre>
 * UNREGISTERED -> REGISTERED     the leader answered a registration
 * REGISTERED   -> UNREGISTERED   the leader does not know this server, or a volume has failed
 * any          -> REFUSED        the cluster is another one, or refuses this server for good
 * </pre>
 *
 * One thread owns the state; the other methods are safe for any thread.
 */
public final class HeartbeatService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeartbeatService.class);
  private static final int MAX_REPORTS = 1000;
  private static final int SMALL_QUEUE = 20_000;
  private static final int COPY_QUEUE = 1000;
  private static final long FORCE_NANOS = Duration.ofSeconds(10).toNanos();
  private static final long LATENCY_NANOS = Duration.ofMinutes(1).toNanos();
  private static final Duration RETRY = Duration.ofMillis(300);

  /** Whether the cluster knows this server. */
  public enum Registration {
    UNREGISTERED,
    REGISTERED,
    REFUSED
  }

  private final HeartbeatOptions options;
  private final HostPort address;
  private final ReplicaStore store;
  private final VolumeSet volumeSet;
  private final IdentityFile identity;
  private final Clock clock;
  private final RandomGenerator random;
  private final FatalErrors fatal;
  private final IntSupplier streams;
  private final Foreground foreground;
  private final PeerLatencies peers;
  private final LeaderCalls leader;
  private final CompletedWork completed = new CompletedWork();
  private final LeaderWork work;
  private final DiskThreads small;
  private final DiskThreads copies;
  private final Pace copyPace;
  private final Pace compactionPace;
  private final UnsealedReports reports;
  private final Scrubber scrubber;
  private final Reconciler reconciler;
  private final Thread heartbeats;
  private final Thread scrubbing;

  @GuardedBy("this")
  private boolean nudged;

  @GuardedBy("this")
  private boolean closed;

  @GuardedBy("this")
  private Registration registration = Registration.UNREGISTERED;

  private Duration interval;
  private String lastProblem = "";
  private long forcedNanos;
  private long latencyNanos;

  /** What a service works with; all of it stays its giver's. */
  public record Parts(
      ReplicaStore store,
      VolumeSet volumes,
      IdentityFile identity,
      Disk stateDisk,
      RpcClient client,
      Clock clock,
      RandomGenerator random,
      FatalErrors fatal,
      MetricRegistry metrics) {}

  /**
   * @param address where others reach this server
   * @param streams number of streams being written
   * @param foreground how long clients wait for this server
   * @param peers how long this server waits for others
   */
  public HeartbeatService(
      HeartbeatOptions options,
      HostPort address,
      Parts parts,
      IntSupplier streams,
      Foreground foreground,
      PeerLatencies peers) {
    this.options = options;
    this.address = address;
    this.store = parts.store();
    this.volumeSet = parts.volumes();
    this.identity = parts.identity();
    this.clock = parts.clock();
    this.random = parts.random();
    this.fatal = parts.fatal();
    this.streams = streams;
    this.foreground = foreground;
    this.peers = peers;
    this.interval = options.interval();
    this.leader =
        new LeaderCalls(parts.client(), options.metaservers(), options.callTimeout(), clock);
    this.small = new DiskThreads(options.name() + "-work", 2, SMALL_QUEUE, fatal);
    this.copies = new DiskThreads(options.name() + "-copy", 2, COPY_QUEUE, fatal);
    this.copyPace =
        new Pace(
            clock, () -> options.copyBytesPerSecond() * foreground.share(), foreground::background);
    this.compactionPace =
        new Pace(
            clock,
            () -> options.compactionBytesPerSecond() * foreground.share(),
            foreground::background);
    this.work =
        new LeaderWork(
            store,
            new ChunkCopier(
                store,
                parts.client(),
                copyPace,
                foreground::sourceIsSlowed,
                parts.metrics().counter("dataserver.copied.bytes")),
            (task, done) ->
                new Compaction(
                        task, parts.client(), copies, compactionPace, store::contentOnDisk, done)
                    .start(),
            small,
            copies,
            completed,
            this::nudge);
    this.reports = new UnsealedReports(store, completed, clock);
    this.scrubber =
        new Scrubber(
            store,
            parts.stateDisk(),
            options.upkeep(),
            foreground,
            clock,
            this::nudge,
            parts.metrics());
    this.reconciler =
        new Reconciler(
            store, identity, leader, work::judge, options.upkeep().reconcilePeriod(), clock);
    this.heartbeats = thread(options.name() + "-heartbeat", this::run);
    this.scrubbing = thread(options.name() + "-scrub", scrubber::run);
    this.forcedNanos = clock.monotonicNanos();
    this.latencyNanos = forcedNanos;
    parts.metrics().gauge("dataserver.replicas.sealed", store::sealedCount);
    parts.metrics().gauge("dataserver.replicas.unsealed", () -> store.unsealed().size());
    parts.metrics().gauge("dataserver.replicas.bad", () -> store.badReplicas(MAX_REPORTS).size());
  }

  private Thread thread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler(FatalErrors.uncaughtHandler(fatal));
    return thread;
  }

  public void start() {
    heartbeats.start();
    scrubbing.start();
  }

  public synchronized Registration registration() {
    return registration;
  }

  /** Waits until the cluster knows this server; false if that takes longer. */
  public synchronized boolean awaitRegistered(Duration timeout) throws InterruptedException {
    long deadline = clock.monotonicNanos() + timeout.toNanos();
    while (registration == Registration.UNREGISTERED && !closed) {
      long left = deadline - clock.monotonicNanos();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return registration == Registration.REGISTERED;
  }

  /** Reads every replica from now on, as fast as scrubbing may. */
  public void scrubNow() {
    scrubber.hurry();
  }

  /** How far the scrubber is, and what became of what it found. */
  public ScrubStatus scrubStatus() {
    return scrubber.status();
  }

  /** Begins to compare what is here with the metadata, unless that is under way. */
  public void reconcileNow() {
    if (!reconciler.begin()) {
      return;
    }
    try {
      small.execute(
          () -> {
            try {
              reconciler.run();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            nudge();
          });
    } catch (RejectedExecutionException e) {
      reconciler.end("too much other work");
      LOG.warn("not compared with the metadata: {}", e.toString());
    }
  }

  /** What the last comparison found, or the one under way so far. */
  public ReconcileReply reconcileStatus() {
    return reconciler.status();
  }

  /** Something is worth a heartbeat now. */
  public synchronized void nudge() {
    nudged = true;
    notifyAll();
  }

  private void run() {
    try {
      while (!isClosed()) {
        Duration pause = step();
        await(pause);
      }
    } catch (InterruptedException e) {
      LOG.debug("heartbeats end: {}", e.toString());
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized void await(Duration pause) throws InterruptedException {
    long deadline = clock.monotonicNanos() + pause.toNanos();
    while (!closed && !nudged) {
      long left = deadline - clock.monotonicNanos();
      if (left <= 0) {
        break;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    nudged = false;
  }

  private synchronized void setRegistration(Registration changed) {
    registration = changed;
    notifyAll();
  }

  /** One registration or heartbeat; how long to wait for the next one. */
  private Duration step() throws InterruptedException {
    foreground.tick();
    endLatencyWindows();
    try {
      forceClosedReplicas();
      if (store.forgetFailedVolumes() > 0) {
        setRegistration(Registration.UNREGISTERED);
      }
      if (registration() == Registration.REGISTERED) {
        heartbeat();
        if (reconciler.isDue()) {
          reconcileNow();
        }
      } else {
        register();
      }
      lastProblem = "";
      return registration() == Registration.REGISTERED ? interval : Duration.ZERO;
    } catch (CairnException e) {
      return afterFailure(e);
    }
  }

  private void endLatencyWindows() {
    long now = clock.monotonicNanos();
    if (now - latencyNanos >= LATENCY_NANOS) {
      latencyNanos = now;
      store.endLatencyWindow();
      peers.endWindow();
    }
  }

  private Duration afterFailure(CairnException e) {
    String problem = e.code() + " " + e.getMessage();
    if (!problem.equals(lastProblem)) {
      LOG.warn("no answer from the cluster: {}", problem);
      lastProblem = problem;
    }
    if (e.code() == ErrorCode.UNKNOWN_SERVER) {
      setRegistration(Registration.UNREGISTERED);
    }
    if (e.code() == ErrorCode.STALE_TERM) {
      leader.moveOn();
    }
    if (e.code() == ErrorCode.WRONG_CLUSTER || e.code() == ErrorCode.WRONG_VERSION) {
      setRegistration(Registration.REFUSED);
      return interval.multipliedBy(5);
    }
    reports.startOver();
    return e.code() == ErrorCode.IO_ERROR ? interval : RETRY;
  }

  private void forceClosedReplicas() {
    long now = clock.monotonicNanos();
    if (now - forcedNanos < FORCE_NANOS) {
      return;
    }
    forcedNanos = now;
    try {
      small.execute(
          () -> {
            try {
              store.forceClosed();
            } catch (CairnException e) {
              LOG.error("closed replicas are not forced: {}", e.getMessage());
              nudge();
            }
            sweepQuarantine();
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("closed replicas are forced later: {}", e.toString());
    }
  }

  private void sweepQuarantine() {
    try {
      store.sweepQuarantine(
          options.upkeep().quarantinePeriod(), options.upkeep().quarantineBytes());
    } catch (CairnException e) {
      LOG.error("the quarantine is not emptied: {}", e.getMessage());
      nudge();
    }
  }

  private void register() throws CairnException, InterruptedException {
    ServerIdentity self = identity.identity();
    RegisterServerRequest.Builder request =
        RegisterServerRequest.newBuilder()
            .setServer(self.server().map(ServerId::value).orElse(0))
            .setNonce(ByteString.copyFromUtf8(self.nonce()))
            .setName(options.name())
            .setHost(address.host())
            .setPort(address.port())
            .setRack(options.rack())
            .addAllVolumes(volumes());
    for (ReplicaStatus status : store.unsealed()) {
      request.addUnsealed(ReplicaReports.of(status));
    }
    request.addAllDigests(reconciler.digests());
    RegisterServerReply reply;
    try {
      reply = leader.call(Method.REGISTER_SERVER, request.build(), RegisterServerReply.parser());
    } catch (CairnException e) {
      if (e.code() == ErrorCode.UNKNOWN_SERVER && self.server().isPresent()) {
        beReborn(self, e);
      }
      throw e;
    }
    accept(self, reply);
    interval = interval(reply.getHeartbeatMillis());
    reports.startOver();
    setRegistration(Registration.REGISTERED);
    reconciler.registered();
    takeInventories(reply.getMismatchesList());
  }

  /** Struck out: it may come back only as a new server. */
  private void beReborn(ServerIdentity self, CairnException reason) throws CairnException {
    LOG.warn("{} registers as a new server: {}", self.server().orElseThrow(), reason.getMessage());
    try {
      identity.write(self.reborn(random));
    } catch (IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, "keeping the identity: " + e, e);
    }
  }

  private List<io.cairnfs.proto.dataserver.VolumeStatus> volumes() {
    return store.volumes().stream().map(HeartbeatService::volume).toList();
  }

  private static io.cairnfs.proto.dataserver.VolumeStatus volume(VolumeStatus status) {
    return io.cairnfs.proto.dataserver.VolumeStatus.newBuilder()
        .setVolume(status.volumeId())
        .setDirectory(status.directory())
        .setCapacityBytes(status.capacityBytes())
        .setUsedBytes(status.usedBytes())
        .setAvailableBytes(status.availableBytes())
        .setFailed(status.failed())
        .setStorageClass(status.storage().number())
        .setForceP99Micros(told(status.latency().forceMicros()))
        .setWriteP99Micros(told(status.latency().writeMicros()))
        .setReadP99Micros(told(status.latency().readMicros()))
        .build();
  }

  /** 0 says nothing. */
  private static long told(OptionalLong micros) {
    return micros.isPresent() ? Math.max(1, micros.getAsLong()) : 0;
  }

  /** Keeps what the cluster says this server is: first on the volumes, then in the identity. */
  private void accept(ServerIdentity self, RegisterServerReply reply) throws CairnException {
    String expected = self.clusterId().isEmpty() ? options.expectedClusterId() : self.clusterId();
    if (!expected.isEmpty() && !expected.equals(reply.getClusterId())) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          "this data server belongs to cluster "
              + expected
              + ", the metaservers are cluster "
              + reply.getClusterId());
    }
    if (reply.getServer() == 0) {
      throw new CairnException(ErrorCode.MALFORMED, "registration gave no server id");
    }
    identity.observeTerm(reply.getTerm());
    ServerId given = new ServerId(reply.getServer());
    if (self.server().equals(Optional.of(given))) {
      return;
    }
    try {
      ServerIdentity changed = identity.identity().withServer(given, reply.getClusterId());
      volumeSet.mark(changed);
      identity.write(changed);
      LOG.info("{} cluster={} registered as {}", given, reply.getClusterId(), options.name());
    } catch (IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, "keeping the identity: " + e, e);
    }
  }

  private Duration interval(int millis) {
    return millis > 0 ? Duration.ofMillis(millis) : options.interval();
  }

  /** One slot after the other, as the leader expects it. */
  private void takeInventories(List<SlotDigest> mismatches) {
    if (mismatches.isEmpty()) {
      return;
    }
    try {
      small.execute(() -> inventories(mismatches));
    } catch (RejectedExecutionException e) {
      LOG.warn("{} inventories not taken: too much other work", mismatches.size());
    }
  }

  private void inventories(List<SlotDigest> mismatches) {
    for (SlotDigest mismatch : mismatches) {
      try {
        reconciler.inventory(mismatch);
      } catch (CairnException e) {
        LOG.warn(
            "slot={}.{} inventory not taken: {}",
            mismatch.getPool(),
            mismatch.getSlot(),
            e.getMessage());
        setRegistration(Registration.UNREGISTERED);
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void heartbeat() throws CairnException, InterruptedException {
    CompletedWork.Report done = completed.report(MAX_REPORTS);
    ServerHeartbeatRequest request =
        ServerHeartbeatRequest.newBuilder()
            .setServer(identity.server().orElseThrow().value())
            .addAllVolumes(volumes())
            .addAllUnsealed(reports.unsealed())
            .addAllCopied(done.copied())
            .addAllDeleted(done.deleted())
            .addAllCopying(done.copying())
            .addAllCompacted(done.compacted())
            .addAllCompacting(done.compacting())
            .addAllBadReplicas(reports.bad())
            .putAllAckP99Micros(peers.p99Micros())
            .setStreams(streams.getAsInt())
            .setScrub(scrubber.status())
            .build();
    ServerHeartbeatReply reply =
        leader.call(Method.SERVER_HEARTBEAT, request, ServerHeartbeatReply.parser());
    identity.observeTerm(reply.getTerm());
    completed.forget(done);
    interval = interval(reply.getHeartbeatMillis());
    if (reply.getRegister()) {
      setRegistration(Registration.UNREGISTERED);
      return;
    }
    reply.getVerdictsList().forEach(work::judge);
    reply.getCopiesList().forEach(work::copy);
    reply.getCompactionsList().forEach(work::compact);
    for (long chunk : reply.getDeletesList()) {
      work.deleteGarbage(new ChunkId(chunk));
    }
  }

  /** Ends all threads; work at hand is finished, what waits is dropped: the leader asks again. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    copyPace.close();
    compactionPace.close();
    scrubber.close();
    copies.abandon();
    small.abandon();
    heartbeats.interrupt();
    join(heartbeats);
    join(scrubbing);
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
