package io.cairnfs.metaserver.chunk;

import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.List;

/**
 * A server that is no member of a slot any more deletes what it has of it: in bounded steps, each
 * of which looks at some chunks of the slot as they are then.
 */
final class LetGo {
  private static final int FORMAT = 1;

  private LetGo() {}

  static boolean isAny(RecordReader reader) {
    try (RecordCursor rows = reader.scanPrefix(Table.GARBAGE, ChunkKeys.index(ChunkKeys.LET_GO))) {
      return rows.next();
    }
  }

  /**
   * @param position where the server was, or was to be: it has no chunk of fewer replicas
   */
  static void begin(Transaction transaction, SlotRecord slot, int position, int server) {
    put(transaction, ChunkKeys.letGo(server, slot.pool(), slot.slot()), position, 0);
  }

  private static void put(Transaction transaction, byte[] key, int position, long cursor) {
    byte[] value = new RecordOutput(FORMAT).writeVarint(position).writeLong(cursor).toByteArray();
    transaction.put(Table.GARBAGE, key, value);
  }

  /**
   * Handles some chunks.
   *
   * @return how many; fewer than the limit means that nothing is left
   */
  static int step(NamespaceEditor namespace, int limit) {
    Transaction transaction = namespace.transaction();
    int handled = 0;
    while (handled < limit) {
      byte[] key;
      int position;
      long cursor;
      try (RecordCursor rows =
          transaction.scanPrefix(Table.GARBAGE, ChunkKeys.index(ChunkKeys.LET_GO))) {
        if (!rows.next()) {
          return handled;
        }
        key = rows.key();
        RecordInput in = new RecordInput("let go", rows.value(), FORMAT);
        position = in.readInt();
        cursor = in.readLong();
        in.requireEnd();
      }
      handled += step(namespace, key, position, cursor, limit - handled);
    }
    return handled;
  }

  private static int step(
      NamespaceEditor namespace, byte[] key, int position, long cursor, int limit) {
    Transaction transaction = namespace.transaction();
    int server = KeyBuilder.intAt(key, 2);
    int slotBits = KeyBuilder.intAt(key, 2 + Integer.BYTES);
    int pool = slotBits >>> 16;
    int slot = slotBits & 0xffff;
    ChunkLifecycle chunks = new ChunkLifecycle(namespace);
    List<ChunkRecord> page = ChunkTable.inSlot(transaction, pool, slot, cursor, limit);
    for (ChunkRecord chunk : page) {
      if (!chunk.isGarbage()
          && chunk.replication() > position
          && !SlotTable.members(transaction, chunk).contains(server)) {
        chunks.dropMember(chunk, server);
      }
    }
    if (page.size() < limit) {
      transaction.delete(Table.GARBAGE, key);
      return page.size() + 1;
    }
    put(transaction, key, position, page.get(page.size() - 1).id().value());
    return page.size();
  }
}
