package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.command.ReplicaFound;
import java.util.List;
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
   * The server itself found that it has no good replica: a member gets one, and what another one
   * has is deleted. Of a chunk that is not sealed only who took part in it is believed.
   *
   * @return false if nothing was to be noted
   */
  public boolean needed(ChunkId id, int server) {
    ChunkRecord chunk = ChunkTable.find(transaction, id).orElse(null);
    if (chunk == null
        || ServerTable.isGone(transaction, server)
        || (chunk.isUnsealed() && !chunk.pipeline().contains(server))) {
      return false;
    }
    boolean isMember = !chunk.isGarbage() && SlotTable.members(transaction, chunk).contains(server);
    boolean isNews =
        GarbageTable.isGoodHolder(transaction, id, server)
            || (!isMember && !GarbageTable.isBeingDeleted(transaction, id, server));
    if (isNews) {
      GarbageTable.addDoubtfulDelete(transaction, id, server);
    }
    if (isMember) {
      RepairTable.renew(transaction, id, server);
    }
    return isMember || isNews;
  }

  /** {@link #needed} would note something that is not known yet. */
  public static boolean isNews(RecordReader reader, ChunkRecord chunk, int server) {
    boolean isMember = !chunk.isGarbage() && SlotTable.members(reader, chunk).contains(server);
    boolean isKnown =
        isMember
            ? RepairTable.since(reader, chunk.id(), server).isPresent()
            : GarbageTable.isBeingDeleted(reader, chunk.id(), server);
    return !isKnown || GarbageTable.isGoodHolder(reader, chunk.id(), server);
  }

  /**
   * A server has sealed replicas of which nobody knew, as one has that was struck out and came back
   * as a new server: what is as long as it should be counts as a replica that is to be deleted once
   * it is not needed, anything else as one that is no good.
   *
   * @return true if any was news
   */
  public boolean found(int server, List<ReplicaFound> replicas) {
    boolean any = false;
    for (ReplicaFound replica : replicas) {
      ChunkRecord chunk =
          ChunkTable.find(transaction, new ChunkId(replica.getChunk())).orElse(null);
      if (chunk != null
          && !ServerTable.isGone(transaction, server)
          && isUnknown(transaction, chunk, server)) {
        if (chunk.isSealed() && replica.getLength() == chunk.length()) {
          GarbageTable.addDelete(transaction, chunk.id(), server);
        } else {
          GarbageTable.addDoubtfulDelete(transaction, chunk.id(), server);
        }
        any = true;
      }
    }
    return any;
  }

  /** No record says that the server may have a replica of the chunk, which is written no more. */
  public static boolean isUnknown(RecordReader reader, ChunkRecord chunk, int server) {
    if (chunk.isUnsealed() || GarbageTable.isBeingDeleted(reader, chunk.id(), server)) {
      return false;
    }
    return chunk.isGarbage()
        || chunk.isLost()
        || !SlotTable.of(reader, chunk.id()).isAnswerable(server, chunk);
  }
}
