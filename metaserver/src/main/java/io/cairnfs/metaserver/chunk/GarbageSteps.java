package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The collector's bounded steps: from unreferenced chunk to nothing. */
public final class GarbageSteps {
  private final NamespaceEditor namespace;
  private final Transaction transaction;

  public GarbageSteps(NamespaceEditor namespace) {
    this.namespace = namespace;
    this.transaction = namespace.transaction();
  }

  /**
   * Tells holders to delete chunks whose grace is over, lets servers go of slots they left, and
   * forgets what servers that are out still had to do.
   *
   * @param graceMillis of logged time since the chunk became garbage
   * @return records handled; fewer than the limit means that nothing is left
   */
  public int release(int limit, long graceMillis) {
    long until = transaction.counter(Counter.TICK_MILLIS) - graceMillis;
    int handled = 0;
    for (GarbageTable.Waiting waiting : GarbageTable.waiting(transaction, until, limit)) {
      GarbageTable.endWaiting(transaction, waiting);
      release(ChunkTable.require(transaction, waiting.chunk()));
      handled++;
    }
    if (handled < limit) {
      handled += LetGo.step(namespace, limit - handled);
    }
    if (handled < limit) {
      handled += forgetGone(limit - handled);
    }
    return handled;
  }

  /** Garbage waits for logged time to pass. */
  public static boolean isTimeAwaited(RecordReader reader) {
    return !GarbageTable.waiting(reader, Long.MAX_VALUE, 1).isEmpty();
  }

  /** {@link #release} would find something to do. */
  public static boolean hasWork(RecordReader reader, long graceMillis) {
    long until = Counter.TICK_MILLIS.in(reader) - graceMillis;
    return !GarbageTable.waiting(reader, until, 1).isEmpty()
        || LetGo.isAny(reader)
        || ServerTable.all(reader).stream()
            .filter(ServerRecord::isOut)
            .map(server -> ServerTotals.of(reader, server.id()))
            .anyMatch(totals -> totals.repairs() + totals.deletes() > 0);
  }

  private void release(ChunkRecord chunk) {
    LetGo.hurry(namespace, chunk);
    Set<Integer> holders = new LinkedHashSet<>(chunk.pipeline());
    SlotRecord slot = SlotTable.of(transaction, chunk.id());
    // Members of any position: a lower replication may have left replicas behind.
    holders.addAll(chunk.id().isCell() ? slot.members(chunk) : slot.members(Positions.ALL));
    for (int server : holders) {
      if (!ServerTable.isGone(transaction, server)) {
        GarbageTable.addDelete(transaction, chunk.id(), server);
      }
    }
    deleteIfGone(chunk);
  }

  /** The row goes with its last holder. */
  private void deleteIfGone(ChunkRecord chunk) {
    if (GarbageTable.holders(transaction, chunk.id()).isEmpty()
        && !GarbageTable.isWaiting(transaction, chunk)) {
      ChunkTable.delete(transaction, chunk);
    }
  }

  /** The server has deleted its replicas of these. */
  public void done(int server, Collection<ChunkId> chunks) {
    for (ChunkId id : chunks) {
      if (GarbageTable.isBeingDeleted(transaction, id, server)) {
        GarbageTable.removeDelete(transaction, id, server);
        ChunkTable.find(transaction, id)
            .filter(ChunkRecord::isGarbage)
            .ifPresent(this::deleteIfGone);
      }
    }
  }

  private int forgetGone(int limit) {
    int handled = 0;
    for (ServerRecord server : ServerTable.all(transaction)) {
      if (!server.isOut() || handled >= limit) {
        continue;
      }
      List<ChunkId> deletes = GarbageTable.deletesOf(transaction, server.id(), limit - handled);
      done(server.id(), deletes);
      handled += deletes.size();
      List<RepairTable.Entry> entries =
          RepairTable.ofServer(transaction, server.id(), limit - handled);
      for (RepairTable.Entry entry : entries) {
        RepairTable.remove(transaction, entry.chunk(), server.id());
      }
      handled += entries.size();
    }
    return handled;
  }
}
