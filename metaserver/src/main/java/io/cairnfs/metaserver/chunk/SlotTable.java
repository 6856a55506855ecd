package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
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

  /** The slots of a pool; none if it does not exist. */
  public static List<SlotRecord> ofPool(RecordReader reader, int pool) {
    int count = PoolRecord.find(reader, pool).map(PoolRecord::slots).orElse(0);
    List<SlotRecord> slots = new ArrayList<>(count);
    for (int slot = 0; slot < count; slot++) {
      slots.add(get(reader, pool, slot));
    }
    return slots;
  }

  /** The slots of all pools, pool by pool. */
  public static List<SlotRecord> all(RecordReader reader) {
    List<SlotRecord> slots = new ArrayList<>();
    for (PoolRecord pool : PoolRecord.all(reader)) {
      slots.addAll(ofPool(reader, pool.id()));
    }
    return slots;
  }

  public static SlotRecord of(RecordReader reader, ChunkId chunk) {
    return get(reader, chunk.pool(), chunk.slot());
  }

  /** Every server that the chunk shall be on. */
  public static Set<Integer> members(RecordReader reader, ChunkRecord chunk) {
    return of(reader, chunk.id()).members(chunk);
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
