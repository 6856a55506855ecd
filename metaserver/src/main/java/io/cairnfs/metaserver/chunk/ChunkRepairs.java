package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.Transaction;
import java.util.OptionalLong;

/** Replicas that were found missing, and those that were made good. */
public final class ChunkRepairs {
  private final Transaction transaction;

  public ChunkRepairs(Transaction transaction) {
    this.transaction = transaction;
  }

  /**
   * The server has a good replica of the chunk: clears the entry that the copy was made for, and
   * nothing else.
   *
   * @param since of that entry
   * @param length of the replica: must be the sealed length
   * @return true if an entry was cleared
   */
  public boolean done(ChunkId id, int server, long since, long length) {
    OptionalLong entry = RepairTable.since(transaction, id, server);
    boolean counts =
        entry.isPresent()
            && entry.getAsLong() == since
            && ChunkTable.find(transaction, id)
                .filter(chunk -> chunk.isSealed() && chunk.length() == length)
                .isPresent();
    if (counts) {
      RepairTable.remove(transaction, id, server);
    }
    return counts;
  }

  /**
   * The server itself found that it has no good replica.
   *
   * @return false if it shall not have one, or the chunk is not sealed
   */
  public boolean needed(ChunkId id, int server) {
    boolean counts =
        ChunkTable.find(transaction, id)
            .filter(ChunkRecord::isSealed)
            .filter(chunk -> SlotTable.members(transaction, chunk).contains(server))
            .isPresent();
    boolean isGone = ServerTable.isGone(transaction, server);
    if (counts && !isGone) {
      RepairTable.renew(transaction, id, server);
    }
    return counts && !isGone;
  }
}
