package io.cairnfs.metaserver.operation.read;

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
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.chunk.RingReport;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.ServerTotals;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DirectoryGuard;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.ChunkReference;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.RepairEntry;
import io.cairnfs.proto.metadata.RingQuery;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.RingShare;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Answers reads about chunks, servers and slots from one view. What only the leader knows stays
 * empty for the caller to fill: tokens, volumes, heartbeats, metaservers. Any thread; one per
 * reader's host.
 */
public final class ChunkReads implements ChunkLookup {
  /** Extents looked at for the chunks of one file. */
  private static final int MAX_EXTENTS = 4096;

  private static final int MAX_REFERENCES = 1024;

  private final StoreView state;
  private final ReplicaHealth health;
  private final String readerHost;
  private final ChunkLocations locations;

  /**
   * @param state stays open as long as this is used
   * @param readerHost members on this host come first; empty when unknown
   */
  public ChunkReads(StoreView state, ReplicaHealth health, String readerHost) {
    this.state = state;
    this.health = health;
    this.readerHost = readerHost;
    this.locations = new ChunkLocations(state, health);
  }

  @Override
  public List<Extent> extents(RecordReader view, InodeId file, long from, long to, int limit) {
    return ExtentMap.overlapping(view, file, from, to, limit).stream()
        .map(ExtentRecord::toProto)
        .toList();
  }

  @Override
  public Optional<ChunkLocation> locate(RecordReader view, ChunkId chunk) {
    return locations.forReading(chunk, readerHost);
  }

  /**
   * Everything of a chunk that the state knows; at most 1,024 references.
   *
   * @throws CairnException CHUNK_NOT_FOUND
   */
  public ChunkResult chunk(ChunkId id) throws CairnException {
    ChunkResult.Builder result =
        ChunkResult.newBuilder()
            .setLocation(
                locate(state, id)
                    .orElseThrow(
                        () ->
                            new CairnException(ErrorCode.CHUNK_NOT_FOUND, id + " does not exist")));
    for (Map.Entry<Integer, Long> entry : RepairTable.ofChunk(state, id).entrySet()) {
      result.addRepair(
          RepairEntry.newBuilder().setServer(entry.getKey()).setSince(entry.getValue()));
    }
    for (ReferenceTable.Reference reference : ReferenceTable.ofChunk(state, id, MAX_REFERENCES)) {
      result.addReferences(
          ChunkReference.newBuilder()
              .setInode(reference.inode().value())
              .setFileOffset(reference.fileOffset())
              .setChunkOffset(reference.chunkOffset())
              .setLength(reference.length()));
    }
    return result.build();
  }

  /**
   * Shares of all servers; on demand every slot, or the chunks of a file and their slots.
   *
   * @throws CairnException as the path demands
   */
  public RingResult ring(Principal principal, RingQuery request, DirectoryGuard guard)
      throws CairnException {
    RingReport ring = RingReport.of(state, request.getPool());
    RingResult.Builder result = RingResult.newBuilder();
    for (ServerRecord server : ServerTable.all(state)) {
      result.addShares(
          RingShare.newBuilder()
              .setMember(ChunkLocations.member(server, health))
              .setWeight(server.weight())
              .setActingSlots(ring.actingSlots(server.id()))
              .setTargetSlots(ring.targetSlots(server.id()))
              .setShare(ring.share(server.id()))
              .setFairShare(ring.fairShare(server)));
    }
    if (request.getWithSlots()) {
      result.addAllSlots(ring.slots());
    }
    if (request.hasTarget()) {
      Namespace namespace = new Namespace(state);
      InodeRecord file =
          new PathResolver(namespace, principal, guard)
              .resolve(request.getTarget(), LastLink.FOLLOWED);
      List<ChunkLocation> chunks = chunksOf(file.id());
      result.addAllChunks(chunks);
      if (!request.getWithSlots()) {
        chunks.stream()
            .map(chunk -> SlotTable.of(state, new ChunkId(chunk.getChunk())))
            .distinct()
            .forEach(slot -> result.addSlots(RingReport.report(slot)));
      }
    }
    return result.build();
  }

  private List<ChunkLocation> chunksOf(InodeId file) {
    Set<ChunkId> ids = new LinkedHashSet<>();
    for (ExtentRecord extent : ExtentMap.overlapping(state, file, 0, Long.MAX_VALUE, MAX_EXTENTS)) {
      ids.add(extent.chunk());
    }
    List<ChunkLocation> chunks = new ArrayList<>();
    for (ChunkId id : ids) {
      locate(state, id).ifPresent(chunks::add);
    }
    return chunks;
  }

  /** The cluster's totals and its servers; costs nothing that grows with the number of chunks. */
  public ClusterReportResult report() {
    long[] totals = Counter.read(state);
    ClusterReportResult.Builder report =
        ClusterReportResult.newBuilder()
            .setTerm(state.applied().term())
            .setAppliedIndex(state.applied().index())
            .setTickMillis(Counter.TICK_MILLIS.in(totals))
            .setFiles(Counter.FILES.in(totals))
            .setDirectories(Counter.DIRECTORIES.in(totals))
            .setSessions(Counter.SESSIONS.in(totals))
            .setChunksOpen(Counter.CHUNKS_OPEN.in(totals))
            .setChunksSettling(Counter.CHUNKS_SETTLING.in(totals))
            .setChunksSealed(Counter.CHUNKS_SEALED.in(totals))
            .setChunksGarbage(Counter.CHUNKS_GARBAGE.in(totals))
            .setChunksUnderReplicated(Counter.CHUNKS_UNDER_REPLICATED.in(totals))
            .setChunksLost(Counter.CHUNKS_LOST.in(totals))
            .setRepairBacklog(Counter.REPAIR_ENTRIES.in(totals))
            .setSlotsMoving((int) Counter.SLOTS_MOVING.in(totals));
    ClusterRecord.find(state)
        .ifPresent(
            cluster ->
                report
                    .setClusterId(cluster.clusterId())
                    .setDefaultReplication(cluster.defaultReplication()));
    PoolRecord.find(state, PoolRecord.REPLICATED)
        .ifPresent(pool -> report.setPoolSlots(pool.slots()));
    RingReport ring = RingReport.ofAll(state);
    for (ServerRecord server : ServerTable.all(state)) {
      ServerTotals work = ServerTotals.of(state, server.id());
      report.addServers(
          ServerReport.newBuilder()
              .setMember(ChunkLocations.member(server, health))
              .setMembership(server.membership())
              .setRack(server.rack())
              .setWeight(server.weight())
              .setCapacityBytes(server.capacityBytes())
              .setMaintenanceLeftMillis(
                  server.maintenanceLeftMillis(Counter.TICK_MILLIS.in(totals)))
              .setSlots(ring.actingSlots(server.id()))
              .setTargetSlots(ring.targetSlots(server.id()))
              .setRepairEntries(work.repairs())
              .setGarbageEntries(work.deletes()));
    }
    return report.build();
  }
}
