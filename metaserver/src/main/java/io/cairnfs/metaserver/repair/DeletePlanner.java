package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.GarbageTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.ArrayList;
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

  /** Every other member has a good replica, and there is one. */
  private boolean isCoveredWithout(ChunkRecord chunk, int server) {
    Set<Integer> others = SlotTable.members(state, chunk);
    others.remove(server);
    Set<Integer> lacking = RepairTable.ofChunk(state, chunk.id()).keySet();
    return !others.isEmpty() && others.stream().noneMatch(lacking::contains);
  }
}
