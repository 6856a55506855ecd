package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkRepairs;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.SlotDigests;
import io.cairnfs.metaserver.chunk.SlotDigests.Digest;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.command.ReplicaFound;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
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

  private record Part(int pool, int slot, int group) {}

  /**
   * Slots of which the server does not hold just the sealed chunks that it should: in the digest
   * what it should have. A server that has more than it should (what it has not deleted yet, or
   * what it brought along when it came back as a new server) differs, too.
   */
  public List<SlotDigest> mismatches(int server, Collection<SlotDigest> reported) {
    Map<Part, SlotDigest> own = new LinkedHashMap<>();
    for (SlotDigest digest : reported) {
      own.put(new Part(digest.getPool(), digest.getSlot(), digest.getReplication()), digest);
    }
    List<SlotDigest> mismatches = new ArrayList<>();
    Map<Integer, Integer> slots = new HashMap<>();
    for (PoolRecord pool : PoolRecord.all(state)) {
      slots.put(pool.id(), pool.slots());
      for (int slot = 0; slot < pool.slots(); slot++) {
        for (int group : SlotDigests.ofSlot(state, pool.id(), slot).keySet()) {
          Digest expected = SlotDigests.expected(state, server, pool.id(), slot, group);
          Part part = new Part(pool.id(), slot, group);
          if (!isEqual(own.remove(part), expected)) {
            mismatches.add(digest(part, expected));
          }
        }
      }
    }
    // Of the rest nobody has a sealed chunk any more.
    own.forEach(
        (part, found) -> {
          if (found.getCount() > 0 && part.slot() < slots.getOrDefault(part.pool(), 0)) {
            mismatches.add(digest(part, Digest.NONE));
          }
        });
    return mismatches;
  }

  private static boolean isEqual(SlotDigest found, Digest expected) {
    return found == null
        ? expected.count() == 0
        : found.getSum() == expected.sum() && found.getCount() == expected.count();
  }

  private static SlotDigest digest(Part part, Digest expected) {
    return SlotDigest.newBuilder()
        .setPool(part.pool())
        .setSlot(part.slot())
        .setReplication(part.group())
        .setSum(expected.sum())
        .setCount(expected.count())
        .build();
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

  /**
   * Replicas of which no record says that the server has them: ReplicasFound is to be proposed.
   *
   * @param listed SEALED ones as they are; others only if they are not too short
   */
  public List<ReplicaFound> unknown(int server, Collection<ReplicaReport> listed) {
    List<ReplicaFound> unknown = new ArrayList<>();
    for (ReplicaReport replica : listed) {
      ChunkRecord chunk = ChunkTable.find(state, new ChunkId(replica.getChunk())).orElse(null);
      if (chunk == null || !ChunkRepairs.isUnknown(state, chunk, server)) {
        continue;
      }
      boolean sealed = replica.getState() == ReplicaState.REPLICA_SEALED;
      if (sealed || replica.getLength() >= chunk.length()) {
        unknown.add(
            ReplicaFound.newBuilder()
                .setChunk(replica.getChunk())
                .setLength(sealed ? replica.getLength() : chunk.length())
                .build());
      }
    }
    return unknown;
  }

  /**
   * Chunks that are still open and that the server took part in, of which it does not have what is
   * committed: it lost them with the power, or was not reached yet. RepairNeeded is to be proposed
   * for each.
   *
   * @param unsealed all that it has
   */
  public List<ChunkId> missingOpen(int server, Collection<ReplicaReport> unsealed) {
    Map<Long, Long> lengths = new HashMap<>();
    for (ReplicaReport replica : unsealed) {
      lengths.put(replica.getChunk(), replica.getLength());
    }
    List<ChunkId> missing = new ArrayList<>();
    for (ChunkRecord chunk : ChunkTable.unsealed(state)) {
      boolean has = lengths.getOrDefault(chunk.id().value(), -1L) >= chunk.length();
      if (!has && chunk.pipeline().contains(server) && ChunkRepairs.isNews(state, chunk, server)) {
        missing.add(chunk.id());
      }
    }
    return missing;
  }

  private boolean shallHave(ChunkRecord chunk, int server) {
    return chunk.isSealed()
        && SlotTable.of(state, chunk.id()).isAnswerable(server, chunk)
        && RepairTable.since(state, chunk.id(), server).isEmpty();
  }
}
