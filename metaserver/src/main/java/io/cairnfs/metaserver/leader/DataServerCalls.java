package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotDigests;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.CopyPlanner;
import io.cairnfs.metaserver.repair.DeletePlanner;
import io.cairnfs.metaserver.repair.ReplicaVerdicts;
import io.cairnfs.metaserver.service.Leadership;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.GarbageDone;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.command.RepairDone;
import io.cairnfs.proto.command.RepairNeeded;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.RegisterServerReply;
import io.cairnfs.proto.dataserver.RegisterServerRequest;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryReply;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import io.cairnfs.proto.dataserver.VerifyChunkReply;
import io.cairnfs.proto.dataserver.VerifyChunkRequest;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.server.ServerCall;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What data servers ask of the leader, and what clients report of them. Runs on the duties' thread.
 */
final class DataServerCalls {
  private static final Logger logger = LoggerFactory.getLogger(DataServerCalls.class);
  private static final int HEARTBEAT_MILLIS = 1_000;
  private static final int COPIES_PER_HEARTBEAT = 64;
  private static final int DELETES_PER_HEARTBEAT = 1_000;
  private static final Duration VERIFY_LIMIT = Duration.ofMinutes(1);

  private final Leadership leadership;
  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final ServerBoard board;
  private final RpcClient client;
  private final Runnable slotsChanged;
  private final Map<Integer, Inventory> inventories = new HashMap<>();
  private final Map<Integer, ChunkId> copiesAfter = new HashMap<>();
  private final Set<Suspicion> underVerification = ConcurrentHashMap.newKeySet();

  private record Suspicion(ChunkId chunk, int server) {}

  /** A server's answer to a digest that differed, so far. */
  private record Inventory(int pool, int slot, Set<ChunkId> held) {}

  DataServerCalls(
      Leadership leadership,
      Supplier<StoreView> views,
      Proposals proposals,
      ServerBoard board,
      RpcClient client,
      Runnable slotsChanged) {
    this.leadership = leadership;
    this.views = views;
    this.proposals = proposals;
    this.board = board;
    this.client = client;
    this.slotsChanged = slotsChanged;
  }

  /** Forgets what an earlier term left. */
  void reset() {
    inventories.clear();
    copiesAfter.clear();
    underVerification.clear();
  }

  /** Method REGISTER_SERVER. */
  void register(ServerCall call) throws CairnException {
    leadership.require();
    RegisterServerRequest request = call.message(RegisterServerRequest.parser());
    RegisterServer.Builder command =
        RegisterServer.newBuilder()
            .setServer(request.getServer())
            .setNonce(request.getNonce())
            .setName(request.getName())
            .setHost(request.getHost())
            .setPort(request.getPort())
            .setRack(request.getRack());
    for (VolumeStatus volume : request.getVolumesList()) {
      command.addVolumes(volume.getVolume());
      command.setCapacityBytes(command.getCapacityBytes() + volume.getCapacityBytes());
    }
    CompletableFuture<?> unused =
        proposals
            .submit(Proposals.command().setRegisterServer(command))
            .whenComplete(
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

  private void registered(ServerCall call, RegisterServerRequest request, int server) {
    board.heard(server, request.getVolumesList(), 0);
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
            .setClusterId(call.peer().identity().clusterId())
            .setTerm(leadership.leadingTerm())
            .setHeartbeatMillis(HEARTBEAT_MILLIS);
    try (StoreView view = views.get()) {
      io.cairnfs.metaserver.namespace.ClusterRecord.find(view)
          .ifPresent(cluster -> reply.setClusterId(cluster.clusterId()));
      addMismatches(view, request, server, reply);
    }
    call.reply(reply.build());
  }

  private static void addMismatches(
      StoreView view,
      RegisterServerRequest request,
      int server,
      RegisterServerReply.Builder reply) {
    Map<Long, Map<Integer, SlotDigest>> reported = new HashMap<>();
    for (SlotDigest digest : request.getDigestsList()) {
      reported
          .computeIfAbsent(slotKey(digest.getPool(), digest.getSlot()), key -> new HashMap<>())
          .put(digest.getReplication(), digest);
    }
    int slots = PoolRecord.find(view, PoolRecord.REPLICATED).map(PoolRecord::slots).orElse(0);
    for (int slot = 0; slot < slots; slot++) {
      Map<Integer, SlotDigest> own =
          reported.getOrDefault(slotKey(PoolRecord.REPLICATED, slot), Map.of());
      Set<Integer> replications = new HashSet<>(own.keySet());
      replications.addAll(SlotDigests.ofSlot(view, PoolRecord.REPLICATED, slot).keySet());
      for (int replication : replications) {
        SlotDigests.Digest expected =
            SlotDigests.expected(view, server, PoolRecord.REPLICATED, slot, replication);
        SlotDigest found = own.getOrDefault(replication, SlotDigest.getDefaultInstance());
        if (expected.sum() != found.getSum() || expected.count() != found.getCount()) {
          reply.addMismatches(
              SlotDigest.newBuilder()
                  .setPool(PoolRecord.REPLICATED)
                  .setSlot(slot)
                  .setReplication(replication)
                  .setSum(expected.sum())
                  .setCount(expected.count()));
          break;
        }
      }
    }
  }

  private static long slotKey(int pool, int slot) {
    return ((long) pool << 32) | slot;
  }

  /** Method SERVER_HEARTBEAT. */
  void heartbeat(ServerCall call) throws CairnException {
    leadership.require();
    ServerHeartbeatRequest request = call.message(ServerHeartbeatRequest.parser());
    ServerHeartbeatReply.Builder reply =
        ServerHeartbeatReply.newBuilder()
            .setTerm(leadership.leadingTerm())
            .setHeartbeatMillis(HEARTBEAT_MILLIS);
    try (StoreView view = views.get()) {
      reply.setTickMillis(Counter.TICK_MILLIS.in(view));
      Optional<ServerRecord> server = ServerTable.find(view, request.getServer());
      if (server.isEmpty() || server.get().isOut()) {
        call.reply(reply.setRegister(true).build());
        return;
      }
      board.heard(request.getServer(), request.getVolumesList(), request.getStreams());
      logResults(view, request);
      for (ReplicaReport report : request.getUnsealedList()) {
        reply.addVerdicts(verdict(view, request.getServer(), report));
      }
      addCopies(view, request.getServer(), reply);
      for (ChunkId chunk :
          new DeletePlanner(view).deletes(request.getServer(), DELETES_PER_HEARTBEAT)) {
        reply.addDeletes(chunk.value());
      }
    }
    call.reply(reply.build());
  }

  private void addCopies(StoreView view, int server, ServerHeartbeatReply.Builder reply) {
    Optional<ChunkId> after = Optional.ofNullable(copiesAfter.get(server));
    CopyPlanner.Plan plan =
        new CopyPlanner(view, board).plan(server, after, Set.of(), COPIES_PER_HEARTBEAT);
    reply.addAllCopies(plan.tasks());
    // Only where the whole window was given out, or nothing of it can be copied, the next one is
    // due.
    if (plan.resumeAfter().isPresent()) {
      copiesAfter.put(server, plan.resumeAfter().get());
    } else {
      copiesAfter.remove(server);
    }
  }

  /** Work that the server has done, or found to be done. */
  private void logResults(StoreView view, ServerHeartbeatRequest request) {
    int server = request.getServer();
    for (CopyResult copied : request.getCopiedList()) {
      if (copied.getErrorCode() == 0) {
        proposals.propose(
            Proposals.command()
                .setRepairDone(
                    RepairDone.newBuilder()
                        .setChunk(copied.getChunk())
                        .setServer(server)
                        .setSince(copied.getSince())
                        .setLength(copied.getLength())));
      } else {
        logger.warn(
            "{} server={} copy failed: {} {}",
            new ChunkId(copied.getChunk()),
            server,
            ErrorCode.ofNumber(copied.getErrorCode()),
            copied.getErrorMessage());
      }
    }
    if (request.getDeletedCount() > 0) {
      proposals.propose(
          Proposals.command()
              .setGarbageDone(
                  GarbageDone.newBuilder()
                      .setServer(server)
                      .addAllChunks(request.getDeletedList())));
    }
    for (long bad : request.getBadReplicasList()) {
      needRepair(view, new ChunkId(bad), server, "found by the server itself");
    }
  }

  private void needRepair(StoreView view, ChunkId chunk, int server, String why) {
    Optional<ChunkRecord> row = ChunkTable.find(view, chunk);
    if (row.isEmpty() || row.get().isGarbage()) {
      return;
    }
    logger.warn("{} server={} has no good replica: {}", chunk, server, why);
    proposals.propose(repairNeeded(chunk, server));
  }

  private static Command.Builder repairNeeded(ChunkId chunk, int server) {
    return Proposals.command()
        .setRepairNeeded(RepairNeeded.newBuilder().setChunk(chunk.value()).setServer(server));
  }

  /** A replica that is too short for its sealed chunk has to be copied anew. */
  private ReplicaVerdict verdict(StoreView view, int server, ReplicaReport report) {
    ReplicaVerdicts verdicts = new ReplicaVerdicts(view);
    ChunkId chunk = new ChunkId(report.getChunk());
    if (verdicts.needsRepair(report) && RepairTable.since(view, chunk, server).isEmpty()) {
      needRepair(view, chunk, server, "it has only " + report.getLength() + " bytes");
    }
    return verdicts.of(report);
  }

  /** Method SLOT_INVENTORY. */
  void inventory(ServerCall call) throws CairnException {
    leadership.require();
    SlotInventoryRequest request = call.message(SlotInventoryRequest.parser());
    int server = request.getServer();
    SlotInventoryReply.Builder reply = SlotInventoryReply.newBuilder();
    try (StoreView view = views.get()) {
      Inventory inventory = inventories.get(server);
      boolean first =
          request.getAfter() == 0
              || inventory == null
              || inventory.pool() != request.getPool()
              || inventory.slot() != request.getSlot();
      if (first) {
        inventory = new Inventory(request.getPool(), request.getSlot(), new HashSet<>());
        inventories.put(server, inventory);
      }
      for (ReplicaReport report : request.getReplicasList()) {
        ChunkId chunk = new ChunkId(report.getChunk());
        inventory.held().add(chunk);
        judge(view, server, report, chunk, reply);
      }
      if (request.getLast()) {
        inventories.remove(server);
        findMissing(view, server, inventory);
      }
    }
    call.reply(reply.build());
  }

  private void judge(
      StoreView view,
      int server,
      ReplicaReport report,
      ChunkId chunk,
      SlotInventoryReply.Builder reply) {
    Optional<ChunkRecord> row = ChunkTable.find(view, chunk);
    boolean wrongLength =
        row.filter(ChunkRecord::isSealed).isPresent()
            && report.getState() == io.cairnfs.proto.dataserver.ReplicaState.REPLICA_SEALED
            && row.get().length() != report.getLength();
    if (wrongLength) {
      needRepair(
          view,
          chunk,
          server,
          "sealed at " + report.getLength() + " instead of " + row.get().length());
    }
    reply.addVerdicts(verdict(view, server, report));
  }

  /** Chunks of the slot that the server should hold and did not list. */
  private void findMissing(StoreView view, int server, Inventory inventory) {
    long after = 0;
    while (true) {
      List<ChunkRecord> page =
          ChunkTable.inSlot(view, inventory.pool(), inventory.slot(), after, 1_000);
      for (ChunkRecord chunk : page) {
        after = chunk.id().value();
        boolean member =
            SlotTable.get(view, inventory.pool(), inventory.slot())
                .members(chunk.replication())
                .contains(server);
        if (member
            && chunk.isSealed()
            && chunk.length() > 0
            && !inventory.held().contains(chunk.id())
            && RepairTable.since(view, chunk.id(), server).isEmpty()) {
          needRepair(view, chunk.id(), server, "missing from its inventory");
        }
      }
      if (page.size() < 1_000) {
        return;
      }
    }
  }

  /** Method REPORT_BAD_REPLICA: believed only when the server itself agrees. */
  void reportBadReplica(ServerCall call) throws CairnException {
    leadership.require();
    ReportBadReplicaRequest request = call.message(ReportBadReplicaRequest.parser());
    call.reply(ReportBadReplicaReply.getDefaultInstance());
    ChunkId chunk = new ChunkId(request.getChunk());
    try (StoreView view = views.get()) {
      Optional<ServerRecord> server = ServerTable.find(view, request.getServer());
      Optional<ChunkRecord> row = ChunkTable.find(view, chunk).filter(ChunkRecord::isSealed);
      Suspicion suspicion = new Suspicion(chunk, request.getServer());
      if (server.isEmpty() || row.isEmpty() || !underVerification.add(suspicion)) {
        return;
      }
      logger.info(
          "{} server={} reported as bad: {}", chunk, request.getServer(), request.getProblem());
      verify(suspicion, server.get(), row.get().length());
    }
  }

  private void verify(Suspicion suspicion, ServerRecord server, long length) {
    CompletableFuture<?> unused =
        client
            .call(
                new HostPort(server.host(), server.port()),
                Method.VERIFY_CHUNK,
                VerifyChunkRequest.newBuilder()
                    .setChunk(suspicion.chunk().value())
                    .setExpectedLength(length)
                    .setTerm(leadership.leadingTerm())
                    .build(),
                VerifyChunkReply.parser(),
                VERIFY_LIMIT)
            .whenComplete(
                (reply, failure) -> {
                  underVerification.remove(suspicion);
                  if (failure != null) {
                    logger.warn(
                        "{} server={} could not be verified: {}",
                        suspicion.chunk(),
                        suspicion.server(),
                        failure.getMessage());
                  } else if (!reply.getExists() || !reply.getGood()) {
                    logger.warn(
                        "{} server={} has no good replica: {}",
                        suspicion.chunk(),
                        suspicion.server(),
                        reply.getProblem());
                    proposals.propose(repairNeeded(suspicion.chunk(), suspicion.server()));
                  }
                });
  }
}
