package io.cairnfs.metaserver.leader;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.GarbageTable;
import io.cairnfs.metaserver.chunk.Holders;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.ServerTotals;
import io.cairnfs.metaserver.chunk.SlotDigests;
import io.cairnfs.metaserver.chunk.SlotJoin;
import io.cairnfs.metaserver.chunk.SlotJoins;
import io.cairnfs.metaserver.chunk.SlotRecord;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.InodePaths;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What still depends on one data server, from one view: how far its drain is, what is in the way,
 * and what is out of reach while it is stopped. It looks at every slot and at a bounded number of
 * chunks, never at the names. Made for one answer.
 */
final class DependenceReads {
  private static final int MAX_BLOCKERS = 16;
  private static final int MAX_DELETES = 4_096;
  private static final int MAX_NAMES = 20_000;

  /** Rows whose lengths are added up; beyond them the mean of all chunks counts. */
  private static final int MAX_ROWS = 16_384;

  /** Of a joiner's entries in one slot, how many are asked for a source. */
  private static final int MAX_SOURCES = 16;

  private final StoreView state;
  private final ServerBoard board;
  private final CopyFailures failures;
  private final Principal reader;
  private final ServerRecord server;
  private final DependenceResult.Builder result = DependenceResult.newBuilder();
  private final List<Blocker> blockers = new ArrayList<>();

  /** Slots by the server that is to have them instead. */
  private final Map<Integer, Integer> successors = new TreeMap<>();

  private final Map<Integer, ServerRecord> servers = new HashMap<>();
  private int rowsLeft = MAX_ROWS;
  private long meanBytes;

  private DependenceReads(
      StoreView state,
      ServerBoard board,
      CopyFailures failures,
      Principal reader,
      ServerRecord server) {
    this.state = state;
    this.board = board;
    this.failures = failures;
    this.reader = reader;
    this.server = server;
  }

  /**
   * @param reader whom paths of other users' files are told: the superuser alone
   * @throws CairnException UNKNOWN_SERVER
   */
  static DependenceResult read(
      StoreView state, ServerBoard board, CopyFailures failures, Principal reader, int server)
      throws CairnException {
    ServerRecord record =
        ServerTable.find(state, server)
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.UNKNOWN_SERVER, "server=" + server + " is not registered"));
    return new DependenceReads(state, board, failures, reader, record).read();
  }

  private DependenceResult read() {
    ServerTable.all(state).forEach(each -> servers.put(each.id(), each));
    meanBytes = meanBytes();
    int width = 0;
    for (PoolRecord pool : PoolRecord.all(state)) {
      int before = result.getTargetSlots();
      SlotTable.ofPool(state, pool.id()).forEach(this::look);
      if (result.getTargetSlots() > before) {
        width = Math.max(width, pool.width());
      }
    }
    lookAtItself(width);
    lookAtSuccessors();
    lookAtShortChunks();
    // Nobody writes to one that is out, and what it had to delete is forgotten.
    if (!server.isOut()) {
      lookAtOpenChunks();
      lookAtDeletes();
    }
    result
        .setMember(ChunkLocations.member(server, board))
        .setMembership(server.membership())
        .setLettingGo(SlotJoins.slotsLettingGo(state, server.id()))
        .setDeletes(ServerTotals.of(state, server.id()).deletes())
        .setSafe(isSafe());
    boolean leaves =
        server.membership() == ServerMembership.DRAINING
            || server.membership() == ServerMembership.OUT;
    if (leaves) {
      blockers.stream().limit(MAX_BLOCKERS).forEach(result::addBlockers);
    }
    return result.build();
  }

  private boolean isSafe() {
    boolean leaves =
        server.membership() == ServerMembership.DRAINING
            || server.membership() == ServerMembership.OUT;
    ServerTotals totals = ServerTotals.of(state, server.id());
    return leaves
        && result.getActingSlots() == 0
        && result.getJoiningSlots() == 0
        && result.getTargetSlots() == 0
        && result.getOpenChunks() == 0
        && result.getNeeded() == 0
        && SlotJoins.slotsLettingGo(state, server.id()) == 0
        && totals.repairs() == 0
        && totals.deletes() <= (server.isOut() ? 0 : MAX_DELETES);
  }

  private long meanBytes() {
    long[] totals = Counter.read(state);
    long chunks =
        Counter.CHUNKS_OPEN.in(totals)
            + Counter.CHUNKS_SETTLING.in(totals)
            + Counter.CHUNKS_SEALED.in(totals);
    return chunks == 0 ? 0 : Counter.CHUNK_BYTES.in(totals) / chunks;
  }

  private void look(SlotRecord slot) {
    if (slot.joining().filter(join -> join.server() == server.id()).isPresent()) {
      result.setJoiningSlots(result.getJoiningSlots() + 1);
    }
    if (slot.target().contains(server.id())) {
      result.setTargetSlots(result.getTargetSlots() + 1);
    }
    int position = slot.acting().indexOf(server.id());
    if (position < 0) {
      return;
    }
    result.setActingSlots(result.getActingSlots() + 1);
    Optional<SlotJoin> successor = slot.joining().filter(join -> join.position() == position);
    if (successor.isPresent()) {
      successors.merge(successor.get().server(), 1, Integer::sum);
    } else if (position < slot.target().size() && slot.target().get(position) != server.id()) {
      successors.merge(slot.target().get(position), 1, Integer::sum);
    }
    long chunks = 0;
    for (Map.Entry<Integer, SlotDigests.Digest> digest :
        SlotDigests.ofSlot(state, slot.pool(), slot.slot()).entrySet()) {
      Set<Integer> members = slot.membersOfGroup(digest.getKey());
      if (members.contains(server.id())) {
        chunks += digest.getValue().count();
        if (!areOthersEnough(slot, members)) {
          addWithoutOthers(digest.getValue().count());
        }
      }
    }
    countLeft(slot, position, successor.filter(SlotJoin::isAtEnd), chunks);
  }

  /** What the server has of the slot can be read without it, or computed. */
  private boolean areOthersEnough(SlotRecord slot, Set<Integer> members) {
    Optional<CodingPolicy> policy = new PoolId(slot.pool()).policy();
    return isAnotherUp(members)
        || policy
            .filter(code -> slot.acting().stream().filter(this::isUp).count() >= code.dataCells())
            .isPresent();
  }

  private boolean isAnotherUp(Collection<Integer> candidates) {
    return candidates.stream().anyMatch(this::isUp);
  }

  /** Another one, which stays so. */
  private boolean isUp(int other) {
    return other != server.id()
        && board.of(other) == ServerHealth.UP
        && servers.get(other).membership() != ServerMembership.MAINTENANCE;
  }

  private void addWithoutOthers(long chunks) {
    result.setChunksWithoutOthers(result.getChunksWithoutOthers() + chunks);
  }

  /** Once a joiner has been told all that it lacks, only that is left. */
  private void countLeft(
      SlotRecord slot, int position, Optional<SlotJoin> filled, long chunksInSlot) {
    List<ChunkRecord> left = new ArrayList<>();
    long chunks;
    if (filled.isPresent()) {
      List<RepairTable.Entry> entries =
          RepairTable.inSlot(
              state, filled.get().server(), slot.pool(), slot.slot(), Math.max(1, rowsLeft));
      for (RepairTable.Entry entry : entries) {
        left.add(ChunkTable.require(state, entry.chunk()));
      }
      lookForSources(slot, filled.get(), left);
      chunks = left.size();
    } else {
      chunks = chunksInSlot;
      if (chunks > 0 && rowsLeft >= chunks) {
        ChunkTable.inSlot(state, slot.pool(), slot.slot(), 0, rowsLeft).stream()
            .filter(chunk -> chunk.isSealed() && chunk.liesOn(position))
            .forEach(left::add);
      }
    }
    rowsLeft -= left.size();
    long bytes = left.stream().mapToLong(ChunkRecord::length).sum();
    long uncounted = chunks - left.size();
    if (uncounted > 0) {
      bytes += uncounted * meanBytes;
      result.setEstimated(true);
    }
    result.setChunks(result.getChunks() + chunks).setBytes(result.getBytes() + bytes);
  }

  private void lookForSources(SlotRecord slot, SlotJoin join, List<ChunkRecord> lacking) {
    for (ChunkRecord chunk : lacking.subList(0, Math.min(MAX_SOURCES, lacking.size()))) {
      Set<Integer> holders = Holders.all(state, slot, chunk);
      boolean within =
          holders.stream()
              .anyMatch(each -> each != join.server() && board.of(each) != ServerHealth.DOWN);
      if (!holders.isEmpty() && !within) {
        block(
            Blocker.newBuilder()
                .setKind(Blocker.Kind.NO_SOURCE)
                .setChunk(chunk.id().value())
                .setProblem(
                    chunk.id() + " can be copied from " + names(holders) + " only, which is DOWN"));
      }
    }
  }

  private void lookAtItself(int width) {
    if (board.of(server.id()) != ServerHealth.UP && result.getActingSlots() > 0) {
      block(
          Blocker.newBuilder()
              .setKind(Blocker.Kind.SERVER_SILENT)
              .setProblem(
                  name(server.id())
                      + " itself is "
                      + board.of(server.id())
                      + ": what the others lack cannot be copied from it"));
    }
    if (result.getTargetSlots() > 0 && server.membership() == ServerMembership.DRAINING) {
      long in = servers.values().stream().filter(ServerRecord::isInRing).count();
      block(
          Blocker.newBuilder()
              .setKind(Blocker.Kind.TOO_FEW_SERVERS)
              .setProblem(
                  "a slot has "
                      + width
                      + " members, and "
                      + in
                      + " other servers are in: add a server, or take one back"));
    }
  }

  private void lookAtSuccessors() {
    successors.forEach(
        (id, slots) -> {
          ServerHealth health = board.of(id);
          String who = name(id) + ", which is to have " + slots + " of its slots, ";
          if (health != ServerHealth.UP) {
            block(
                Blocker.newBuilder()
                    .setKind(Blocker.Kind.SERVER_SILENT)
                    .setProblem(who + "is " + health));
          } else if (board.last(id).filter(SlotStamp::isFull).isPresent()) {
            block(Blocker.newBuilder().setKind(Blocker.Kind.NO_SPACE).setProblem(who + "is full"));
          }
          failures
              .of(id)
              .filter(last -> RepairTable.since(state, last.chunk(), id).isPresent())
              .ifPresent(
                  last ->
                      block(
                          Blocker.newBuilder()
                              .setKind(Blocker.Kind.COPY_FAILED)
                              .setChunk(last.chunk().value())
                              .setProblem(
                                  last.chunk()
                                      + " could not be copied to "
                                      + name(id)
                                      + ": "
                                      + last.problem())));
        });
  }

  /** Members that are up and lack a chunk do not stand in for the server. */
  private void lookAtShortChunks() {
    for (ChunkId id : RepairTable.byChunk(state, 0, MAX_DELETES).keySet()) {
      ChunkRecord chunk = ChunkTable.require(state, id);
      SlotRecord slot = SlotTable.of(state, id);
      Set<Integer> holders = Holders.all(state, slot, chunk);
      boolean counted = chunk.isSealed() && !isAnotherUp(slot.members(chunk));
      if (!counted && holders.contains(server.id()) && !isAnotherUp(holders)) {
        addWithoutOthers(1);
      }
    }
  }

  private void lookAtOpenChunks() {
    InodePaths paths = new InodePaths(state, MAX_NAMES);
    for (ChunkRecord chunk : ChunkTable.unsealed(state)) {
      if (chunk.pipeline().contains(server.id())) {
        result.setOpenChunks(result.getOpenChunks() + 1);
        boolean isShort = !RepairTable.ofChunk(state, chunk.id()).isEmpty();
        if (chunk.length() > 0 && !isShort && !isAnotherUp(chunk.pipeline())) {
          addWithoutOthers(1);
        }
        if (blockers.size() < MAX_BLOCKERS) {
          blockers.add(open(chunk, paths));
        }
      }
    }
  }

  private Blocker open(ChunkRecord chunk, InodePaths paths) {
    Blocker.Builder blocker =
        Blocker.newBuilder()
            .setKind(Blocker.Kind.OPEN_CHUNK)
            .setChunk(chunk.id().value())
            .setInode(chunk.inode())
            .setSession(chunk.session())
            .setProblem(chunk.id() + " is " + chunk.state() + " and written to it");
    if (!chunk.isShared() && reader.superuser()) {
      paths
          .find(new InodeId(chunk.inode()))
          .ifPresent(path -> blocker.setPath(ByteString.copyFrom(path)));
    }
    if (chunk.session() != ChunkRecord.NO_SESSION) {
      Optional<SessionRecord> writer = new Namespace(state).session(new SessionId(chunk.session()));
      writer.ifPresent(
          session ->
              blocker
                  .setUser(session.user())
                  .setHost(session.host())
                  .setClientName(session.clientName()));
    }
    return blocker.build();
  }

  private void lookAtDeletes() {
    for (ChunkId id : GarbageTable.deletesOf(state, server.id(), MAX_DELETES)) {
      ChunkRecord chunk = ChunkTable.find(state, id).orElse(null);
      if (chunk != null && !chunk.isGarbage() && !Holders.isCovered(state, chunk)) {
        result.setNeeded(result.getNeeded() + 1);
        block(
            Blocker.newBuilder()
                .setKind(Blocker.Kind.STILL_NEEDED)
                .setChunk(id.value())
                .setProblem(
                    id
                        + " has no good replica yet on "
                        + names(RepairTable.ofChunk(state, id).keySet())));
      }
    }
  }

  private void block(Blocker.Builder blocker) {
    if (blockers.size() < MAX_BLOCKERS) {
      blockers.add(blocker.build());
    }
  }

  private String names(Collection<Integer> ids) {
    return ids.isEmpty()
        ? "every member"
        : String.join(", ", ids.stream().sorted().map(this::name).toList());
  }

  private String name(int id) {
    ServerRecord known = servers.get(id);
    return known == null ? "server=" + id : known.name();
  }
}
