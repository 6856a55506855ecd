package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The chunks' rows. Everything that can be derived from a row (the indexes of unsealed chunks,
 * totals by state, slot digests) changes with it here and nowhere else.
 */
public final class ChunkTable {
  private ChunkTable() {}

  public static Optional<ChunkRecord> find(RecordReader reader, ChunkId chunk) {
    return reader
        .get(Table.CHUNK, ChunkKeys.chunk(chunk))
        .map(value -> ChunkRecord.decode(chunk, value));
  }

  /** The chunk that another record names: absent only if the store is damaged. */
  public static ChunkRecord require(RecordReader reader, ChunkId chunk) {
    return find(reader, chunk)
        .orElseThrow(() -> new CorruptRecord(chunk + " is referred to and has no record"));
  }

  /**
   * True for an id that was never given a row or whose row is gone: there is no row and the counter
   * is not ahead of this state's. Such a chunk is dead for good.
   */
  public static boolean isDead(RecordReader reader, ChunkId chunk) {
    return find(reader, chunk).isEmpty() && chunk.counter() <= Counter.CHUNK_COUNTER.in(reader);
  }

  /** Chunks of a slot behind an id, in order; at most so many. */
  public static List<ChunkRecord> inSlot(
      RecordReader reader, int pool, int slot, long after, int limit) {
    byte[] prefix = ChunkKeys.slotOfChunks(pool, slot);
    byte[] from = after == 0 ? prefix : Bytes.after(ChunkKeys.chunk(new ChunkId(after)));
    List<ChunkRecord> chunks = new ArrayList<>();
    try (RecordCursor cursor = reader.scan(Table.CHUNK, from, Bytes.afterPrefix(prefix))) {
      while (chunks.size() < limit && cursor.next()) {
        chunks.add(ChunkRecord.decode(ChunkKeys.chunkAt(cursor.key(), 1), cursor.value()));
      }
    }
    return chunks;
  }

  static boolean isSlotEmpty(RecordReader reader, int pool, int slot) {
    return inSlot(reader, pool, slot, 0, 1).isEmpty();
  }

  /**
   * The session may still make bytes of this SEALED chunk part of a file: it is no garbage, though
   * nothing refers to it.
   */
  public static boolean isHeld(RecordReader reader, ChunkRecord chunk) {
    return chunk.isSealed()
        && reader
            .get(Table.OPEN_CHUNK, ChunkKeys.openOfSession(chunk.session(), chunk.id()))
            .isPresent();
  }

  /** From now on {@link #isHeld}, until {@link #release}. */
  static void hold(Transaction transaction, ChunkRecord chunk) {
    transaction.put(
        Table.OPEN_CHUNK, ChunkKeys.openOfSession(chunk.session(), chunk.id()), Bytes.EMPTY);
  }

  static void release(Transaction transaction, ChunkRecord chunk) {
    transaction.delete(Table.OPEN_CHUNK, ChunkKeys.openOfSession(chunk.session(), chunk.id()));
  }

  /** Chunks that the session has OPEN or SETTLING, or holds. */
  public static List<ChunkRecord> openOfSession(RecordReader reader, SessionId session) {
    return indexed(reader, ChunkKeys.openOfSession(session.value()), Integer.MAX_VALUE);
  }

  /** Chunks that a compaction writes, or wrote and left: OPEN. */
  public static List<ChunkRecord> openOfNobody(RecordReader reader) {
    return indexed(reader, ChunkKeys.openOfSession(ChunkRecord.NO_SESSION), Integer.MAX_VALUE);
  }

  /** Chunks opened for a file that are OPEN or SETTLING. */
  public static List<ChunkRecord> openOfInode(RecordReader reader, InodeId inode) {
    return indexed(reader, ChunkKeys.openOfInode(inode), Integer.MAX_VALUE);
  }

  /** Chunks of a slot that are OPEN or SETTLING. */
  public static List<ChunkRecord> openInSlot(RecordReader reader, int pool, int slot) {
    return indexed(reader, ChunkKeys.openInSlot(pool, slot), Integer.MAX_VALUE);
  }

  /** Chunks of all slots that are OPEN or SETTLING. */
  public static List<ChunkRecord> unsealed(RecordReader reader) {
    return indexed(reader, ChunkKeys.index(ChunkKeys.OPEN_BY_SLOT), Integer.MAX_VALUE);
  }

  /** Chunks that wait for their members' answers: the leader's work list. */
  public static List<ChunkRecord> settling(RecordReader reader, int limit) {
    return indexed(reader, ChunkKeys.index(ChunkKeys.SETTLING), limit);
  }

  private static List<ChunkRecord> indexed(RecordReader reader, byte[] prefix, int limit) {
    List<ChunkRecord> chunks = new ArrayList<>();
    try (RecordCursor cursor = reader.scanPrefix(Table.OPEN_CHUNK, prefix)) {
      while (chunks.size() < limit && cursor.next()) {
        byte[] key = cursor.key();
        long id = KeyBuilder.longAt(key, key.length - Long.BYTES);
        chunks.add(require(reader, new ChunkId(id)));
      }
    }
    return chunks;
  }

  /** How many chunks the session has OPEN or SETTLING, or holds, counting up to a limit. */
  static int countOpen(RecordReader reader, long session, int limit) {
    int count = 0;
    try (RecordCursor cursor =
        reader.scanPrefix(Table.OPEN_CHUNK, ChunkKeys.openOfSession(session))) {
      while (count < limit && cursor.next()) {
        count++;
      }
    }
    return count;
  }

  /** Stores a row, and returns it as stored. */
  static ChunkRecord put(Transaction transaction, ChunkRecord chunk) {
    ChunkRecord stored = chunk.withChangeIndex(transaction.index());
    ChunkRecord before = find(transaction, chunk.id()).orElse(null);
    derive(transaction, before, stored);
    transaction.put(Table.CHUNK, ChunkKeys.chunk(chunk.id()), stored.encode());
    return stored;
  }

  /** Says that nobody, or somebody again, is known to hold it: no change of the chunk itself. */
  static void putLost(Transaction transaction, ChunkRecord chunk, boolean lost) {
    ChunkRecord stored = chunk.withLost(lost);
    derive(transaction, chunk, stored);
    transaction.put(Table.CHUNK, ChunkKeys.chunk(chunk.id()), stored.encode());
  }

  static void delete(Transaction transaction, ChunkRecord chunk) {
    derive(transaction, require(transaction, chunk.id()), null);
    transaction.delete(Table.CHUNK, ChunkKeys.chunk(chunk.id()));
  }

  private static void derive(Transaction transaction, ChunkRecord before, ChunkRecord after) {
    boolean countsChange =
        before == null
            || after == null
            || before.state() != after.state()
            || before.length() != after.length()
            || before.replication() != after.replication()
            || before.isLost() != after.isLost();
    if (countsChange) {
      count(transaction, before, -1);
      count(transaction, after, 1);
      SlotDigests.change(transaction, before, after);
    }
    if (before == null || after == null || before.state() != after.state()) {
      Set<ByteBuffer> keep = new HashSet<>();
      for (byte[] key : indexKeys(after)) {
        keep.add(ByteBuffer.wrap(key));
        transaction.put(Table.OPEN_CHUNK, key, Bytes.EMPTY);
      }
      for (byte[] key : indexKeys(before)) {
        if (!keep.contains(ByteBuffer.wrap(key))) {
          transaction.delete(Table.OPEN_CHUNK, key);
        }
      }
    }
  }

  private static void count(Transaction transaction, ChunkRecord chunk, int sign) {
    if (chunk == null) {
      return;
    }
    transaction.addTo(
        switch (chunk.state()) {
          case OPEN -> Counter.CHUNKS_OPEN;
          case SETTLING -> Counter.CHUNKS_SETTLING;
          case SEALED -> Counter.CHUNKS_SEALED;
          case GARBAGE -> Counter.CHUNKS_GARBAGE;
          case CHUNK_STATE_UNSPECIFIED, UNRECOGNIZED ->
              throw new IllegalStateException(chunk.id() + " has no state");
        },
        sign);
    if (!chunk.isGarbage()) {
      transaction.addTo(Counter.CHUNK_BYTES, sign * chunk.length());
    }
    if (chunk.isLost()) {
      transaction.addTo(Counter.CHUNKS_LOST, sign);
    }
  }

  private static List<byte[]> indexKeys(ChunkRecord chunk) {
    List<byte[]> keys = new ArrayList<>(4);
    if (chunk == null || !chunk.isUnsealed()) {
      return keys;
    }
    keys.add(ChunkKeys.openOfSession(chunk.session(), chunk.id()));
    keys.add(ChunkKeys.openInSlot(chunk.id()));
    if (!chunk.isShared()) {
      keys.add(ChunkKeys.openOfInode(chunk.inode(), chunk.id()));
    }
    if (chunk.isSettling()) {
      keys.add(ChunkKeys.settling(chunk.id()));
    }
    return keys;
  }
}
