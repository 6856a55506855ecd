package io.cairnfs.metaserver.chunk;

import com.google.protobuf.ByteString;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The registered data servers. */
public final class ServerTable {
  private ServerTable() {}

  public static Optional<ServerRecord> find(RecordReader reader, int server) {
    return reader
        .get(Table.CLUSTER, ChunkKeys.server(server))
        .map(value -> ServerRecord.decode(server, value));
  }

  /** All of them, those that are OUT too, by id. */
  public static List<ServerRecord> all(RecordReader reader) {
    List<ServerRecord> servers = new ArrayList<>();
    try (RecordCursor cursor = reader.scanPrefix(Table.CLUSTER, ChunkKeys.servers())) {
      while (cursor.next()) {
        servers.add(ServerRecord.decode(ChunkKeys.serverOf(cursor.key()), cursor.value()));
      }
    }
    return servers;
  }

  /** The id that a server of this nonce was given. */
  public static Optional<Integer> ofNonce(RecordReader reader, ByteString nonce) {
    return reader
        .get(Table.CLUSTER, ChunkKeys.serverNonce(nonce.toByteArray()))
        .map(value -> ByteBuffer.wrap(value).getInt());
  }

  /** True for a server that is struck out or was never known: it will never serve anything. */
  public static boolean isGone(RecordReader reader, int server) {
    return find(reader, server).map(ServerRecord::isOut).orElse(true);
  }

  /** Its id is never given again; its totals must be zero. */
  static void delete(Transaction transaction, ServerRecord server) {
    transaction.delete(Table.CLUSTER, ChunkKeys.server(server.id()));
    transaction.delete(Table.CLUSTER, ChunkKeys.serverNonce(server.nonce().toByteArray()));
    transaction.delete(Table.CLUSTER, ChunkKeys.serverTotal(server.id()));
  }

  static void put(Transaction transaction, ServerRecord server) {
    transaction.put(
        Table.CLUSTER, ChunkKeys.server(server.id()), server.encode(transaction.index()));
    transaction.put(
        Table.CLUSTER,
        ChunkKeys.serverNonce(server.nonce().toByteArray()),
        ByteBuffer.allocate(Integer.BYTES).putInt(server.id()).array());
  }
}
