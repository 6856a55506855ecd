package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ExtentMap;
import io.cairnfs.metaserver.chunk.ExtentRecord;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.ReferenceTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.ServerTotals;
import io.cairnfs.metaserver.chunk.SlotRecord;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkLookup;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.service.ReadHandler;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.metadata.ChunkReference;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RepairEntry;
import io.cairnfs.proto.metadata.RingQuery;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.RingShare;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.SlotReport;
import io.cairnfs.proto.metadata.StatFsResult;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.ReplicatedLog;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Answers reads with what the leader knows beside the store: who is up, how full the servers are.
 * Any thread.
 */
final class LeaderReads implements ReadHandler {
  private static final int MAX_REFERENCES = 1_000;
  private static final int MAX_CHUNKS = 10_000;

  private final ServerBoard board;
  private final ReplicatedLog<?> log;
  private final String securityMode;

  LeaderReads(ServerBoard board, ReplicatedLog<?> log, String securityMode) {
    this.board = board;
    this.log = log;
    this.securityMode = securityMode.toLowerCase(Locale.ROOT);
  }

  @Override
  public ReadReply read(StoreView view, ReadRequest request, Principal principal, String readerHost)
      throws CairnException {
    if (NamespaceReads.answers(request.getKindCase())) {
      ReadReply reply =
          new NamespaceReads(new Lookup(view, readerHost)).read(view, principal, request);
      return reply.hasStatFs()
          ? reply.toBuilder().setStatFs(withSpace(view, reply.getStatFs())).build()
          : reply;
    }
    ReadReply.Builder reply = ReadReply.newBuilder().setLogIndex(view.applied().index());
    switch (request.getKindCase()) {
      case REPORT -> reply.setReport(report(view));
      case RING -> reply.setRing(ring(view, principal, request.getRing(), readerHost));
      case CHUNK -> reply.setChunk(chunk(view, new ChunkId(request.getChunk().getChunk())));
      case STAT, LIST, OPEN, EXTENTS, STAT_FS, WALK, DIGEST, CHECK, KIND_NOT_SET ->
          throw new CairnException(ErrorCode.MALFORMED, "a read of no kind");
    }
    return reply.build();
  }

  /** Locations for one request: servers and slots that it has read are kept. */
  private final class Lookup implements ChunkLookup {
    private final ChunkLocations locations;
    private final String readerHost;

    Lookup(RecordReader state, String readerHost) {
      this.locations = new ChunkLocations(state, board);
      this.readerHost = readerHost;
    }

    @Override
    public List<Extent> extents(RecordReader state, InodeId file, long from, long to, int limit) {
      return ExtentMap.overlapping(state, file, from, to, limit).stream()
          .map(LeaderReads::toExtent)
          .toList();
    }

    @Override
    public Optional<ChunkLocation> locate(RecordReader state, ChunkId chunk) {
      return locations.forReading(chunk, readerHost);
    }
  }

  private static Extent toExtent(ExtentRecord extent) {
    return Extent.newBuilder()
        .setFileOffset(extent.fileOffset())
        .setLength(extent.length())
        .setChunk(extent.chunk().value())
        .setChunkOffset(extent.chunkOffset())
        .setOpenTail(extent.isOpenTail())
        .build();
  }

  private StatFsResult withSpace(StoreView view, StatFsResult names) {
    long capacity = 0;
    long used = 0;
    long available = 0;
    for (ServerRecord server : ServerTable.all(view)) {
      for (VolumeStatus volume : volumes(server)) {
        capacity += volume.getCapacityBytes();
        used += volume.getUsedBytes();
        available += volume.getAvailableBytes();
      }
    }
    return names.toBuilder()
        .setCapacityBytes(capacity)
        .setUsedBytes(used)
        .setAvailableBytes(available)
        .build();
  }

  private List<VolumeStatus> volumes(ServerRecord server) {
    return server.isOut()
        ? List.of()
        : board.last(server.id()).map(ServerBoard.Heard::volumes).orElse(List.of());
  }

  private ClusterReportResult report(StoreView view) {
    RaftStatus status = log.status();
    ClusterReportResult.Builder report =
        ClusterReportResult.newBuilder()
            .setTerm(status.term())
            .setAppliedIndex(view.applied().index())
            .setTickMillis(Counter.TICK_MILLIS.in(view))
            .setFiles(Counter.FILES.in(view))
            .setDirectories(Counter.DIRECTORIES.in(view))
            .setChunksOpen(Counter.CHUNKS_OPEN.in(view))
            .setChunksSettling(Counter.CHUNKS_SETTLING.in(view))
            .setChunksSealed(Counter.CHUNKS_SEALED.in(view))
            .setChunksGarbage(Counter.CHUNKS_GARBAGE.in(view))
            .setChunksUnderReplicated(Counter.CHUNKS_UNDER_REPLICATED.in(view))
            .setChunksLost(Counter.CHUNKS_LOST.in(view))
            .setRepairBacklog(Counter.REPAIR_ENTRIES.in(view))
            .setSessions(Counter.SESSIONS.in(view))
            .setSlotsMoving((int) Counter.SLOTS_MOVING.in(view))
            .setSecurityMode(securityMode);
    ClusterRecord.find(view).ifPresent(cluster -> report.setClusterId(cluster.clusterId()));
    PoolRecord.find(view, PoolRecord.REPLICATED)
        .ifPresent(pool -> report.setPoolSlots(pool.slots()));
    for (Member member : status.membership().members().toList()) {
      report.addMetaservers(
          MetaserverReport.newBuilder()
              .setId(member.id().value())
              .setHost(member.address().host())
              .setPort(member.address().port())
              .setLeader(status.leader().filter(member::equals).isPresent()));
    }
    Shares shares = Shares.read(view);
    for (ServerRecord server : ServerTable.all(view)) {
      report.addServers(serverReport(view, server, shares));
    }
    return report.build();
  }

  private ServerReport serverReport(StoreView view, ServerRecord server, Shares shares) {
    ServerTotals totals = ServerTotals.of(view, server.id());
    ServerReport.Builder report =
        ServerReport.newBuilder()
            .setMember(ChunkLocations.member(server, board))
            .setMembership(server.membership())
            .setRack(server.rack())
            .setWeight(server.weight())
            .setSlots(shares.acting().getOrDefault(server.id(), 0))
            .setTargetSlots(shares.target().getOrDefault(server.id(), 0))
            .setRepairEntries(totals.repairs())
            .setGarbageEntries(totals.deletes());
    board
        .silence(server.id())
        .ifPresent(silence -> report.setMillisSinceHeartbeat(silence.toMillis()));
    for (VolumeStatus volume : volumes(server)) {
      report.addVolumes(
          VolumeReport.newBuilder()
              .setVolume(volume.getVolume())
              .setCapacityBytes(volume.getCapacityBytes())
              .setUsedBytes(volume.getUsedBytes())
              .setAvailableBytes(volume.getAvailableBytes())
              .setFailed(volume.getFailed()));
    }
    return report.build();
  }

  /** Memberships of every server, over all slots. */
  private record Shares(Map<Integer, Integer> acting, Map<Integer, Integer> target, int all) {
    static Shares read(StoreView view) {
      Map<Integer, Integer> acting = new HashMap<>();
      Map<Integer, Integer> target = new HashMap<>();
      int all = 0;
      int slots = PoolRecord.find(view, PoolRecord.REPLICATED).map(PoolRecord::slots).orElse(0);
      for (int i = 0; i < slots; i++) {
        SlotRecord slot = SlotTable.get(view, PoolRecord.REPLICATED, i);
        slot.acting().forEach(server -> acting.merge(server, 1, Integer::sum));
        slot.target().forEach(server -> target.merge(server, 1, Integer::sum));
        all += slot.target().size();
      }
      return new Shares(acting, target, all);
    }
  }

  private RingResult ring(StoreView view, Principal principal, RingQuery query, String readerHost)
      throws CairnException {
    RingResult.Builder ring = RingResult.newBuilder();
    Shares shares = Shares.read(view);
    List<ServerRecord> servers =
        ServerTable.all(view).stream().filter(server -> !server.isOut()).toList();
    long weights = servers.stream().mapToLong(ServerRecord::weight).sum();
    for (ServerRecord server : servers) {
      int target = shares.target().getOrDefault(server.id(), 0);
      ring.addShares(
          RingShare.newBuilder()
              .setMember(ChunkLocations.member(server, board))
              .setWeight(server.weight())
              .setActingSlots(shares.acting().getOrDefault(server.id(), 0))
              .setTargetSlots(target)
              .setShare(shares.all() == 0 ? 0 : (double) target / shares.all())
              .setFairShare(weights == 0 ? 0 : (double) server.weight() / weights));
    }
    if (query.getWithSlots()) {
      int slots = PoolRecord.find(view, PoolRecord.REPLICATED).map(PoolRecord::slots).orElse(0);
      for (int slot = 0; slot < slots; slot++) {
        ring.addSlots(slotReport(SlotTable.get(view, PoolRecord.REPLICATED, slot)));
      }
    }
    if (query.hasTarget()) {
      addChunksOf(view, principal, query, readerHost, ring);
    }
    return ring.build();
  }

  private void addChunksOf(
      StoreView view,
      Principal principal,
      RingQuery query,
      String readerHost,
      RingResult.Builder ring)
      throws CairnException {
    InodeRecord file = new PathResolver(new Namespace(view), principal).resolve(query.getTarget());
    ChunkLocations locations = new ChunkLocations(view, board);
    Set<ChunkId> seen = new HashSet<>();
    Set<Integer> slotsSeen = new HashSet<>();
    for (ExtentRecord extent :
        ExtentMap.overlapping(view, file.id(), 0, Long.MAX_VALUE, MAX_CHUNKS)) {
      if (seen.add(extent.chunk())) {
        locations.forReading(extent.chunk(), readerHost).ifPresent(ring::addChunks);
        if (!query.getWithSlots() && slotsSeen.add(extent.chunk().slot())) {
          ring.addSlots(
              slotReport(SlotTable.get(view, extent.chunk().pool(), extent.chunk().slot())));
        }
      }
    }
  }

  private static SlotReport slotReport(SlotRecord slot) {
    SlotReport.Builder report =
        SlotReport.newBuilder()
            .setPool(slot.pool())
            .setSlot(slot.slot())
            .setEpoch(slot.epoch())
            .addAllActing(slot.acting())
            .addAllTarget(slot.target());
    slot.joining().ifPresent(join -> report.addJoining(join.server()));
    return report.build();
  }

  private ChunkResult chunk(StoreView view, ChunkId id) throws CairnException {
    ChunkLocation location =
        new ChunkLocations(view, board)
            .forReading(id, "")
            .orElseThrow(() -> new CairnException(ErrorCode.CHUNK_NOT_FOUND, id + " has no row"));
    ChunkResult.Builder result = ChunkResult.newBuilder().setLocation(location);
    RepairTable.ofChunk(view, id)
        .forEach(
            (server, since) ->
                result.addRepair(RepairEntry.newBuilder().setServer(server).setSince(since)));
    for (ReferenceTable.Reference reference : ReferenceTable.ofChunk(view, id, MAX_REFERENCES)) {
      result.addReferences(
          ChunkReference.newBuilder()
              .setInode(reference.inode().value())
              .setFileOffset(reference.fileOffset())
              .setChunkOffset(reference.chunkOffset()));
    }
    return result.build();
  }
}
