package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.SlotDigests;
import io.cairnfs.metaserver.chunk.SlotDigests.Digest;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares what a data server says it holds with what it should hold: by digest for every slot, by
 * list for a slot whose digest differs.
 */
public final class InventoryCheck {
  private static final int PAGE = 1024;

  private final RecordReader state;

  public InventoryCheck(RecordReader state) {
    this.state = state;
  }

  private record Part(int slot, int replication) {}

  /**
   * Slots of which the server should hold sealed chunks and does not hold just these: in the digest
   * what it should have. A server that has more than it should (what it has not deleted yet)
   * differs, too.
   */
  public List<SlotDigest> mismatches(int server, Collection<SlotDigest> reported) {
    Map<Part, SlotDigest> own = new HashMap<>();
    for (SlotDigest digest : reported) {
      if (digest.getPool() == PoolRecord.REPLICATED) {
        own.put(new Part(digest.getSlot(), digest.getReplication()), digest);
      }
    }
    List<SlotDigest> mismatches = new ArrayList<>();
    int slots = PoolRecord.find(state, PoolRecord.REPLICATED).map(PoolRecord::slots).orElse(0);
    for (int slot = 0; slot < slots; slot++) {
      for (int replication : SlotDigests.ofSlot(state, PoolRecord.REPLICATED, slot).keySet()) {
        Digest expected =
            SlotDigests.expected(state, server, PoolRecord.REPLICATED, slot, replication);
        SlotDigest found =
            own.getOrDefault(new Part(slot, replication), SlotDigest.getDefaultInstance());
        boolean equal = found.getSum() == expected.sum() && found.getCount() == expected.count();
        if (expected.count() > 0 && !equal) {
          mismatches.add(
              SlotDigest.newBuilder()
                  .setPool(PoolRecord.REPLICATED)
                  .setSlot(slot)
                  .setReplication(replication)
                  .setSum(expected.sum())
                  .setCount(expected.count())
                  .build());
        }
      }
    }
    return mismatches;
  }

  /**
   * Sealed chunks that the server shall have, is not known to lack, and does not list, or lists
   * with another length: RepairNeeded is to be proposed for each.
   *
   * @param page replicas in id order, all that lie behind {@code after} up to its last one (or to
   *     the slot's end)
   */
  public List<ChunkId> missing(SlotInventoryRequest page) {
    Map<Long, Long> lengths = new HashMap<>();
    long last = page.getAfter();
    for (ReplicaReport replica : page.getReplicasList()) {
      lengths.put(replica.getChunk(), replica.getLength());
      last = Math.max(last, replica.getChunk());
    }
    List<ChunkId> missing = new ArrayList<>();
    long cursor = page.getAfter();
    while (true) {
      List<ChunkRecord> chunks =
          ChunkTable.inSlot(state, page.getPool(), page.getSlot(), cursor, PAGE);
      for (ChunkRecord chunk : chunks) {
        cursor = chunk.id().value();
        if (!page.getLast() && cursor > last) {
          return missing;
        }
        boolean listed = lengths.getOrDefault(cursor, -1L) == chunk.length();
        if (!listed && shallHave(chunk, page.getServer())) {
          missing.add(chunk.id());
        }
      }
      if (chunks.size() < PAGE) {
        return missing;
      }
    }
  }

  private boolean shallHave(ChunkRecord chunk, int server) {
    return chunk.isSealed()
        && SlotTable.of(state, chunk.id()).isAnswerable(server, chunk)
        && RepairTable.since(state, chunk.id(), server).isEmpty();
  }
}
