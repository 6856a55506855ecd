package io.cairnfs.metaserver.leader;

import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkRepairs;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.GarbageTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.DeletePlanner;
import io.cairnfs.metaserver.repair.InventoryCheck;
import io.cairnfs.metaserver.repair.ReplicaVerdicts;
import io.cairnfs.metaserver.service.Leadership;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.ClassCapacity;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.GarbageDone;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.command.RepairDone;
import io.cairnfs.proto.command.RepairNeeded;
import io.cairnfs.proto.command.ReplicaFound;
import io.cairnfs.proto.command.ReplicasFound;
import io.cairnfs.proto.dataserver.ChunkStatusReply;
import io.cairnfs.proto.dataserver.ChunkStatusRequest;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CompareDigestsReply;
import io.cairnfs.proto.dataserver.CompareDigestsRequest;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.RegisterServerReply;
import io.cairnfs.proto.dataserver.RegisterServerRequest;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.SlotInventoryReply;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import io.cairnfs.proto.dataserver.Verdict;
import io.cairnfs.proto.dataserver.VerifyChunkReply;
import io.cairnfs.proto.dataserver.VerifyChunkRequest;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.server.ServerCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What data servers ask of the leader, and what clients report of them. Runs on the duties' thread,
 * which owns its state; what waits for the log or for a data server goes on there.
 */
final class DataServerCalls {
  private static final Logger logger = LoggerFactory.getLogger(DataServerCalls.class);
  private static final int HEARTBEAT_MILLIS = 1_000;
  private static final int COPIES_PER_HEARTBEAT = 16;
  private static final int DELETES_PER_HEARTBEAT = 1_000;
  private static final int CHUNKS_PER_STATUS = 1_000;
  private static final int MAX_SUSPICIONS = 256;
  private static final Duration VERIFY_LIMIT = Duration.ofMinutes(1);
  private static final Duration STATUS_LIMIT = Duration.ofSeconds(10);

  private final Leadership leadership;
  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final ServerBoard board;
  private final CopyDesk copies;
  private final CopyFailures failures;
  private final CompactionDesk compactions;
  private final StripeDesk stripes;
  private final RpcClient client;
  private final Runnable slotsChanged;
  private final LoadListener loads;
  private final DutyExecutor thread;
  private final Set<Suspicion> underVerification = new HashSet<>();

  /** Hears how many write streams a server has. */
  interface LoadListener {
    void streams(int server, int streams);
  }

  private record Suspicion(ChunkId chunk, int server) {}

  DataServerCalls(
      Leadership leadership,
      Supplier<StoreView> views,
      Proposals proposals,
      ServerBoard board,
      CopyDesk copies,
      CopyFailures failures,
      CompactionDesk compactions,
      StripeDesk stripes,
      RpcClient client,
      Runnable slotsChanged,
      LoadListener loads,
      DutyExecutor thread) {
    this.leadership = leadership;
    this.views = views;
    this.proposals = proposals;
    this.board = board;
    this.copies = copies;
    this.failures = failures;
    this.compactions = compactions;
    this.stripes = stripes;
    this.client = client;
    this.slotsChanged = slotsChanged;
    this.loads = loads;
    this.thread = thread;
  }

  /** Forgets what an earlier term left. */
  void reset() {
    underVerification.clear();
    copies.reset();
    failures.reset();
  }

  /** Method REGISTER_SERVER. */
  void register(ServerCall call) throws CairnException {
    leadership.require();
    RegisterServerRequest request = call.message(RegisterServerRequest.parser());
    requireNotElsewhere(request);
    RegisterServer.Builder command =
        RegisterServer.newBuilder()
            .setServer(request.getServer())
            .setNonce(request.getNonce())
            .setName(request.getName())
            .setHost(request.getHost())
            .setPort(request.getPort())
            .setRack(request.getRack());
    Map<StorageClass, Long> classes = new EnumMap<>(StorageClass.class);
    for (VolumeStatus volume : request.getVolumesList()) {
      command.addVolumes(volume.getVolume());
      command.setCapacityBytes(command.getCapacityBytes() + volume.getCapacityBytes());
      classes.merge(ServerBoard.storageOf(volume), volume.getCapacityBytes(), Long::sum);
    }
    if (!Set.of(StorageClass.DISK).containsAll(classes.keySet())) {
      classes.forEach(
          (storage, bytes) ->
              command.addClasses(
                  ClassCapacity.newBuilder()
                      .setStorageClass(storage.number())
                      .setCapacityBytes(bytes)));
    }
    thread.then(
        proposals.submit(Proposals.command().setRegisterServer(command)),
        (reply, failure) -> {
          if (failure != null) {
            Answers.fail(call, failure);
          } else if (reply.getErrorCode() != 0) {
            call.fail(
                new CairnException(
                    ErrorCode.ofNumber(reply.getErrorCode()), reply.getErrorMessage()));
          } else {
            registered(call, request, reply.getServer());
          }
        });
  }

  /**
   * Two servers with one identity would each be told of what the other has. Where the first has
   * fallen silent the second is rather the same one that was moved.
   */
  private void requireNotElsewhere(RegisterServerRequest request) throws CairnException {
    Optional<ServerRecord> known;
    try (StoreView view = views.get()) {
      known =
          ServerTable.ofNonce(view, request.getNonce())
              .flatMap(server -> ServerTable.find(view, server))
              .filter(server -> !server.isOut());
    }
    if (known.isEmpty() || board.of(known.get().id()) == ServerHealth.DOWN) {
      return;
    }
    HostPort lives = new HostPort(known.get().host(), known.get().port());
    if (!lives.host().equals(request.getHost()) || lives.port() != request.getPort()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "server="
              + known.get().id()
              + " lives at "
              + lives
              + ": a second one with its identity, at "
              + request.getHost()
              + ":"
              + request.getPort()
              + ", is refused while that one may be up");
    }
  }

  private void registered(ServerCall call, RegisterServerRequest request, int server) {
    board.registered(server, request.getVolumesList());
    copies.restarted(server);
    compactions.restarted(server);
    stripes.restarted(server);
    slotsChanged.run();
    logger.info(
        "server={} name={} registered at {}:{}",
        server,
        request.getName(),
        request.getHost(),
        request.getPort());
    RegisterServerReply.Builder reply =
        RegisterServerReply.newBuilder()
            .setServer(server)
            .setTerm(leadership.leadingTerm())
            .setHeartbeatMillis(HEARTBEAT_MILLIS);
    List<CompletableFuture<?>> logged = new ArrayList<>();
    try (StoreView view = views.get()) {
      ClusterRecord.find(view).ifPresent(cluster -> reply.setClusterId(cluster.clusterId()));
      InventoryCheck check = new InventoryCheck(view);
      reply.addAllMismatches(check.mismatches(server, request.getDigestsList()));
      noteShort(view, server, request.getUnsealedList());
      for (ChunkId lost : check.missingOpen(server, request.getUnsealedList())) {
        logger.warn("{} server={} came without its replica", lost, server);
        logged.add(proposals.submit(repairNeeded(lost, server)));
      }
    }
    replyWhenLogged(call, logged, reply::build);
  }

  /** A call whose answer promises that something is in the log. */
  private void replyWhenLogged(
      ServerCall call, List<CompletableFuture<?>> logged, Supplier<MessageLite> reply) {
    if (logged.isEmpty()) {
      call.reply(reply.get());
      return;
    }
    thread.then(
        CompletableFuture.allOf(logged.toArray(CompletableFuture[]::new)),
        (done, failure) -> {
          if (failure != null) {
            Answers.fail(call, failure);
          } else {
            call.reply(reply.get());
          }
        });
  }

  /** Method SERVER_HEARTBEAT: what the server has done is logged before it gets more to do. */
  void heartbeat(ServerCall call) throws CairnException {
    leadership.require();
    ServerHeartbeatRequest request = call.message(ServerHeartbeatRequest.parser());
    try (StoreView view = views.get()) {
      Optional<ServerRecord> server = ServerTable.find(view, request.getServer());
      if (server.isEmpty() || server.get().isOut()) {
        call.reply(
            ServerHeartbeatReply.newBuilder()
                .setTerm(leadership.leadingTerm())
                .setHeartbeatMillis(HEARTBEAT_MILLIS)
                .setRegister(true)
                .build());
        return;
      }
      noteShort(view, request.getServer(), request.getUnsealedList());
      noteFound(view, request.getServer(), request.getUnsealedList()).ifPresent(proposals::propose);
      for (long bad : request.getBadReplicasList()) {
        needRepair(view, new ChunkId(bad), request.getServer(), "found by the server itself");
      }
    }
    board.heard(request);
    loads.streams(request.getServer(), request.getStreams());
    replyWhenLogged(call, logResults(request), () -> answer(request));
  }

  private ServerHeartbeatReply answer(ServerHeartbeatRequest request) {
    int server = request.getServer();
    ServerHeartbeatReply.Builder reply =
        ServerHeartbeatReply.newBuilder()
            .setTerm(leadership.leadingTerm())
            .setHeartbeatMillis(HEARTBEAT_MILLIS);
    try (StoreView view = views.get()) {
      reply.setTickMillis(Counter.TICK_MILLIS.in(view));
      ReplicaVerdicts verdicts = new ReplicaVerdicts(view);
      for (ReplicaReport report : request.getUnsealedList()) {
        reply.addVerdicts(verdicts.of(report));
      }
      for (long bad : request.getBadReplicasList()) {
        if (ChunkTable.isDead(view, new ChunkId(bad))) {
          reply.addVerdicts(ReplicaVerdict.newBuilder().setChunk(bad).setVerdict(Verdict.DEAD));
        }
      }
      reply.addAllCopies(copies.next(view, server, COPIES_PER_HEARTBEAT));
      reply.addAllCompactions(compactions.next(view, server));
      reply.addAllCompactions(stripes.next(view, server));
      for (ChunkId chunk : new DeletePlanner(view).deletes(server, DELETES_PER_HEARTBEAT)) {
        reply.addDeletes(chunk.value());
      }
    }
    return reply.build();
  }

  /** Work that the server has done: completes when it is logged, or cannot be. */
  private List<CompletableFuture<?>> logResults(ServerHeartbeatRequest request) {
    int server = request.getServer();
    List<CompletableFuture<?>> logged = new ArrayList<>();
    copies.atWork(server, request.getCopyingList().stream().map(ChunkId::new).toList());
    for (CopyResult copied : request.getCopiedList()) {
      ChunkId chunk = new ChunkId(copied.getChunk());
      copies.reported(server, chunk, copied.getErrorCode() == 0);
      if (copied.getErrorCode() == 0) {
        failures.succeeded(server, chunk);
        logged.add(
            proposals.submit(
                Proposals.command()
                    .setRepairDone(
                        RepairDone.newBuilder()
                            .setChunk(copied.getChunk())
                            .setServer(server)
                            .setSince(copied.getSince())
                            .setLength(copied.getLength()))));
      } else {
        ErrorCode code = ErrorCode.ofNumber(copied.getErrorCode());
        logger.warn(
            "{} server={} copy failed: {} {}", chunk, server, code, copied.getErrorMessage());
        failures.failed(server, chunk, code + " " + copied.getErrorMessage());
        if (code == ErrorCode.CHUNK_NOT_FOUND || code == ErrorCode.CHUNK_CORRUPT) {
          noteNoHolder(chunk, server);
        }
      }
    }
    for (CompactResult compacted : request.getCompactedList()) {
      compactions.reported(server, compacted).ifPresent(logged::add);
      stripes.reported(server, compacted).ifPresent(logged::add);
    }
    compactions.atWork(server, request.getCompactingList());
    stripes.atWork(server, request.getCompactingList());
    if (request.getDeletedCount() > 0) {
      logged.add(
          proposals.submit(
              Proposals.command()
                  .setGarbageDone(
                      GarbageDone.newBuilder()
                          .setServer(server)
                          .addAllChunks(request.getDeletedList()))));
    }
    return logged;
  }

  /** Replicas that are too short for their sealed chunks will never be good. */
  private void noteShort(StoreView view, int server, List<ReplicaReport> unsealed) {
    ReplicaVerdicts verdicts = new ReplicaVerdicts(view);
    for (ReplicaReport report : unsealed) {
      if (verdicts.needsRepair(report)) {
        needRepair(view, new ChunkId(report.getChunk()), server, "ends at " + report.getLength());
      }
    }
  }

  /** What the server brought along as a new one, or has of a slot that it left. */
  private static Optional<Command.Builder> noteFound(
      StoreView view, int server, List<ReplicaReport> replicas) {
    List<ReplicaFound> unknown = new InventoryCheck(view).unknown(server, replicas);
    if (unknown.isEmpty()) {
      return Optional.empty();
    }
    logger.info("server={} has {} replicas that nobody knew of", server, unknown.size());
    return Optional.of(
        Proposals.command()
            .setReplicasFound(
                ReplicasFound.newBuilder().setServer(server).addAllReplicas(unknown)));
  }

  /** Proposed once: while there is an entry, another one would only make a copy under way void. */
  private void needRepair(StoreView view, ChunkId chunk, int server, String why) {
    boolean isNews =
        ChunkTable.find(view, chunk)
            .filter(row -> !row.isUnsealed() && ChunkRepairs.isNews(view, row, server))
            .isPresent();
    if (isNews) {
      logger.warn("{} server={} has no good replica: {}", chunk, server, why);
      proposals.propose(repairNeeded(chunk, server));
    }
  }

  /**
   * Before a server copies a chunk it looks at what it has of it: if it had to copy, it is no
   * holder, though it was not told in vain to delete what it may have.
   */
  private void noteNoHolder(ChunkId chunk, int server) {
    try (StoreView view = views.get()) {
      if (GarbageTable.isGoodHolder(view, chunk, server)) {
        proposals.propose(repairNeeded(chunk, server));
      }
    }
  }

  /** Method COMPARE_DIGESTS. */
  void compareDigests(ServerCall call) throws CairnException {
    leadership.require();
    CompareDigestsRequest request = call.message(CompareDigestsRequest.parser());
    try (StoreView view = views.get()) {
      if (ServerTable.isGone(view, request.getServer())) {
        throw new CairnException(
            ErrorCode.UNKNOWN_SERVER, "server=" + request.getServer() + " is not registered");
      }
      call.reply(
          CompareDigestsReply.newBuilder()
              .addAllMismatches(
                  new InventoryCheck(view)
                      .mismatches(request.getServer(), request.getDigestsList()))
              .build());
    }
  }

  private static Command.Builder repairNeeded(ChunkId chunk, int server) {
    return Proposals.command()
        .setRepairNeeded(RepairNeeded.newBuilder().setChunk(chunk.value()).setServer(server));
  }

  /**
   * Method SLOT_INVENTORY. What is not listed may be there unsealed, or have been sealed meanwhile:
   * the server is asked for each such chunk before a repair entry is made. The answer comes when
   * all of that is logged: a server that gets none registers again.
   */
  void inventory(ServerCall call) throws CairnException {
    leadership.require();
    SlotInventoryRequest request = call.message(SlotInventoryRequest.parser());
    SlotInventoryReply.Builder reply = SlotInventoryReply.newBuilder();
    List<CompletableFuture<?>> logged = new ArrayList<>();
    try (StoreView view = views.get()) {
      ReplicaVerdicts verdicts = new ReplicaVerdicts(view);
      for (ReplicaReport report : request.getReplicasList()) {
        ReplicaVerdict verdict = verdicts.of(report);
        reply.addVerdicts(verdict);
        if (verdict.getVerdict() == Verdict.DEAD) {
          reply.addExtra(report.getChunk());
        }
      }
      Optional<ServerRecord> server = ServerTable.find(view, request.getServer());
      List<ChunkId> missing = new InventoryCheck(view).missing(request);
      if (server.isPresent()) {
        noteFound(view, request.getServer(), request.getReplicasList())
            .ifPresent(
                found -> {
                  found
                      .getReplicasFound()
                      .getReplicasList()
                      .forEach(each -> reply.addExtra(each.getChunk()));
                  logged.add(proposals.submit(found));
                });
        for (int from = 0; from < missing.size(); from += CHUNKS_PER_STATUS) {
          int to = Math.min(missing.size(), from + CHUNKS_PER_STATUS);
          logged.add(askFor(server.get(), List.copyOf(missing.subList(from, to)), reply));
        }
      }
    }
    replyWhenLogged(call, logged, reply::build);
  }

  /** Completes when what the server says that it lacks is logged, and told in the reply. */
  private CompletableFuture<?> askFor(
      ServerRecord server, List<ChunkId> chunks, SlotInventoryReply.Builder told) {
    return client
        .call(
            new HostPort(server.host(), server.port()),
            Method.CHUNK_STATUS,
            ChunkStatusRequest.newBuilder()
                .addAllChunks(chunks.stream().map(ChunkId::value).toList())
                .build(),
            ChunkStatusReply.parser(),
            STATUS_LIMIT)
        .thenComposeAsync(reply -> noteMissing(server.id(), chunks, reply, told), thread);
  }

  private CompletableFuture<Void> noteMissing(
      int server, List<ChunkId> chunks, ChunkStatusReply reply, SlotInventoryReply.Builder told) {
    List<CompletableFuture<?>> logged = new ArrayList<>();
    try (StoreView view = views.get()) {
      for (int i = 0; i < Math.min(chunks.size(), reply.getReplicasCount()); i++) {
        ReplicaReport replica = reply.getReplicas(i);
        ChunkRecord row = ChunkTable.find(view, chunks.get(i)).orElse(null);
        boolean there = replica.getState() != ReplicaState.REPLICA_STATE_UNSPECIFIED;
        boolean fits =
            row == null
                || (replica.getState() == ReplicaState.REPLICA_SEALED
                    ? replica.getLength() == row.length()
                    : replica.getLength() >= row.length());
        if ((!there || !fits) && row != null && ChunkRepairs.isNews(view, row, server)) {
          logger.warn("{} server={} is missing from its inventory", chunks.get(i), server);
          logged.add(proposals.submit(repairNeeded(chunks.get(i), server)));
          if (there) {
            told.addStale(chunks.get(i).value());
          } else {
            told.addMissing(chunks.get(i).value());
          }
        }
      }
    }
    return CompletableFuture.allOf(logged.toArray(CompletableFuture[]::new));
  }

  /** Method REPORT_BAD_REPLICA: believed only when the server itself agrees. */
  void reportBadReplica(ServerCall call) throws CairnException {
    leadership.require();
    ReportBadReplicaRequest request = call.message(ReportBadReplicaRequest.parser());
    call.reply(ReportBadReplicaReply.getDefaultInstance());
    ChunkId chunk = new ChunkId(request.getChunk());
    Suspicion suspicion = new Suspicion(chunk, request.getServer());
    try (StoreView view = views.get()) {
      Optional<ServerRecord> server = ServerTable.find(view, request.getServer());
      Optional<ChunkRecord> row = ChunkTable.find(view, chunk).filter(ChunkRecord::isSealed);
      boolean worthAsking =
          server.isPresent()
              && row.isPresent()
              && underVerification.size() < MAX_SUSPICIONS
              && RepairTable.since(view, chunk, request.getServer()).isEmpty();
      if (worthAsking && underVerification.add(suspicion)) {
        logger.info(
            "{} server={} reported as bad: {}", chunk, request.getServer(), request.getProblem());
        verify(suspicion, server.get(), row.get().length());
      }
    }
  }

  private void verify(Suspicion suspicion, ServerRecord server, long length) {
    thread.then(
        client.call(
            new HostPort(server.host(), server.port()),
            Method.VERIFY_CHUNK,
            VerifyChunkRequest.newBuilder()
                .setChunk(suspicion.chunk().value())
                .setExpectedLength(length)
                .setTerm(leadership.leadingTerm())
                .build(),
            VerifyChunkReply.parser(),
            VERIFY_LIMIT),
        (reply, failure) -> {
          underVerification.remove(suspicion);
          if (failure != null) {
            logger.warn(
                "{} server={} could not be verified: {}",
                suspicion.chunk(),
                suspicion.server(),
                failure.getMessage());
          } else if (!reply.getExists() || !reply.getGood()) {
            try (StoreView view = views.get()) {
              needRepair(view, suspicion.chunk(), suspicion.server(), reply.getProblem());
            }
          }
        });
  }
}
