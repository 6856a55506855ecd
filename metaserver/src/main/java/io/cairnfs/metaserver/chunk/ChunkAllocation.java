package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.types.ChunkState;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the rows of new chunks, before their first byte. The leader chose the slots and stamped who
 * of their members was up; ids and members come from the state.
 */
public final class ChunkAllocation {
  /** Chunks that a session may have open at once. */
  static final int MAX_OPEN = 1024;

  private final Transaction transaction;
  private final long session;

  public ChunkAllocation(Transaction transaction, SessionId session) {
    this(transaction, session.value());
  }

  private ChunkAllocation(Transaction transaction, long session) {
    this.transaction = transaction;
    this.session = session;
  }

  /** Of chunks that no session writes. */
  static ChunkAllocation ofNobody(Transaction transaction) {
    return new ChunkAllocation(transaction, ChunkRecord.NO_SESSION);
  }

  /**
   * @throws CairnException BUSY when the session would have too many open chunks
   */
  public void requireRoom(int count) throws CairnException {
    int open = ChunkTable.countOpen(transaction, session, MAX_OPEN);
    if (open + count > MAX_OPEN) {
      throw new CairnException(
          ErrorCode.BUSY,
          "session="
              + session
              + " has "
              + open
              + " open chunks; at most "
              + MAX_OPEN
              + " are possible");
    }
  }

  /**
   * @param poolNumber a replicated pool
   * @param inode the file it is for, 0 = SHARED
   * @param chosen servers that were up, in pipeline order; those that are no members any more are
   *     left out
   * @param minReplicas fewest members that are enough
   * @throws CairnException INVALID_ARGUMENT for a coded pool; RETRY when the slot's members changed
   *     so much meanwhile that too few of the chosen ones are left
   */
  public ChunkRecord allocate(
      int poolNumber,
      long inode,
      int slotNumber,
      List<Integer> chosen,
      int replication,
      long maxLength,
      int minReplicas)
      throws CairnException {
    PoolRecord pool =
        PoolRecord.find(transaction, poolNumber)
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.TOO_FEW_SERVERS,
                        poolNumber == PoolRecord.REPLICATED
                            ? "no data server is registered"
                            : "pool " + poolNumber + " is not there"));
    if (pool.isCoded()) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, pool.poolId() + " is coded");
    }
    if (slotNumber < 0 || slotNumber >= pool.slots()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "slot " + slotNumber + " outside 0.." + (pool.slots() - 1));
    }
    SlotRecord slot = SlotTable.get(transaction, pool.id(), slotNumber);
    List<Integer> writers = slot.writers();
    List<Integer> possible = writers.subList(0, Math.min(replication, writers.size()));
    List<Integer> pipeline = new ArrayList<>();
    for (int server : chosen) {
      boolean usable = possible.contains(server) && !ServerTable.isGone(transaction, server);
      if (usable && !pipeline.contains(server)) {
        pipeline.add(server);
      }
    }
    int needed = Math.max(1, Math.min(Math.min(minReplicas, replication), serversIn(pool)));
    if (pipeline.size() < needed) {
      throw new CairnException(
          ErrorCode.RETRY,
          "slot "
              + slotNumber
              + " is served by "
              + writers
              + " now, of which "
              + pipeline
              + " were up; "
              + needed
              + " are needed");
    }
    long counter = transaction.nextId(Counter.CHUNK_COUNTER);
    return ChunkTable.put(
        transaction,
        new ChunkRecord(
            ChunkId.of(pool.id(), slotNumber, counter),
            ChunkState.OPEN,
            1,
            replication,
            0,
            maxLength,
            session,
            inode,
            false,
            false,
            pipeline,
            transaction.index(),
            0));
  }

  private int serversIn(PoolRecord pool) {
    return (int)
        ServerTable.all(transaction).stream()
            .filter(server -> !server.isOut() && server.has(pool.poolId().storageClass()))
            .count();
  }
}
