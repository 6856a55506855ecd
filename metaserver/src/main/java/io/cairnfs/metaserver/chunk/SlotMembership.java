package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.placement.RingServer;
import io.cairnfs.metaserver.placement.SlotMap;
import io.cairnfs.metaserver.placement.TargetPlanner;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Who serves the slots, as servers come, go and change their weight. Reads logged state only: who
 * is up plays no part.
 *
 * <p>A slot without any chunk takes its target at once; another one is moved position by position:
 * a join begins, its cursor passes every chunk of the slot and leaves repair entries for the
 * joiner, and when none is left the joiner is promoted.
 */
public final class SlotMembership {
  private final Transaction transaction;

  public SlotMembership(Transaction transaction) {
    this.transaction = transaction;
  }

  /** Servers, weights or racks changed: the targets of all slots follow. */
  public void retarget() {
    List<ServerRecord> servers = ServerTable.all(transaction);
    if (servers.isEmpty()) {
      return;
    }
    if (PoolRecord.find(transaction, PoolRecord.REPLICATED).isEmpty()) {
      newPool(PoolId.REPLICATED).put(transaction);
    }
    for (PoolRecord pool : PoolRecord.all(transaction)) {
      retarget(pool, servers);
    }
  }

  private PoolRecord newPool(PoolId id) {
    ClusterRecord cluster = ClusterRecord.find(transaction).orElseThrow();
    int width =
        id.policy()
            .map(CodingPolicy::cells)
            .orElseGet(
                () ->
                    PoolRecord.find(transaction, PoolRecord.REPLICATED)
                        .map(PoolRecord::width)
                        .orElse(cluster.defaultReplication()));
    return new PoolRecord(id.value(), cluster.poolSlots(), width);
  }

  /**
   * A pool that is needed from now on gets its slots, and they their members.
   *
   * @return false if it exists already
   * @throws CairnException INVALID_ARGUMENT for a number that says no scheme that is known here
   */
  public boolean addPool(int number) throws CairnException {
    if (number < 0 || number > ChunkId.MAX_POOL || !isKnown(new PoolId(number))) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "pool " + number + " has no scheme that is known here");
    }
    if (PoolRecord.find(transaction, number).isPresent()) {
      return false;
    }
    PoolRecord pool = newPool(new PoolId(number));
    pool.put(transaction);
    retarget(pool, ServerTable.all(transaction));
    return true;
  }

  /** Known, and not with bits of a version to come. */
  private static boolean isKnown(PoolId pool) {
    PoolId known =
        pool.policy()
            .map(policy -> PoolId.coded(policy, pool.storageClass()))
            .orElse(PoolId.replicated(pool.storageClass()));
    return known.equals(pool);
  }

  private void retarget(PoolRecord pool, List<ServerRecord> servers) {
    List<SlotRecord> slots = new ArrayList<>(pool.slots());
    int[][] previous = new int[pool.slots()][];
    for (int slot = 0; slot < pool.slots(); slot++) {
      SlotRecord record = SlotTable.get(transaction, pool.id(), slot);
      slots.add(record);
      previous[slot] = record.target().stream().mapToInt(Integer::intValue).toArray();
    }
    SlotMap map = SlotMap.of(previous);
    List<RingServer> ring = ring(servers, pool, map);
    if (pool.poolId().storageClass() != StorageClass.ANY && ring.isEmpty()) {
      // Nobody has such volumes, or nobody any more: there is nowhere else to go.
      return;
    }
    if (pool.isCoded() && ring.size() < pool.width()) {
      // It has never had enough servers: a stripe needs all of its positions.
      return;
    }
    SlotMap targets = TargetPlanner.next(pool.id(), map, ring, pool.width());
    boolean noChunks = !hasChunks();
    for (SlotRecord record : slots) {
      List<Integer> target = new ArrayList<>();
      for (int server : targets.members(record.slot())) {
        target.add(server);
      }
      boolean empty = noChunks || ChunkTable.isSlotEmpty(transaction, pool.id(), record.slot());
      SlotRecord after = empty ? takenAtOnce(record, target) : aimed(record, target);
      if (!after.equals(record)) {
        SlotTable.put(transaction, after);
      }
    }
  }

  private boolean hasChunks() {
    return transaction.counter(Counter.CHUNKS_OPEN)
            + transaction.counter(Counter.CHUNKS_SETTLING)
            + transaction.counter(Counter.CHUNKS_SEALED)
            + transaction.counter(Counter.CHUNKS_GARBAGE)
        > 0;
  }

  /**
   * Servers being emptied still count where too few others are in: a drain then waits for more. Of
   * a coded pool those that are out do, too, where they were: nobody moves to another position, and
   * the next one to come takes theirs.
   */
  private static List<RingServer> ring(
      List<ServerRecord> servers, PoolRecord pool, SlotMap previous) {
    List<RingServer> ring = new ArrayList<>();
    for (ServerRecord server : servers) {
      if (server.isInRing()) {
        addTo(ring, server, pool);
      }
    }
    for (ServerRecord server : servers) {
      if (server.membership() == ServerMembership.DRAINING && ring.size() < pool.width()) {
        addTo(ring, server, pool);
      }
    }
    if (pool.isCoded() && ring.size() < pool.width()) {
      servers.stream()
          .filter(server -> server.isOut() && previous.load(server.id()) > 0)
          .sorted(
              Comparator.comparingInt((ServerRecord server) -> -previous.load(server.id()))
                  .thenComparing(Comparator.comparingInt(ServerRecord::id).reversed()))
          .limit(pool.width() - ring.size())
          .forEach(server -> addTo(ring, server, pool));
    }
    return ring;
  }

  private static void addTo(List<RingServer> ring, ServerRecord server, PoolRecord pool) {
    OptionalInt weight = weightIn(server, pool.poolId().storageClass());
    if (weight.isPresent()) {
      ring.add(new RingServer(server.id(), weight.getAsInt(), server.rack()));
    }
  }

  /** Its weight among the servers that have volumes of a class; empty where it has none. */
  private static OptionalInt weightIn(ServerRecord server, StorageClass storage) {
    return server.has(storage) ? OptionalInt.of(server.weightIn(storage)) : OptionalInt.empty();
  }

  private static SlotRecord takenAtOnce(SlotRecord record, List<Integer> target) {
    SlotRecord aimed = record.withTarget(target);
    return record.acting().equals(target) && record.joining().isEmpty()
        ? aimed
        : aimed.next(target, Optional.empty());
  }

  /** The slot with its new target; a join that leads elsewhere ends, and servers struck out go. */
  private SlotRecord aimed(SlotRecord record, List<Integer> planned) {
    List<Integer> target = aligned(planned, record.acting());
    SlotRecord aimed = record.withTarget(target);
    Optional<SlotJoin> joining = record.joining();
    if (joining.isPresent()) {
      int position = joining.get().position();
      int server = joining.get().server();
      if (position >= target.size() || target.get(position) != server) {
        // Also where it serves another position: what this one holds is more.
        LetGo.begin(transaction, record, joining.get());
        joining = Optional.empty();
      }
    }
    List<Integer> acting = new ArrayList<>(record.acting());
    if (joining.isEmpty()) {
      trim(transaction, acting, target);
    }
    boolean same = acting.equals(record.acting()) && joining.equals(record.joining());
    return same ? aimed : aimed.next(acting, joining);
  }

  /** Last members that are out, and that nobody is to replace, go. */
  static void trim(RecordReader reader, List<Integer> acting, List<Integer> target) {
    for (int last = acting.size() - 1; last >= target.size(); last--) {
      int server = acting.get(last);
      if (target.contains(server) || !ServerTable.isGone(reader, server)) {
        return;
      }
      acting.remove(last);
    }
  }

  /** The planned members, those that are acting already at their acting positions. */
  private static List<Integer> aligned(List<Integer> planned, List<Integer> acting) {
    Integer[] target = new Integer[planned.size()];
    List<Integer> others = new ArrayList<>();
    for (int server : planned) {
      int position = acting.indexOf(server);
      if (position >= 0 && position < target.length) {
        target[position] = server;
      }
    }
    for (int position = 0; position < target.length; position++) {
      int server = planned.get(position);
      int at = acting.indexOf(server);
      if (at >= 0 && at < target.length) {
        continue;
      }
      if (target[position] == null) {
        target[position] = server;
      } else {
        others.add(server);
      }
    }
    for (int position = 0; position < target.length; position++) {
      if (target[position] == null) {
        target[position] = others.remove(0);
      }
    }
    return List.of(target);
  }

  /** Makes room for a replication that is larger than any before. */
  public void widen(int replication) {
    for (PoolRecord pool : PoolRecord.all(transaction)) {
      if (!pool.isCoded() && replication > pool.width()) {
        PoolRecord wider = new PoolRecord(pool.id(), pool.slots(), replication);
        wider.put(transaction);
        retarget(wider, ServerTable.all(transaction));
      }
    }
  }
}
