package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.GarbageTable;
import io.cairnfs.metaserver.chunk.Holders;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.ArrayList;
import java.util.List;

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
      if (allowed.size() < limit && (chunk == null || isOver(chunk) || isSurplus(chunk, server))) {
        allowed.add(id);
      }
    }
    return allowed;
  }

  private boolean isOver(ChunkRecord chunk) {
    return chunk.isGarbage() && !GarbageTable.isWaiting(state, chunk);
  }

  /**
   * A member is never told to: it is to be made good with what it has, or in place of it. Others
   * are once every member is good without them. A member that was struck out is not, though no
   * repair entry says so: until its successor has been filled, this may be the last replica.
   */
  private boolean isSurplus(ChunkRecord chunk, int server) {
    return chunk.isSealed()
        && !SlotTable.members(state, chunk).contains(server)
        && Holders.isCovered(state, chunk);
  }
}
