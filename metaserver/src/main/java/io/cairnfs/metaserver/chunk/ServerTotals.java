package io.cairnfs.metaserver.chunk;

import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;

/**
 * What a data server has still to do.
 *
 * @param repairs chunks that it lacks
 * @param deletes chunks that it shall delete
 */
public record ServerTotals(long repairs, long deletes) {
  private static final int FORMAT = 1;

  /** The totals of a server; zero for an unknown one. */
  public static ServerTotals of(RecordReader reader, int server) {
    return reader
        .get(Table.CLUSTER, ChunkKeys.serverTotal(server))
        .map(ServerTotals::decode)
        .orElse(new ServerTotals(0, 0));
  }

  static void add(Transaction transaction, int server, int repairs, int deletes) {
    ServerTotals before = of(transaction, server);
    ServerTotals after = new ServerTotals(before.repairs + repairs, before.deletes + deletes);
    if (after.repairs < 0 || after.deletes < 0) {
      throw new IllegalStateException("server=" + server + " would have " + after);
    }
    transaction.put(Table.CLUSTER, ChunkKeys.serverTotal(server), after.encode());
  }

  byte[] encode() {
    return new RecordOutput(FORMAT).writeVarint(repairs).writeVarint(deletes).toByteArray();
  }

  static ServerTotals decode(byte[] value) {
    RecordInput in = new RecordInput("server total", value, FORMAT);
    ServerTotals totals = new ServerTotals(in.readVarint(), in.readVarint());
    in.requireEnd();
    return totals;
  }
}
