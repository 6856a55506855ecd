package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.Set;

/** The slot maps of all pools. */
public final class SlotTable {
  private SlotTable() {}

  /** A slot; one without members if there is no data server yet. */
  public static SlotRecord get(RecordReader reader, int pool, int slot) {
    return reader
        .get(Table.CLUSTER, ChunkKeys.slot(pool, slot))
        .map(value -> SlotRecord.decode(pool, slot, value))
        .orElseGet(() -> SlotRecord.empty(pool, slot));
  }

  public static SlotRecord of(RecordReader reader, ChunkId chunk) {
    return get(reader, chunk.pool(), chunk.slot());
  }

  /** Every server that the chunk shall be on. */
  public static Set<Integer> members(RecordReader reader, ChunkRecord chunk) {
    return of(reader, chunk.id()).members(chunk.replication());
  }

  static void put(Transaction transaction, SlotRecord slot) {
    SlotRecord before = get(transaction, slot.pool(), slot.slot());
    int moving = (slot.isMoving() ? 1 : 0) - (before.isMoving() ? 1 : 0);
    if (moving != 0) {
      transaction.addTo(Counter.SLOTS_MOVING, moving);
    }
    transaction.put(Table.CLUSTER, ChunkKeys.slot(slot.pool(), slot.slot()), slot.encode());
  }
}
