package io.cairnfs.metaserver.chunk;

import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.placement.RingServer;
import io.cairnfs.metaserver.placement.SlotMap;
import io.cairnfs.metaserver.placement.TargetPlanner;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

  /** Servers, weights or racks changed: every slot's target follows. */
  public void retarget() {
    PoolRecord pool = poolOrNew();
    List<ServerRecord> servers = ServerTable.all(transaction);
    if (servers.isEmpty()) {
      return;
    }
    pool.put(transaction);
    List<SlotRecord> slots = new ArrayList<>(pool.slots());
    int[][] previous = new int[pool.slots()][];
    for (int slot = 0; slot < pool.slots(); slot++) {
      SlotRecord record = SlotTable.get(transaction, pool.id(), slot);
      slots.add(record);
      previous[slot] = record.target().stream().mapToInt(Integer::intValue).toArray();
    }
    SlotMap targets =
        TargetPlanner.next(pool.id(), SlotMap.of(previous), ring(servers, pool), pool.width());
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

  private PoolRecord poolOrNew() {
    return PoolRecord.find(transaction, PoolRecord.REPLICATED)
        .orElseGet(
            () -> {
              ClusterRecord cluster = ClusterRecord.find(transaction).orElseThrow();
              return new PoolRecord(
                  PoolRecord.REPLICATED, cluster.poolSlots(), cluster.defaultReplication());
            });
  }

  private boolean hasChunks() {
    return transaction.counter(Counter.CHUNKS_OPEN)
            + transaction.counter(Counter.CHUNKS_SETTLING)
            + transaction.counter(Counter.CHUNKS_SEALED)
            + transaction.counter(Counter.CHUNKS_GARBAGE)
        > 0;
  }

  /** Servers being emptied still count where too few others are in: a drain then waits for more. */
  private static List<RingServer> ring(List<ServerRecord> servers, PoolRecord pool) {
    List<RingServer> ring = new ArrayList<>();
    for (ServerRecord server : servers) {
      if (server.isInRing()) {
        ring.add(new RingServer(server.id(), server.weight(), server.rack()));
      }
    }
    for (ServerRecord server : servers) {
      if (server.membership() == ServerMembership.DRAINING && ring.size() < pool.width()) {
        ring.add(new RingServer(server.id(), server.weight(), server.rack()));
      }
    }
    return ring;
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
    PoolRecord pool = PoolRecord.find(transaction, PoolRecord.REPLICATED).orElse(null);
    if (pool != null && replication > pool.width()) {
      new PoolRecord(pool.id(), pool.slots(), replication).put(transaction);
      retarget();
    }
  }
}
