package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.Holders;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.RingReport;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.ServerTotals;
import io.cairnfs.metaserver.chunk.SlotJoin;
import io.cairnfs.metaserver.chunk.SlotJoins;
import io.cairnfs.metaserver.chunk.SlotRecord;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.DirectoryGuard;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkReads;
import io.cairnfs.metaserver.placement.RingRanks;
import io.cairnfs.metaserver.placement.RingServer;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.ChunkReasons;
import io.cairnfs.proto.metadata.JoinReasons;
import io.cairnfs.proto.metadata.MissingReplica;
import io.cairnfs.proto.metadata.MissingReplica.Reason;
import io.cairnfs.proto.metadata.RankedServer;
import io.cairnfs.proto.metadata.RingQuery;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.SlotReasons;
import io.cairnfs.proto.metadata.WhyQuery;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ServerHealth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Why replicas are where they are, and why some are missing, from one view and what the leader
 * knows of the servers. Looks at a bounded number of chunks and never at other names. Made for one
 * answer.
 */
final class WhyReads {
  private static final int MAX_CHUNKS = 64;
  private static final int MAX_LACKING = 10_000;
  private static final int MAX_OPEN = 16;

  private final StoreView state;
  private final ChunkReads chunks;
  private final ServerBoard board;
  private final CopyFailures failures;
  private final List<ServerRecord> servers;
  private final Map<Integer, RingReport> rings = new HashMap<>();
  private final RingRanks ranks;
  private final WhyResult.Builder result = WhyResult.newBuilder();

  WhyReads(StoreView state, ChunkReads chunks, ServerBoard board, CopyFailures failures) {
    this.state = state;
    this.chunks = chunks;
    this.board = board;
    this.failures = failures;
    this.servers = ServerTable.all(state);
    this.ranks =
        new RingRanks(
            servers.stream()
                .filter(ServerRecord::isInRing)
                .map(each -> new RingServer(each.id(), each.weight(), each.rack()))
                .toList());
  }

  /**
   * @throws CairnException as the path demands; INVALID_ARGUMENT for a slot that does not exist
   */
  WhyResult read(Principal reader, WhyQuery request, DirectoryGuard guard) throws CairnException {
    if (request.hasTarget()) {
      file(reader, request, guard);
    } else {
      result.addSlots(slot(requireSlot(request.getPool(), request.getSlot())));
    }
    servers.forEach(each -> result.addServers(ChunkLocations.member(each, board)));
    return result.build();
  }

  private SlotRecord requireSlot(int pool, int slot) throws CairnException {
    int slots = PoolRecord.find(state, pool).map(PoolRecord::slots).orElse(0);
    if (slot < 0 || slot >= slots) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "pool " + pool + " has " + slots + " slots, and no " + slot);
    }
    return SlotTable.get(state, pool, slot);
  }

  private void file(Principal reader, WhyQuery request, DirectoryGuard guard)
      throws CairnException {
    RingResult places =
        chunks.ring(reader, RingQuery.newBuilder().setTarget(request.getTarget()).build(), guard);
    Set<SlotRecord> slots = new LinkedHashSet<>();
    for (ChunkLocation place : places.getChunksList()) {
      if (result.getChunksCount() == MAX_CHUNKS) {
        result.setMore(true);
        break;
      }
      ChunkRecord chunk = ChunkTable.require(state, new ChunkId(place.getChunk()));
      SlotRecord slot = SlotTable.of(state, chunk.id());
      slots.add(slot);
      result.addChunks(chunk(place, chunk, slot));
    }
    slots.forEach(each -> result.addSlots(slot(each)));
  }

  private ChunkReasons chunk(ChunkLocation place, ChunkRecord chunk, SlotRecord slot) {
    ChunkReasons.Builder reasons =
        ChunkReasons.newBuilder().setChunk(place).setLost(chunk.isLost());
    List<Integer> holders = new ArrayList<>(Holders.all(state, slot, chunk));
    holders.sort(Comparator.comparing(server -> board.of(server) != ServerHealth.UP));
    for (Map.Entry<Integer, Long> entry : RepairTable.ofChunk(state, chunk.id()).entrySet()) {
      reasons.addMissing(missing(chunk, entry.getKey(), entry.getValue(), holders));
    }
    return reasons.build();
  }

  private MissingReplica missing(ChunkRecord chunk, int server, long since, List<Integer> sources) {
    Optional<String> failure =
        failures
            .of(server)
            .filter(last -> last.chunk().equals(chunk.id()))
            .map(CopyFailures.Failure::problem);
    return MissingReplica.newBuilder()
        .setServer(server)
        .setSince(since)
        .setReason(reason(chunk, server, sources, failure.isPresent()))
        .setProblem(failure.orElse(""))
        .addAllSources(sources)
        .setQueue(ServerTotals.of(state, server).repairs())
        .build();
  }

  private Reason reason(ChunkRecord chunk, int server, List<Integer> sources, boolean failed) {
    if (chunk.isLost() || sources.isEmpty()) {
      return Reason.LOST;
    }
    if (board.of(server) == ServerHealth.DOWN) {
      return Reason.MEMBER_SILENT;
    }
    if (sources.stream().allMatch(source -> board.of(source) == ServerHealth.DOWN)) {
      return Reason.SOURCES_SILENT;
    }
    if (board.last(server).filter(SlotStamp::isFull).isPresent()) {
      return Reason.NO_SPACE;
    }
    return failed ? Reason.COPY_FAILED : Reason.WAITING;
  }

  private SlotReasons slot(SlotRecord slot) {
    RingReport ring = rings.computeIfAbsent(slot.pool(), pool -> RingReport.of(state, slot.pool()));
    SlotReasons.Builder reasons =
        SlotReasons.newBuilder().setSlot(RingReport.report(slot)).setWaits(waits(slot));
    slot.joining().ifPresent(join -> reasons.setJoin(join(slot, join)));
    int memberships = servers.stream().mapToInt(each -> ring.targetSlots(each.id())).sum();
    for (RingServer ranked : ranks.of(slot.pool(), slot.slot())) {
      ServerRecord server = ServerTable.find(state, ranked.id()).orElseThrow();
      reasons.addRanked(
          RankedServer.newBuilder()
              .setServer(server.id())
              .setRack(server.rack())
              .setTargetSlots(ring.targetSlots(server.id()))
              .setFairSlots((int) Math.round(ring.fairShare(server) * memberships)));
    }
    return reasons.build();
  }

  private JoinReasons join(SlotRecord slot, SlotJoin join) {
    boolean replaces = join.position() < slot.acting().size();
    JoinReasons.Builder reasons =
        JoinReasons.newBuilder()
            .setServer(join.server())
            .setPosition(join.position())
            .setReplaces(replaces ? slot.acting().get(join.position()) : 0)
            .setCursor(join.cursor())
            .setAtEnd(join.isAtEnd())
            .setLacking(
                RepairTable.inSlot(state, join.server(), slot.pool(), slot.slot(), MAX_LACKING)
                    .size())
            .setReplacedLettingGo(
                replaces && SlotJoins.isLettingGo(state, slot, slot.acting().get(join.position())));
    ChunkTable.openInSlot(state, slot.pool(), slot.slot()).stream()
        .filter(chunk -> chunk.liesOn(join.position()))
        .filter(chunk -> !chunk.pipeline().contains(join.server()))
        .limit(MAX_OPEN)
        .forEach(chunk -> reasons.addOpenChunks(chunk.id().value()));
    return reasons.build();
  }

  /** The same conditions under which a join begins. */
  private String waits(SlotRecord slot) {
    if (slot.joining().isPresent() || !slot.isMoving()) {
      return "";
    }
    List<String> why = new ArrayList<>();
    for (int position = 0; position < slot.target().size(); position++) {
      int server = slot.target().get(position);
      if (position < slot.acting().size() && slot.acting().get(position) == server) {
        continue;
      }
      if (board.of(server) != ServerHealth.UP) {
        why.add(
            name(server) + ", which is to have position " + position + ", is " + board.of(server));
      } else if (SlotJoins.isLettingGo(state, slot, server)) {
        why.add(name(server) + " has still to delete what it had of the slot before");
      }
    }
    return why.isEmpty() ? "its turn comes when other slots have moved" : String.join("; ", why);
  }

  private String name(int id) {
    return servers.stream()
        .filter(each -> each.id() == id)
        .map(ServerRecord::name)
        .findFirst()
        .orElse("server=" + id);
  }
}
