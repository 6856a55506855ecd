package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Repair entries: "server S lacks chunk C, since log index i". The only state that is kept per
 * replica. Stored by chunk and by server; totals and the chunk's {@code isLost} follow here.
 */
public final class RepairTable {
  private static final int FORMAT = 1;

  private RepairTable() {}

  /** A server lacks a chunk. */
  public record Entry(ChunkId chunk, int server, long since) {}

  /** Since when the server lacks the chunk, if it does. */
  public static OptionalLong since(RecordReader reader, ChunkId chunk, int server) {
    return reader
        .get(Table.REPAIR, ChunkKeys.repairOfChunk(chunk, server))
        .map(value -> OptionalLong.of(decode(value)))
        .orElseGet(OptionalLong::empty);
  }

  /** Servers that lack the chunk, and since when. */
  public static SortedMap<Integer, Long> ofChunk(RecordReader reader, ChunkId chunk) {
    SortedMap<Integer, Long> entries = new TreeMap<>();
    byte[] prefix = ChunkKeys.repairOfChunk(chunk);
    try (RecordCursor cursor = reader.scanPrefix(Table.REPAIR, prefix)) {
      while (cursor.next()) {
        entries.put(KeyBuilder.intAt(cursor.key(), prefix.length), decode(cursor.value()));
      }
    }
    return entries;
  }

  /** Chunks that a server lacks, in id order behind a chunk; at most so many. */
  public static List<Entry> ofServer(RecordReader reader, int server, ChunkId after, int limit) {
    byte[] from = Bytes.after(ChunkKeys.repairOfServer(server, after));
    return entries(reader, server, from, ChunkKeys.repairOfServer(server), limit);
  }

  /** As {@link #ofServer}, from the first. */
  public static List<Entry> ofServer(RecordReader reader, int server, int limit) {
    byte[] prefix = ChunkKeys.repairOfServer(server);
    return entries(reader, server, prefix, prefix, limit);
  }

  private static List<Entry> entries(
      RecordReader reader, int server, byte[] from, byte[] prefix, int limit) {
    List<Entry> entries = new ArrayList<>();
    try (RecordCursor cursor = reader.scan(Table.REPAIR, from, Bytes.afterPrefix(prefix))) {
      while (entries.size() < limit && cursor.next()) {
        ChunkId chunk = ChunkKeys.chunkAt(cursor.key(), 2 + Integer.BYTES);
        entries.add(new Entry(chunk, server, decode(cursor.value())));
      }
    }
    return entries;
  }

  /** Chunks of a slot that a server lacks, in id order; at most so many. */
  public static List<Entry> inSlot(RecordReader reader, int server, int pool, int slot, int limit) {
    byte[] prefix = ChunkKeys.repairOfServer(server, pool, slot);
    return entries(reader, server, prefix, prefix, limit);
  }

  /**
   * True if the server lacks any chunk of the slot that somebody holds. Of a chunk that is lost
   * there is nothing to wait for.
   */
  public static boolean lacksAny(RecordReader reader, int server, int pool, int slot) {
    byte[] prefix = ChunkKeys.repairOfServer(server, pool, slot);
    try (RecordCursor cursor = reader.scanPrefix(Table.REPAIR, prefix)) {
      while (cursor.next()) {
        ChunkId chunk = ChunkKeys.chunkAt(cursor.key(), 2 + Integer.BYTES);
        if (!Holders.isLost(reader, ChunkTable.require(reader, chunk))) {
          return true;
        }
      }
      return false;
    }
  }

  /** Entries of any server, by chunk, behind a chunk; at most so many chunks. For reports. */
  public static Map<ChunkId, List<Entry>> byChunk(RecordReader reader, long after, int limit) {
    byte[] all = ChunkKeys.index(ChunkKeys.REPAIR_BY_CHUNK);
    byte[] from = after == 0 ? all : Bytes.afterPrefix(ChunkKeys.repairOfChunk(new ChunkId(after)));
    Map<ChunkId, List<Entry>> chunks = new TreeMap<>();
    try (RecordCursor cursor = reader.scan(Table.REPAIR, from, Bytes.afterPrefix(all))) {
      while (cursor.next()) {
        ChunkId chunk = ChunkKeys.chunkAt(cursor.key(), 2);
        if (!chunks.containsKey(chunk) && chunks.size() == limit) {
          break;
        }
        int server = KeyBuilder.intAt(cursor.key(), 2 + Long.BYTES);
        chunks
            .computeIfAbsent(chunk, id -> new ArrayList<>())
            .add(new Entry(chunk, server, decode(cursor.value())));
      }
    }
    return chunks;
  }

  /** The server lacks the chunk, if it was not known before. */
  static void add(Transaction transaction, ChunkId chunk, int server) {
    if (since(transaction, chunk, server).isEmpty()) {
      renew(transaction, chunk, server);
    }
  }

  /** The server lacks the chunk as of now: what was reported of an older entry does not count. */
  static void renew(Transaction transaction, ChunkId chunk, int server) {
    SortedMap<Integer, Long> before = ofChunk(transaction, chunk);
    byte[] value = new RecordOutput(FORMAT).writeVarint(transaction.index()).toByteArray();
    transaction.put(Table.REPAIR, ChunkKeys.repairOfChunk(chunk, server), value);
    transaction.put(Table.REPAIR, ChunkKeys.repairOfServer(server, chunk), value);
    if (before.isEmpty()) {
      transaction.addTo(Counter.CHUNKS_UNDER_REPLICATED, 1);
    }
    if (!before.containsKey(server)) {
      transaction.addTo(Counter.REPAIR_ENTRIES, 1);
      ServerTotals.add(transaction, server, 1, 0);
      refreshLost(transaction, chunk);
    }
  }

  /** The server lacks the chunk no more, or shall not have it any more. */
  static void remove(Transaction transaction, ChunkId chunk, int server) {
    if (since(transaction, chunk, server).isEmpty()) {
      return;
    }
    transaction.delete(Table.REPAIR, ChunkKeys.repairOfChunk(chunk, server));
    transaction.delete(Table.REPAIR, ChunkKeys.repairOfServer(server, chunk));
    transaction.addTo(Counter.REPAIR_ENTRIES, -1);
    ServerTotals.add(transaction, server, -1, 0);
    if (ofChunk(transaction, chunk).isEmpty()) {
      transaction.addTo(Counter.CHUNKS_UNDER_REPLICATED, -1);
    }
    refreshLost(transaction, chunk);
  }

  static void removeAll(Transaction transaction, ChunkId chunk) {
    for (int server : ofChunk(transaction, chunk).keySet()) {
      remove(transaction, chunk, server);
    }
  }

  /** To be called after every change of what {@link Holders} reads. */
  static void refreshLost(Transaction transaction, ChunkId id) {
    if (id.isCell()) {
      refreshLost(transaction, Stripe.of(transaction, id), id);
      return;
    }
    ChunkRecord chunk = ChunkTable.find(transaction, id).orElse(null);
    if (chunk != null) {
      boolean lost = Holders.isLost(transaction, chunk);
      if (lost != chunk.isLost()) {
        ChunkTable.putLost(transaction, chunk, lost);
      }
    }
  }

  /** One cell more or less may be what others can be computed with. */
  private static void refreshLost(Transaction transaction, Stripe stripe, ChunkId changed) {
    boolean wasShort = stripe.cells().stream().anyMatch(ChunkRecord::isLost);
    if (!wasShort && stripe.isHeld(changed.cell())) {
      return;
    }
    boolean isShort = stripe.isShort();
    for (ChunkRecord cell : stripe.cells()) {
      boolean lost =
          isShort && !cell.isGarbage() && cell.length() > 0 && !stripe.isHeld(cell.id().cell());
      if (lost != cell.isLost()) {
        ChunkTable.putLost(transaction, cell, lost);
      }
    }
  }

  private static long decode(byte[] value) {
    RecordInput in = new RecordInput("repair entry", value, FORMAT);
    long since = in.readVarint();
    in.requireEnd();
    return since;
  }
}
