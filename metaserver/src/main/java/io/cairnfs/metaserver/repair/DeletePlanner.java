package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.GarbageTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which replicas a data server may delete now: those of committed garbage, and those of chunks that
 * it is no member of any more, unless they are still needed to make a member good.
 */
public final class DeletePlanner {
  private static final int WINDOW = 4;

  private final RecordReader state;

  public DeletePlanner(RecordReader state) {
    this.state = state;
  }

  public List<ChunkId> deletes(int server, int limit) {
    List<ChunkId> allowed = new ArrayList<>();
    for (ChunkId id : GarbageTable.deletesOf(state, server, WINDOW * limit)) {
      ChunkRecord chunk = ChunkTable.find(state, id).orElse(null);
      if (allowed.size() < limit
          && (chunk == null || chunk.isGarbage() || isCoveredWithout(chunk, server))) {
        allowed.add(id);
      }
    }
    return allowed;
  }

  /**
   * Every other member has a good replica, and there is one. A member that was struck out has none,
   * though no repair entry says so: until its successor has been filled, this may be the last.
   */
  private boolean isCoveredWithout(ChunkRecord chunk, int server) {
    Set<Integer> others = SlotTable.members(state, chunk);
    others.remove(server);
    Set<Integer> lacking = RepairTable.ofChunk(state, chunk.id()).keySet();
    Set<Integer> good = new HashSet<>(others);
    good.removeIf(other -> lacking.contains(other) || ServerTable.isGone(state, other));
    if (good.size() == others.size()) {
      return !good.isEmpty();
    }
    return lacking.contains(server) && mayStartAnew(chunk, server, others, lacking, good);
  }

  /**
   * A member that is to be filled, and still has to delete what it held before, must not wait for
   * others that wait for it: for the member that it succeeds, and for those in the same position,
   * who follow in the order of their ids. It goes first if some other server keeps a good replica
   * meanwhile: a member, or a former one, which may not delete its own before this one is filled.
   */
  private boolean mayStartAnew(
      ChunkRecord chunk, int server, Set<Integer> others, Set<Integer> lacking, Set<Integer> good) {
    Set<Integer> holders = new HashSet<>(GarbageTable.holders(state, chunk.id()));
    boolean waits =
        others.stream()
            .filter(other -> lacking.contains(other) && !ServerTable.isGone(state, other))
            .filter(other -> !isBeingReplaced(chunk, other))
            .anyMatch(other -> other < server || !holders.contains(other));
    holders.removeIf(
        holder ->
            holder == server || lacking.contains(holder) || ServerTable.isGone(state, holder));
    return !waits && !(good.isEmpty() && holders.isEmpty());
  }

  /** A member whose successor is joining is not filled any more. */
  private boolean isBeingReplaced(ChunkRecord chunk, int server) {
    return SlotTable.of(state, chunk.id()).isBeingReplaced(server);
  }
}
