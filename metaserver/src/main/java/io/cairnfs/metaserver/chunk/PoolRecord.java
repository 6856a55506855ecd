package io.cairnfs.metaserver.chunk;

import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.Optional;

/**
 * A redundancy scheme and its fixed number of slots. Made with the first data server.
 *
 * @param width positions of a slot, as long as there are so many servers: the largest replication
 *     that was ever asked for
 */
public record PoolRecord(int id, int slots, int width) {
  /** Replicated, any volume. */
  public static final int REPLICATED = 0;

  private static final int FORMAT = 1;

  public static Optional<PoolRecord> find(RecordReader reader, int pool) {
    return reader.get(Table.CLUSTER, ChunkKeys.pool(pool)).map(value -> decode(pool, value));
  }

  void put(Transaction transaction) {
    transaction.put(Table.CLUSTER, ChunkKeys.pool(id), encode());
  }

  byte[] encode() {
    return new RecordOutput(FORMAT).writeVarint(slots).writeVarint(width).toByteArray();
  }

  static PoolRecord decode(int pool, byte[] value) {
    RecordInput in = new RecordInput("pool", value, FORMAT);
    PoolRecord record = new PoolRecord(pool, in.readInt(), in.readInt());
    in.requireEnd();
    return record;
  }
}
