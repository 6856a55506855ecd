package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.dataserver.heartbeat.CellRecovery;
import io.cairnfs.dataserver.heartbeat.Compaction;
import io.cairnfs.dataserver.heartbeat.CompletedWork;
import io.cairnfs.dataserver.heartbeat.UnsealedReports;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ReadPace;
import io.cairnfs.dataserver.storage.ReplicaCopy;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.ServerIdentity;
import io.cairnfs.dataserver.storage.SlotSum;
import io.cairnfs.dataserver.storage.VolumeOptions;
import io.cairnfs.dataserver.storage.VolumeSet;
import io.cairnfs.dataserver.storage.VolumeSource;
import io.cairnfs.dataserver.transfer.ReplicaReports;
import io.cairnfs.dataserver.transfer.TransferOptions;
import io.cairnfs.dataserver.transfer.TransferService;
import io.cairnfs.dataserver.transfer.TransferThreads;
import io.cairnfs.proto.dataserver.CompactTask;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.dataserver.RegisterServerReply;
import io.cairnfs.proto.dataserver.RegisterServerRequest;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryReply;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * A data server: the real replicas and pipelines on simulated disks; what the real one's threads do
 * for the leader (heartbeats, seals, copies, deletes, scrubbing) happens here in the same order
 * without blocking.
 */
final class DataNode extends SimulatedProcess {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;
  private static final long FORCE_NANOS = 10 * SECOND;
  private static final int COPY_BYTES = 16 << 10;
  private static final int MAX_REPORTS = 1_000;
  private static final Duration TIMEOUT = Duration.ofMillis(1_500);
  private static final TransferOptions OPTIONS =
      new TransferOptions(
          Duration.ofMillis(700),
          Duration.ofSeconds(5),
          Duration.ofMillis(200),
          64 << 10,
          1 << 20,
          1);

  private final SystemRun run;
  private final RandomGenerator random;
  private final HostPort address;
  private final SimulatedDisk state;
  private final SimulatedDisk volume;
  private long diskNanos = MILLI;

  private IdentityFile identity;
  private VolumeSet volumes;
  private ReplicaStore store;
  private TransferService transfer;
  private NodeRpcClient client;
  private LeaderFinder leader;
  private CompletedWork completed;
  private UnsealedReports reports;
  private boolean registered;
  private ChunkId scrubbed = new ChunkId(0);
  private int scrubRounds;
  private long forcedNanos;

  DataNode(int number, SystemRun run, RandomGenerator random) {
    super("d" + number, run.events(), 0.98 + random.nextDouble() * 0.04);
    this.run = run;
    this.random = random;
    address = new HostPort(name(), 1);
    state = new SimulatedDisk(name() + "-state");
    volume = new SimulatedDisk(name() + "-volume");
    run.transport().listen(address, this);
  }

  SimulatedDisk volumeDisk() {
    return volume;
  }

  ReplicaStore store() {
    return store;
  }

  boolean isRegistered() {
    return isUp() && registered;
  }

  Optional<Integer> server() {
    return identity == null ? Optional.empty() : identity.server().map(ServerId::value);
  }

  void slowDisk(long nanos) {
    diskNanos = nanos;
  }

  void kill() {
    if (isUp()) {
      stop();
      registered = false;
      state.killProcess();
      volume.killProcess();
      run.trace(name(), "killed");
    }
  }

  void losePower() {
    if (isUp()) {
      stop();
    }
    registered = false;
    state.losePower(random);
    run.trace(name(), "lost power: " + volume.losePower(random));
  }

  @Override
  void begin() {
    try {
      open();
    } catch (IOException e) {
      run.trace(name(), "cannot start: " + e.getMessage());
      if (e instanceof CairnException refusal
          && (refusal.code() == ErrorCode.CORRUPT || refusal.code() == ErrorCode.WRONG_CLUSTER)) {
        Oracle.fail("%s sees damage where there is none: %s", name(), e.getMessage());
      }
      stop();
      run.events().after(500 * MILLI, this::start);
      return;
    }
    run.trace(name(), "starts with " + store.sealedCount() + " sealed replicas");
    registered = false;
    forcedNanos = clock().monotonicNanos();
    client =
        run.transport()
            .clientOf(
                this,
                new PeerIdentity(
                    MetadataNode.CLUSTER, PeerRole.DATA_SERVER, "", name(), name(), "simulated"));
    leader = new LeaderFinder(this, client, run::metaservers, random);
    completed = new CompletedWork();
    reports = new UnsealedReports(store, completed, clock());
    Executor disk = this::onDisk;
    transfer =
        new TransferService(
            store,
            identity,
            client,
            new TransferThreads(disk, disk, disk),
            OPTIONS,
            clock(),
            (what, cause) -> {
              IllegalStateException failure =
                  new IllegalStateException(name() + ": " + what, cause);
              Watched.remember(failure);
              throw failure;
            },
            new MetricRegistry());
    transfer.addTo(handlers());
    execute(this::step);
    after(SECOND, this::scrub);
  }

  private void onDisk(Runnable task) {
    after(diskNanos / 4 + random.nextLong(diskNanos), task);
  }

  private void open() throws IOException {
    identity = IdentityFile.open(state, random);
    volumes =
        VolumeSet.open(
            List.of(new VolumeSource(volume, new VolumeOptions(0, 0), () -> {})),
            identity.identity(),
            random,
            clock());
    identity.write(volumes.identity());
    if (identity.server().isPresent()) {
      volumes.mark(identity.identity());
    }
    store = ReplicaStore.open(volumes, clock());
  }

  // Heartbeats.

  private void step() {
    if (store.volumes().stream().anyMatch(status -> status.failed())) {
      run.trace(name(), "its volume has failed: the machine restarts");
      run.tally().count("case.VOLUME_FAILED");
      losePower();
      run.events().after(2 * SECOND, this::start);
      return;
    }
    if (clock().monotonicNanos() - forcedNanos >= FORCE_NANOS) {
      forcedNanos = clock().monotonicNanos();
      onDisk(
          () -> {
            try {
              store.forceClosed();
            } catch (CairnException e) {
              run.trace(name(), "closed replicas are not forced: " + e.getMessage());
            }
          });
    }
    if (registered) {
      heartbeat();
    } else {
      register();
    }
  }

  private void again(long nanos) {
    after(nanos, this::step);
  }

  private void failed(CairnException refusal) {
    if (refusal.code() == ErrorCode.UNKNOWN_SERVER) {
      registered = false;
    }
    if (refusal.code() == ErrorCode.STALE_TERM) {
      leader.moveOn();
    }
    reports.startOver();
    again(300 * MILLI);
  }

  private List<VolumeStatus> volumeReports() {
    return store.volumes().stream()
        .map(
            status ->
                VolumeStatus.newBuilder()
                    .setVolume(status.volumeId())
                    .setDirectory(status.directory())
                    .setCapacityBytes(status.capacityBytes())
                    .setUsedBytes(status.usedBytes())
                    .setAvailableBytes(status.availableBytes())
                    .setFailed(status.failed())
                    .build())
        .toList();
  }

  private void register() {
    ServerIdentity self = identity.identity();
    RegisterServerRequest.Builder request =
        RegisterServerRequest.newBuilder()
            .setServer(self.server().map(ServerId::value).orElse(0))
            .setNonce(ByteString.copyFromUtf8(self.nonce()))
            .setName(name())
            .setHost(address.host())
            .setPort(address.port())
            .setRack("r" + (name().hashCode() & 1))
            .addAllVolumes(volumeReports());
    for (ReplicaStatus status : store.unsealed()) {
      request.addUnsealed(ReplicaReports.of(status));
    }
    for (SlotSum sum : store.slotSums()) {
      request.addDigests(
          SlotDigest.newBuilder()
              .setPool(sum.pool())
              .setSlot(sum.slot())
              .setReplication(sum.replication())
              .setSum(sum.sum())
              .setCount(sum.count()));
    }
    leader.call(
        Method.REGISTER_SERVER,
        request.build(),
        RegisterServerReply.parser(),
        TIMEOUT,
        (reply, refusal) -> {
          if (refusal != null) {
            failed(
                refusal.code() == ErrorCode.UNKNOWN_SERVER && self.server().isPresent()
                    ? beReborn(self, refusal)
                    : refusal);
            return;
          }
          try {
            accept(self, reply);
          } catch (IOException e) {
            failed(notKept(e));
            return;
          }
          registered = true;
          reports.startOver();
          run.trace(name(), "registered as server " + reply.getServer());
          reply.getMismatchesList().forEach(this::takeInventory);
          again(0);
        });
  }

  /** What is to be said of it. */
  private CairnException beReborn(ServerIdentity self, CairnException reason) {
    try {
      identity.write(self.reborn(random));
      run.tally().count(SystemSighting.SERVER_REBORN);
      return reason;
    } catch (IOException e) {
      return notKept(e);
    }
  }

  /** The disk may refuse just then; the next registration finds the same identity. */
  private static CairnException notKept(IOException e) {
    return e instanceof CairnException refusal
        ? refusal
        : new CairnException(ErrorCode.IO_ERROR, "keeping the identity: " + e, e);
  }

  private void accept(ServerIdentity self, RegisterServerReply reply) throws IOException {
    identity.observeTerm(reply.getTerm());
    ServerId given = new ServerId(reply.getServer());
    if (!self.server().equals(Optional.of(given))) {
      ServerIdentity changed = identity.identity().withServer(given, reply.getClusterId());
      volumes.mark(changed);
      identity.write(changed);
    }
  }

  private void takeInventory(SlotDigest mismatch) {
    SlotInventoryRequest.Builder request =
        SlotInventoryRequest.newBuilder()
            .setServer(identity.server().orElseThrow().value())
            .setPool(mismatch.getPool())
            .setSlot(mismatch.getSlot())
            .setLast(true);
    run.tally().count("case.INVENTORY_TAKEN");
    for (ReplicaStatus status :
        store.slot(mismatch.getPool(), mismatch.getSlot(), new ChunkId(0), 100_000)) {
      request.addReplicas(ReplicaReports.of(status));
    }
    store.unsealed().stream()
        .filter(
            status ->
                status.chunk().pool() == mismatch.getPool()
                    && status.chunk().slot() == mismatch.getSlot()
                    && !store.isBad(status.chunk()))
        .forEach(status -> request.addReplicas(ReplicaReports.of(status)));
    leader.call(
        Method.SLOT_INVENTORY,
        request.build(),
        SlotInventoryReply.parser(),
        TIMEOUT,
        (reply, refusal) -> {
          if (refusal != null) {
            registered = false;
          } else {
            reply.getVerdictsList().forEach(this::judge);
          }
        });
  }

  private void heartbeat() {
    CompletedWork.Report done = completed.report(MAX_REPORTS);
    ServerHeartbeatRequest request =
        ServerHeartbeatRequest.newBuilder()
            .setServer(identity.server().orElseThrow().value())
            .addAllVolumes(volumeReports())
            .addAllUnsealed(reports.unsealed())
            .addAllCopied(done.copied())
            .addAllDeleted(done.deleted())
            .addAllCopying(done.copying())
            .addAllCompacted(done.compacted())
            .addAllCompacting(done.compacting())
            .addAllBadReplicas(reports.bad())
            .setStreams(transfer.streams())
            .build();
    leader.call(
        Method.SERVER_HEARTBEAT,
        request,
        ServerHeartbeatReply.parser(),
        TIMEOUT,
        (reply, refusal) -> {
          if (refusal != null) {
            failed(refusal);
            return;
          }
          try {
            identity.observeTerm(reply.getTerm());
          } catch (CairnException e) {
            failed(e);
            return;
          }
          completed.forget(done);
          if (reply.getRegister()) {
            registered = false;
            again(0);
            return;
          }
          reply.getVerdictsList().forEach(this::judge);
          reply.getCopiesList().forEach(this::copy);
          reply.getCompactionsList().forEach(this::compact);
          reply.getDeletesList().forEach(chunk -> deleteGarbage(new ChunkId(chunk)));
          again(SECOND);
        });
  }

  // Work.

  private interface Work {
    void run() throws CairnException;
  }

  private void work(ChunkId chunk, Work work) {
    if (completed.begin(chunk)) {
      begun(chunk, work);
    }
  }

  private void deletion(ChunkId chunk, Work work) {
    if (completed.beginDelete(chunk)) {
      begun(chunk, work);
    }
  }

  private void begun(ChunkId chunk, Work work) {
    onDisk(
        () -> {
          try {
            work.run();
          } catch (CairnException e) {
            run.trace(name(), chunk + ": " + e.code() + " " + e.getMessage());
          } finally {
            completed.end(chunk);
          }
        });
  }

  private void judge(ReplicaVerdict verdict) {
    ChunkId chunk = new ChunkId(verdict.getChunk());
    switch (verdict.getVerdict()) {
      case SEAL ->
          work(
              chunk,
              () ->
                  store.seal(
                      chunk,
                      verdict.getLength(),
                      Math.max(1, verdict.getReplication()),
                      verdict.getEpoch()));
      case DEAD -> {
        run.requireDead(this, chunk);
        run.tally().count("case.DEAD_REPLICA_DELETED");
        deletion(chunk, () -> store.delete(chunk));
      }
      default -> {
        // It stays as it is.
      }
    }
  }

  private void deleteGarbage(ChunkId chunk) {
    deletion(
        chunk,
        () -> {
          store.delete(chunk);
          completed.deleted(chunk);
        });
  }

  private void copy(CopyTask task) {
    ChunkId chunk = new ChunkId(task.getChunk());
    Optional<CopyResult> before = completed.doneBefore(task);
    if (before.isPresent()
        && !completed.isRunning(chunk)
        && store
            .status(chunk)
            .filter(
                status ->
                    status.state() == ReplicaStatus.State.SEALED
                        && status.length() == task.getLength())
            .isPresent()) {
      completed.copied(before.get());
      return;
    }
    if (completed.beginCopy(chunk)) {
      onDisk(() -> copyFrom(task, 0, ErrorCode.CHUNK_NOT_FOUND));
    }
  }

  private void compact(CompactTask task) {
    if (completed.beginCompaction(task.getChunk().getChunk())) {
      CompletedWork life = completed;
      new Compaction(
              task, client, this::onDisk, ReadPace.FREE, store::contentOnDisk, life::compacted)
          .start();
    }
  }

  private void copyFrom(CopyTask task, int source, ErrorCode last) {
    ChunkId chunk = new ChunkId(task.getChunk());
    if (task.getSourcesCount() == 0 && !task.hasStripe()) {
      keep(task);
      return;
    }
    if (source >= task.getSourcesCount()) {
      if (task.hasStripe()) {
        compute(task);
      } else {
        copied(task, last);
      }
      return;
    }
    boolean wasBad = store.isBad(chunk);
    try {
      Optional<ReplicaCopy> copy =
          store.beginCopy(
              chunk,
              task.getLength(),
              task.getEpoch(),
              Math.max(1, task.getReplication()),
              ReadPace.FREE);
      if (copy.isEmpty()) {
        copied(task, null);
      } else {
        copyPieces(task, source, copy.get(), wasBad);
      }
    } catch (CairnException e) {
      run.trace(name(), chunk + " not copied: " + e.getMessage());
      copied(task, e.code());
    }
  }

  /** Nobody else has the chunk: what is here counts, if it is good. */
  private void keep(CopyTask task) {
    ChunkId chunk = new ChunkId(task.getChunk());
    ReplicaStatus status = store.status(chunk).orElse(null);
    try {
      if (status == null || status.length() < task.getLength()) {
        copied(task, ErrorCode.CHUNK_NOT_FOUND);
      } else if (status.state() != ReplicaStatus.State.SEALED) {
        copied(task, ErrorCode.RETRY);
      } else {
        boolean good = store.verify(chunk, task.getLength(), ReadPace.FREE).good();
        copied(task, good ? null : ErrorCode.CHUNK_CORRUPT);
      }
    } catch (CairnException e) {
      copied(task, e.code());
    }
  }

  private void copied(CopyTask task, ErrorCode problem) {
    ChunkId chunk = new ChunkId(task.getChunk());
    CopyResult.Builder result =
        CopyResult.newBuilder()
            .setChunk(task.getChunk())
            .setSince(task.getSince())
            .setLength(task.getLength());
    if (problem != null) {
      result.setErrorCode(problem.number()).setErrorMessage(problem.text());
    }
    completed.copied(result.build());
    completed.end(chunk);
  }

  private void copyPieces(CopyTask task, int source, ReplicaCopy copy, boolean wasBad)
      throws CairnException {
    if (copy.isComplete()) {
      copy.finish();
      copy.close();
      if (wasBad) {
        run.tally().count(SystemSighting.BAD_REPLICA_REPLACED);
      }
      copied(task, null);
      return;
    }
    Member member = task.getSources(source);
    long offset = copy.length();
    var unused =
        client
            .call(
                new HostPort(member.getHost(), member.getPort()),
                Method.READ_CHUNK,
                ReadChunkRequest.newBuilder()
                    .setChunk(task.getChunk())
                    .setOffset(offset)
                    .setLength((int) Math.min(COPY_BYTES, task.getLength() - offset))
                    .setKnownLength(task.getLength())
                    .setLimit(task.getLength())
                    .build(),
                Duration.ofSeconds(3))
            .whenComplete(
                Watched.then(
                    (reply, failure) -> {
                      if (failure != null) {
                        giveUp(task, source, copy, LeaderFinder.refusal(failure));
                      } else {
                        onDisk(() -> takePiece(task, source, copy, wasBad, reply));
                      }
                    }));
  }

  private void takePiece(
      CopyTask task, int source, ReplicaCopy copy, boolean wasBad, RpcReply reply) {
    try {
      ReadChunkReply header = reply.message(ReadChunkReply.parser());
      ByteBuf payload = reply.payload();
      if (header.getOffset() != copy.length() || header.getLength() == 0) {
        throw new CairnException(ErrorCode.CHUNK_CORRUPT, "other bytes than asked for");
      }
      int[] checksums = new int[header.getChecksumCount()];
      for (int i = 0; i < checksums.length; i++) {
        checksums[i] = payload.readInt();
      }
      copy.append(payload.nioBuffer(), checksums);
      copyPieces(task, source, copy, wasBad);
    } catch (CairnException e) {
      giveUp(task, source, copy, e);
    }
  }

  /** A cell that no source gives, from others of its stripe. */
  private void compute(CopyTask task) {
    ChunkId chunk = new ChunkId(task.getChunk());
    ReplicaStatus status = store.status(chunk).orElse(null);
    if (status != null
        && status.state() != ReplicaStatus.State.SEALED
        && status.length() >= task.getLength()
        && !store.isBad(chunk)) {
      copied(task, ErrorCode.RETRY);
      return;
    }
    try {
      CellRecovery recovery = new CellRecovery(task, client, () -> {});
      Optional<ReplicaCopy> copy =
          store.beginCopy(
              chunk,
              task.getLength(),
              task.getEpoch(),
              Math.max(1, task.getReplication()),
              ReadPace.FREE);
      if (copy.isEmpty()) {
        copied(task, null);
      } else {
        computePieces(task, recovery, copy.get());
      }
    } catch (CairnException e) {
      run.trace(name(), chunk + " not computed: " + e.getMessage());
      copied(task, e.code());
    }
  }

  private void computePieces(CopyTask task, CellRecovery recovery, ReplicaCopy copy)
      throws CairnException {
    if (copy.isComplete()) {
      copy.finish();
      copy.close();
      copied(task, null);
      return;
    }
    int bytes = (int) Math.min(COPY_BYTES, task.getLength() - copy.length());
    var unused =
        recovery
            .read(copy.length(), bytes)
            .whenComplete(
                Watched.then(
                    (range, failure) ->
                        onDisk(
                            () -> {
                              try {
                                if (failure != null) {
                                  throw LeaderFinder.refusal(failure);
                                }
                                recovery.append(copy, range);
                                computePieces(task, recovery, copy);
                              } catch (CairnException e) {
                                drop(copy);
                                run.trace(
                                    name(),
                                    new ChunkId(task.getChunk())
                                        + " not computed: "
                                        + e.getMessage());
                                copied(task, e.code());
                              }
                            })));
  }

  private void giveUp(CopyTask task, int source, ReplicaCopy copy, CairnException cause) {
    run.trace(name(), new ChunkId(task.getChunk()) + " not copied: " + cause.getMessage());
    drop(copy);
    copyFrom(task, source + 1, cause.code());
  }

  private void drop(ReplicaCopy copy) {
    try {
      copy.close();
    } catch (CairnException e) {
      run.trace(name(), "closing a copy: " + e.getMessage());
    }
  }

  /** So often it came to the end of what it has. */
  int scrubRounds() {
    return scrubRounds;
  }

  /** One replica after the other, so that what rots is found. */
  private void scrub() {
    Optional<ReplicaStatus> next = store.nextSealed(scrubbed);
    scrubbed = next.map(ReplicaStatus::chunk).orElse(new ChunkId(0));
    if (next.isEmpty()) {
      scrubRounds++;
    }
    if (next.isPresent()) {
      try {
        store.verify(next.get().chunk(), next.get().length(), ReadPace.FREE);
      } catch (CairnException e) {
        run.trace(name(), "scrubbing: " + e.getMessage());
      }
    }
    after(500 * MILLI, this::scrub);
  }
}
