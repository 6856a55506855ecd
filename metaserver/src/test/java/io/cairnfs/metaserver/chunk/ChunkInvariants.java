package io.cairnfs.metaserver.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.types.ChunkState;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What must hold of the chunk side's tables after every command, computed from all records. */
final class ChunkInvariants {
  private final RecordReader store;
  private final Map<ChunkId, ChunkRecord> chunks = new HashMap<>();
  private final Set<ChunkId> referenced = new HashSet<>();

  private ChunkInvariants(RecordReader store) {
    this.store = store;
  }

  static void require(RecordReader store) {
    ChunkInvariants invariants = new ChunkInvariants(store);
    invariants.readChunks();
    invariants.requireExtents();
    invariants.requireReferences();
    invariants.requireStates();
    invariants.requireDigests();
    invariants.requireIndexes();
    invariants.requireRepairs();
  }

  private interface RowCheck {
    void check(byte[] key, byte[] value);
  }

  private int forEach(Table table, byte[] prefix, RowCheck check) {
    int rows = 0;
    try (RecordCursor cursor = store.scan(table, prefix, Bytes.afterPrefix(prefix))) {
      while (cursor.next()) {
        rows++;
        check.check(cursor.key(), cursor.value());
      }
    }
    return rows;
  }

  private void readChunks() {
    forEach(
        Table.CHUNK,
        new byte[] {0},
        (key, value) -> {
          ChunkId id = ChunkKeys.chunkAt(key, 1);
          chunks.put(id, ChunkRecord.decode(id, value));
        });
  }

  private void requireExtents() {
    long[] last = new long[2];
    int extents =
        forEach(
            Table.EXTENT,
            new byte[] {0},
            (key, value) -> {
              InodeId inode = new InodeId(KeyBuilder.longAt(key, 1));
              ExtentRecord extent =
                  ExtentRecord.decode(KeyBuilder.longAt(key, 1 + Long.BYTES), value);
              long from = last[0] == inode.value() ? last[1] : 0;
              assertThat(extent.fileOffset()).as("%s overlaps", inode).isGreaterThanOrEqualTo(from);
              last[0] = inode.value();
              last[1] = extent.end();
              ChunkRecord chunk = chunks.get(extent.chunk());
              assertThat(chunk).as("%s of %s", extent, inode).isNotNull();
              assertThat(extent.chunkEnd())
                  .as("%s of %s", extent, inode)
                  .isLessThanOrEqualTo(chunk.length());
              assertThat(chunk.isGarbage()).as("%s of %s", extent, inode).isFalse();
              assertThat(ReferenceTable.lengthOf(store, inode, extent)).isEqualTo(extent.length());
              assertThat(extent.isOpenTail() && !chunk.hasOpenTail()).as("%s", extent).isFalse();
              referenced.add(extent.chunk());
            });
    int references = forEach(Table.REFERENCE, new byte[] {0}, (key, value) -> {});
    assertThat(references).isEqualTo(extents);
  }

  private void requireReferences() {
    for (ChunkId chunk : chunks.keySet()) {
      assertThat(ReferenceTable.isReferenced(store, chunk)).isEqualTo(referenced.contains(chunk));
    }
  }

  private void requireStates() {
    Map<ChunkState, Long> counts = new EnumMap<>(ChunkState.class);
    long bytes = 0;
    long lost = 0;
    for (ChunkRecord chunk : chunks.values()) {
      counts.merge(chunk.state(), 1L, Long::sum);
      bytes += chunk.isGarbage() ? 0 : chunk.length();
      lost += chunk.isLost() ? 1 : 0;
      if (chunk.isLost()) {
        assertThat(Holders.isLost(store, chunk)).as("%s", chunk).isTrue();
      }
      if (chunk.id().isCell()) {
        assertThat(new ChunkCheck(store).chunk(ChunkKeys.chunk(chunk.id()), chunk.encode()))
            .isEmpty();
      }
      if ((chunk.isSealed() || chunk.isGarbage()) && !ChunkTable.isHeld(store, chunk)) {
        assertThat(chunk.isSealed())
            .as("%s sealed and referenced", chunk)
            .isEqualTo(isNeeded(chunk.id()));
      }
    }
    assertThat(Counter.CHUNKS_OPEN.in(store)).isEqualTo(counts.getOrDefault(ChunkState.OPEN, 0L));
    assertThat(Counter.CHUNKS_SETTLING.in(store))
        .isEqualTo(counts.getOrDefault(ChunkState.SETTLING, 0L));
    assertThat(Counter.CHUNKS_SEALED.in(store))
        .isEqualTo(counts.getOrDefault(ChunkState.SEALED, 0L));
    assertThat(Counter.CHUNKS_GARBAGE.in(store))
        .isEqualTo(counts.getOrDefault(ChunkState.GARBAGE, 0L));
    assertThat(Counter.CHUNK_BYTES.in(store)).isEqualTo(bytes);
    assertThat(Counter.CHUNKS_LOST.in(store)).isEqualTo(lost);
  }

  private boolean isNeeded(ChunkId id) {
    return id.isCell()
        ? Stripe.of(store, id).cells().stream().anyMatch(cell -> referenced.contains(cell.id()))
        : referenced.contains(id);
  }

  private void requireDigests() {
    int moving = 0;
    for (SlotRecord slot : SlotTable.all(store)) {
      Map<Integer, SlotDigests.Digest> computed = new HashMap<>();
      for (ChunkRecord chunk : chunks.values()) {
        boolean isHere = chunk.id().pool() == slot.pool() && chunk.id().slot() == slot.slot();
        if (chunk.isSealed() && isHere) {
          computed.merge(
              chunk.digestGroup(),
              SlotDigests.Digest.NONE.plus(chunk.id(), chunk.length()),
              (a, b) -> new SlotDigests.Digest(a.sum() + b.sum(), a.count() + b.count()));
        }
      }
      assertThat(SlotDigests.ofSlot(store, slot.pool(), slot.slot())).isEqualTo(computed);
      moving += slot.isMoving() ? 1 : 0;
    }
    assertThat(Counter.SLOTS_MOVING.in(store)).isEqualTo(moving);
  }

  private void requireIndexes() {
    int expected = 0;
    for (ChunkRecord chunk : chunks.values()) {
      expected += ChunkTable.isHeld(store, chunk) ? 1 : 0;
      if (chunk.isUnsealed()) {
        expected += 2 + (chunk.isShared() ? 0 : 1) + (chunk.isSettling() ? 1 : 0);
        assertThat(
                store.get(Table.OPEN_CHUNK, ChunkKeys.openOfSession(chunk.session(), chunk.id())))
            .isPresent();
        assertThat(store.get(Table.OPEN_CHUNK, ChunkKeys.openInSlot(chunk.id()))).isPresent();
      }
    }
    assertThat(forEach(Table.OPEN_CHUNK, new byte[] {0}, (key, value) -> {})).isEqualTo(expected);
  }

  private void requireRepairs() {
    Map<Integer, Long> perServer = new HashMap<>();
    Set<ChunkId> lacking = new HashSet<>();
    int entries =
        forEach(
            Table.REPAIR,
            ChunkKeys.index(ChunkKeys.REPAIR_BY_CHUNK),
            (key, value) -> {
              ChunkId chunk = ChunkKeys.chunkAt(key, 2);
              int server = KeyBuilder.intAt(key, 2 + Long.BYTES);
              perServer.merge(server, 1L, Long::sum);
              lacking.add(chunk);
              assertThat(chunks.get(chunk)).as("%s under repair", chunk).isNotNull();
              assertThat(chunks.get(chunk).isGarbage()).isFalse();
              assertThat(store.get(Table.REPAIR, ChunkKeys.repairOfServer(server, chunk)))
                  .contains(value);
            });
    assertThat(Counter.REPAIR_ENTRIES.in(store)).isEqualTo(entries);
    assertThat(Counter.CHUNKS_UNDER_REPLICATED.in(store)).isEqualTo(lacking.size());
    assertThat(
            forEach(Table.REPAIR, ChunkKeys.index(ChunkKeys.REPAIR_BY_SERVER), (key, value) -> {}))
        .isEqualTo(entries);
    for (ServerRecord server : ServerTable.all(store)) {
      assertThat(ServerTotals.of(store, server.id()).repairs())
          .isEqualTo(perServer.getOrDefault(server.id(), 0L));
      assertThat(ServerTotals.of(store, server.id()).deletes())
          .isEqualTo(GarbageTable.deletesOf(store, server.id(), 100_000).size());
    }
    int deletes =
        forEach(Table.GARBAGE, ChunkKeys.index(ChunkKeys.DELETE_BY_CHUNK), (key, value) -> {});
    assertThat(Counter.GARBAGE_ENTRIES.in(store)).isEqualTo(deletes);
  }
}
