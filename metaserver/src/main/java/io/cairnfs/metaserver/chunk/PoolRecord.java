package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A redundancy scheme and its fixed number of slots. The replicated one for any volume is made with
 * the first data server, each other one when it is first needed.
 *
 * @param width positions of a slot, as long as there are so many servers: the largest replication
 *     that was ever asked for. Of a coded pool the cells of a stripe: its slots have as many
 *     members or none
 */
public record PoolRecord(int id, int slots, int width) {
  /** Replicated, any volume. */
  public static final int REPLICATED = 0;

  private static final int FORMAT = 1;

  public static Optional<PoolRecord> find(RecordReader reader, int pool) {
    return reader.get(Table.CLUSTER, ChunkKeys.pool(pool)).map(value -> decode(pool, value));
  }

  /** Every pool that exists, in the order of their numbers. */
  public static List<PoolRecord> all(RecordReader reader) {
    List<PoolRecord> pools = new ArrayList<>();
    byte[] prefix = ChunkKeys.pools();
    try (RecordCursor cursor = reader.scanPrefix(Table.CLUSTER, prefix)) {
      while (cursor.next()) {
        pools.add(decode(ChunkKeys.poolOf(cursor.key()), cursor.value()));
      }
    }
    return pools;
  }

  public PoolId poolId() {
    return new PoolId(id);
  }

  public boolean isCoded() {
    return poolId().isCoded();
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
