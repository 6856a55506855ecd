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

/**
 * What is to be deleted on data servers: chunks that nothing refers to, after a grace counted in
 * logged ticks, and replicas on servers that are no members any more.
 */
public final class GarbageTable {
  private static final int FORMAT = 1;

  /** Value of a delete of what nobody knows to be good. */
  private static final byte[] DOUBTFUL = {1};

  private GarbageTable() {}

  /** A chunk in its grace since a log index. */
  record Waiting(long index, ChunkId chunk) {}

  /** A chunk whose row was stored as GARBAGE begins its grace. */
  static void await(Transaction transaction, ChunkRecord chunk) {
    long tick = transaction.counter(Counter.TICK_MILLIS);
    transaction.put(
        Table.GARBAGE,
        ChunkKeys.waiting(chunk.changeIndex(), chunk.id()),
        new RecordOutput(FORMAT).writeVarint(tick).toByteArray());
  }

  /** Chunks that became garbage at or before a tick, the oldest first. */
  static List<Waiting> waiting(RecordReader reader, long untilTick, int limit) {
    byte[] prefix = ChunkKeys.index(ChunkKeys.GARBAGE_WAITING);
    List<Waiting> chunks = new ArrayList<>();
    try (RecordCursor cursor = reader.scanPrefix(Table.GARBAGE, prefix)) {
      while (chunks.size() < limit && cursor.next() && tickOf(cursor.value()) <= untilTick) {
        chunks.add(
            new Waiting(
                KeyBuilder.longAt(cursor.key(), prefix.length),
                ChunkKeys.chunkAt(cursor.key(), prefix.length + Long.BYTES)));
      }
    }
    return chunks;
  }

  private static long tickOf(byte[] value) {
    RecordInput in = new RecordInput("garbage", value, FORMAT);
    long tick = in.readVarint();
    in.requireEnd();
    return tick;
  }

  /** The chunk is GARBAGE, and its grace is not over. */
  public static boolean isWaiting(RecordReader reader, ChunkRecord chunk) {
    byte[] key = ChunkKeys.waiting(chunk.changeIndex(), chunk.id());
    return reader.get(Table.GARBAGE, key).isPresent();
  }

  static void endWaiting(Transaction transaction, Waiting waiting) {
    transaction.delete(Table.GARBAGE, ChunkKeys.waiting(waiting.index(), waiting.chunk()));
  }

  /** The server has a good replica, and shall delete it unless it is a member again by then. */
  static void addDelete(Transaction transaction, ChunkId chunk, int server) {
    putDelete(transaction, chunk, server, Bytes.EMPTY);
  }

  /** The server may have a replica, of which nobody knows that it is good, and shall delete it. */
  static void addDoubtfulDelete(Transaction transaction, ChunkId chunk, int server) {
    putDelete(transaction, chunk, server, DOUBTFUL);
  }

  /** As {@link #addDoubtfulDelete}, unless the server is to delete it already. */
  static void suspect(Transaction transaction, ChunkId chunk, int server) {
    if (!isBeingDeleted(transaction, chunk, server)) {
      addDoubtfulDelete(transaction, chunk, server);
    }
  }

  private static void putDelete(Transaction transaction, ChunkId chunk, int server, byte[] value) {
    byte[] byChunk = ChunkKeys.deletesOfChunk(chunk, server);
    if (transaction.get(Table.GARBAGE, byChunk).isEmpty()) {
      transaction.put(Table.GARBAGE, ChunkKeys.deletesOfServer(server, chunk), Bytes.EMPTY);
      transaction.addTo(Counter.GARBAGE_ENTRIES, 1);
      ServerTotals.add(transaction, server, 0, 1);
    }
    transaction.put(Table.GARBAGE, byChunk, value);
    RepairTable.refreshLost(transaction, chunk);
  }

  /** The server has no replica any more. */
  static void removeDelete(Transaction transaction, ChunkId chunk, int server) {
    byte[] byChunk = ChunkKeys.deletesOfChunk(chunk, server);
    if (transaction.get(Table.GARBAGE, byChunk).isPresent()) {
      transaction.delete(Table.GARBAGE, byChunk);
      transaction.delete(Table.GARBAGE, ChunkKeys.deletesOfServer(server, chunk));
      transaction.addTo(Counter.GARBAGE_ENTRIES, -1);
      ServerTotals.add(transaction, server, 0, -1);
      RepairTable.refreshLost(transaction, chunk);
    }
  }

  /** Servers that shall delete the chunk and may still have it. */
  static List<Integer> holders(RecordReader reader, ChunkId chunk) {
    return holders(reader, chunk, false);
  }

  /** Those of them of which nothing says that what they have is no good. */
  static List<Integer> goodHolders(RecordReader reader, ChunkId chunk) {
    return holders(reader, chunk, true);
  }

  private static List<Integer> holders(RecordReader reader, ChunkId chunk, boolean good) {
    byte[] prefix = ChunkKeys.deletesOfChunk(chunk);
    List<Integer> servers = new ArrayList<>();
    try (RecordCursor cursor = reader.scanPrefix(Table.GARBAGE, prefix)) {
      while (cursor.next()) {
        if (!good || cursor.value().length == 0) {
          servers.add(KeyBuilder.intAt(cursor.key(), prefix.length));
        }
      }
    }
    return servers;
  }

  /** The server shall delete the chunk, and until then may be asked for it. */
  public static boolean isGoodHolder(RecordReader reader, ChunkId chunk, int server) {
    return reader
        .get(Table.GARBAGE, ChunkKeys.deletesOfChunk(chunk, server))
        .filter(value -> value.length == 0)
        .isPresent();
  }

  /** The server shall delete the chunk, and what it has of it is no good. */
  static boolean isDoubtful(RecordReader reader, ChunkId chunk, int server) {
    return isBeingDeleted(reader, chunk, server) && !isGoodHolder(reader, chunk, server);
  }

  /** True if the server was told to delete the chunk and has not said that it did. */
  public static boolean isBeingDeleted(RecordReader reader, ChunkId chunk, int server) {
    return reader.get(Table.GARBAGE, ChunkKeys.deletesOfChunk(chunk, server)).isPresent();
  }

  /** Chunks that the server shall delete, in id order; at most so many. */
  public static List<ChunkId> deletesOf(RecordReader reader, int server, int limit) {
    byte[] prefix = ChunkKeys.deletesOfServer(server);
    List<ChunkId> chunks = new ArrayList<>();
    try (RecordCursor cursor = reader.scanPrefix(Table.GARBAGE, prefix)) {
      while (chunks.size() < limit && cursor.next()) {
        chunks.add(ChunkKeys.chunkAt(cursor.key(), prefix.length));
      }
    }
    return chunks;
  }
}
