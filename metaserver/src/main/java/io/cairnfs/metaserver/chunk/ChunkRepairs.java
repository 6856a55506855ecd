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
      confirm(ChunkTable.require(transaction, id), server);
    }
    return counts;
  }

  /** What it may have had to delete is what it is to have. */
  private void confirm(ChunkRecord chunk, int server) {
    RepairTable.remove(transaction, chunk.id(), server);
    if (SlotTable.of(transaction, chunk.id()).isAnswerable(server, chunk)) {
      GarbageTable.removeDelete(transaction, chunk.id(), server);
    } else {
      // The cursor has not come to the chunk: only this says that the joiner has it.
      GarbageTable.addDelete(transaction, chunk.id(), server);
    }
  }

  /**
   * The server itself found that it has no good replica.
   *
   * @return false if it shall not have one and nobody counts on one, or the chunk is not sealed
   */
  public boolean needed(ChunkId id, int server) {
    ChunkRecord chunk = ChunkTable.find(transaction, id).filter(ChunkRecord::isSealed).orElse(null);
    if (chunk == null || ServerTable.isGone(transaction, server)) {
      return false;
    }
    boolean isMember = SlotTable.members(transaction, chunk).contains(server);
    boolean isHolder = GarbageTable.isGoodHolder(transaction, id, server);
    if (isHolder) {
      GarbageTable.addDoubtfulDelete(transaction, id, server);
    }
    if (isMember) {
      RepairTable.renew(transaction, id, server);
    }
    return isMember || isHolder;
  }
}
