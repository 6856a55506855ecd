package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A server that is no member of a slot any more deletes what it has of it: in bounded steps, each
 * of which looks at some chunks of the slot as they are then. What a chunk's own change has done
 * meanwhile is left alone: it has told the server already.
 */
final class LetGo {
  private LetGo() {}

  /**
   * What is left to do.
   *
   * @param position where the server was, or was to be: it has only chunks that lie there
   * @param cursor the last chunk that was handled
   * @param known of chunks behind this one no record says that the server has them, unless it is a
   *     delete already
   * @param last there was no chunk behind this one
   * @param begun log index
   */
  private record Work(
      int server,
      int pool,
      int slot,
      int position,
      long cursor,
      long known,
      long last,
      long begun) {
    private static final int FORMAT = 1;

    static Work decode(byte[] key, byte[] value) {
      RecordInput in = new RecordInput("let go", value, FORMAT);
      Work work =
          new Work(
              KeyBuilder.intAt(key, 2 + Integer.BYTES),
              KeyBuilder.intAt(key, 2) >>> 16,
              KeyBuilder.intAt(key, 2) & 0xffff,
              in.readInt(),
              in.readLong(),
              in.readLong(),
              in.readLong(),
              in.readVarint());
      in.requireEnd();
      return work;
    }

    byte[] key() {
      return ChunkKeys.letGo(pool, slot, server);
    }

    byte[] encode() {
      return new RecordOutput(FORMAT)
          .writeVarint(position)
          .writeLong(cursor)
          .writeLong(known)
          .writeLong(last)
          .writeVarint(begun)
          .toByteArray();
    }

    Work at(long newCursor) {
      return new Work(server, pool, slot, position, newCursor, known, last, begun);
    }

    /** The server has the chunk, unless an entry says that it does not. */
    boolean holds(ChunkRecord chunk) {
      return chunk.isSealed()
          && chunk.liesOn(position)
          && chunk.id().value() <= known
          && chunk.changeIndex() <= begun;
    }
  }

  static boolean isAny(RecordReader reader) {
    try (RecordCursor rows = reader.scanPrefix(Table.GARBAGE, ChunkKeys.index(ChunkKeys.LET_GO))) {
      return rows.next();
    }
  }

  /** Slots that the server has not let go of wholly. */
  static int slotsOf(RecordReader reader, int server) {
    int slots = 0;
    try (RecordCursor rows = reader.scanPrefix(Table.GARBAGE, ChunkKeys.index(ChunkKeys.LET_GO))) {
      while (rows.next()) {
        slots += Work.decode(rows.key(), rows.value()).server() == server ? 1 : 0;
      }
    }
    return slots;
  }

  /** The server has not let go of the whole slot yet: it is not to join it again before. */
  static boolean isUnderWay(RecordReader reader, SlotRecord slot, int server) {
    return reader.get(Table.GARBAGE, ChunkKeys.letGo(slot.pool(), slot.slot(), server)).isPresent();
  }

  /** A member that was replaced at a position lets go. */
  static void begin(Transaction transaction, SlotRecord slot, int position, int server) {
    begin(transaction, slot, position, server, Long.MAX_VALUE);
  }

  /** A joiner that will not be promoted lets go of what it was filled with. */
  static void begin(Transaction transaction, SlotRecord slot, SlotJoin join) {
    begin(
        transaction,
        slot,
        join.position(),
        join.server(),
        join.isAtEnd() ? Long.MAX_VALUE : join.cursor());
  }

  private static void begin(
      Transaction transaction, SlotRecord slot, int position, int server, long known) {
    long last =
        ChunkId.of(slot.pool(), slot.slot(), transaction.counter(Counter.CHUNK_COUNTER)).value();
    put(
        transaction,
        new Work(server, slot.pool(), slot.slot(), position, 0, known, last, transaction.index()));
  }

  private static void put(Transaction transaction, Work work) {
    transaction.put(Table.GARBAGE, work.key(), work.encode());
  }

  /** A chunk is about to change: whoever has not come to it lets go of it now. */
  static void hurry(NamespaceEditor namespace, ChunkRecord chunk) {
    Transaction transaction = namespace.transaction();
    List<Work> all = new ArrayList<>();
    byte[] prefix = ChunkKeys.letGo(chunk.id().pool(), chunk.id().slot());
    try (RecordCursor rows = transaction.scanPrefix(Table.GARBAGE, prefix)) {
      while (rows.next()) {
        all.add(Work.decode(rows.key(), rows.value()));
      }
    }
    for (Work work : all) {
      if (chunk.id().value() > work.cursor() && chunk.id().value() <= work.last()) {
        letGo(namespace, work, chunk);
      }
    }
  }

  private static void letGo(NamespaceEditor namespace, Work work, ChunkRecord chunk) {
    Transaction transaction = namespace.transaction();
    Set<Integer> members = SlotTable.members(transaction, chunk);
    if (members.contains(work.server())) {
      return;
    }
    if (!chunk.isGarbage()) {
      new ChunkLifecycle(namespace).dropMember(chunk, work.server(), work.holds(chunk));
    } else if (chunk.liesOn(work.position()) && !ServerTable.isGone(transaction, work.server())) {
      // Its members of the day when the grace ends are told; this one is none then.
      GarbageTable.suspect(transaction, chunk.id(), work.server());
    }
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
      Work work;
      try (RecordCursor rows =
          transaction.scanPrefix(Table.GARBAGE, ChunkKeys.index(ChunkKeys.LET_GO))) {
        if (!rows.next()) {
          return handled;
        }
        work = Work.decode(rows.key(), rows.value());
      }
      handled += step(namespace, work, limit - handled);
    }
    return handled;
  }

  private static int step(NamespaceEditor namespace, Work work, int limit) {
    Transaction transaction = namespace.transaction();
    List<ChunkRecord> page =
        ChunkTable.inSlot(transaction, work.pool(), work.slot(), work.cursor(), limit);
    long cursor = work.cursor();
    for (ChunkRecord chunk : page) {
      cursor = chunk.id().value();
      if (cursor <= work.last()) {
        letGo(namespace, work, chunk);
      }
    }
    if (page.size() < limit || cursor >= work.last()) {
      transaction.delete(Table.GARBAGE, work.key());
      return page.size() + 1;
    }
    put(transaction, work.at(cursor));
    return page.size();
  }
}
