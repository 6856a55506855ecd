package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.Map;
import java.util.TreeMap;

/**
 * For each (pool, slot, replication or cell) the sum of a hash of every SEALED chunk's id and
 * length, and their number: what a data server's own sum is compared with, so that a replica that
 * vanished is found without a list.
 */
public final class SlotDigests {
  private static final int FORMAT = 1;

  private SlotDigests() {}

  /**
   * @param sum of {@link ReplicaHash}, modulo 2^64
   */
  public record Digest(long sum, long count) {
    public static final Digest NONE = new Digest(0, 0);

    Digest plus(ChunkId chunk, long length) {
      return new Digest(sum + ReplicaHash.of(chunk.value(), length), count + 1);
    }

    Digest minus(ChunkId chunk, long length) {
      return new Digest(sum - ReplicaHash.of(chunk.value(), length), count - 1);
    }
  }

  /** The digests of a slot by {@link ReplicaHash#group}. */
  public static Map<Integer, Digest> ofSlot(RecordReader reader, int pool, int slot) {
    Map<Integer, Digest> digests = new TreeMap<>();
    byte[] prefix = ChunkKeys.digests(pool, slot);
    try (RecordCursor cursor = reader.scanPrefix(Table.CLUSTER, prefix)) {
      while (cursor.next()) {
        digests.put(cursor.key()[prefix.length] & 0xff, decode(cursor.value()));
      }
    }
    return digests;
  }

  /**
   * What a server's own digest of a slot should be for a group: every sealed chunk that it shall
   * have, but those that it is known to lack. An entry of the sum for each chunk, whatever its
   * position; nothing where it is no member.
   */
  public static Digest expected(RecordReader reader, int server, int pool, int slot, int group) {
    SlotRecord record = SlotTable.get(reader, pool, slot);
    boolean isMember = record.membersOfGroup(group).contains(server);
    boolean isJoiner = record.joining().filter(join -> join.server() == server).isPresent();
    Digest digest =
        isMember && !isJoiner
            ? ofSlot(reader, pool, slot).getOrDefault(group, Digest.NONE)
            : Digest.NONE;
    if (digest.count() == 0) {
      return digest;
    }
    byte[] prefix = ChunkKeys.repairOfServer(server, pool, slot);
    try (RecordCursor entries = reader.scanPrefix(Table.REPAIR, prefix)) {
      while (entries.next()) {
        ChunkId id = new ChunkId(KeyBuilder.longAt(entries.key(), 2 + Integer.BYTES));
        ChunkRecord chunk = ChunkTable.find(reader, id).orElse(null);
        if (chunk != null && chunk.isSealed() && chunk.digestGroup() == group) {
          digest = digest.minus(id, chunk.length());
        }
      }
    }
    return digest;
  }

  /** Counts a row in or out; nothing for one that is not SEALED. */
  static void change(Transaction transaction, ChunkRecord before, ChunkRecord after) {
    if (before != null && before.isSealed()) {
      put(transaction, before, get(transaction, before).minus(before.id(), before.length()));
    }
    if (after != null && after.isSealed()) {
      put(transaction, after, get(transaction, after).plus(after.id(), after.length()));
    }
  }

  private static byte[] key(ChunkRecord chunk) {
    return ChunkKeys.digest(chunk.id().pool(), chunk.id().slot(), chunk.digestGroup());
  }

  private static Digest get(RecordReader reader, ChunkRecord chunk) {
    return reader.get(Table.CLUSTER, key(chunk)).map(SlotDigests::decode).orElse(Digest.NONE);
  }

  private static void put(Transaction transaction, ChunkRecord chunk, Digest digest) {
    if (digest.count() == 0) {
      transaction.delete(Table.CLUSTER, key(chunk));
    } else {
      transaction.put(Table.CLUSTER, key(chunk), encode(digest));
    }
  }

  static byte[] encode(Digest digest) {
    return new RecordOutput(FORMAT)
        .writeLong(digest.sum())
        .writeVarint(digest.count())
        .toByteArray();
  }

  static Digest decode(byte[] value) {
    RecordInput in = new RecordInput("slot digest", value, FORMAT);
    Digest digest = new Digest(in.readLong(), in.readVarint());
    in.requireEnd();
    return digest;
  }
}
