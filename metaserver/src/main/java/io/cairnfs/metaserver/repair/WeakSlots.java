package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotRecord;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.HashSet;
import java.util.Set;

/**
 * Slots of which one member is left of three or more, so that the next one to die would take the
 * last replica along; of a code with two parity cells or more, as many as it has data cells. Slots
 * of two members are none: there, every restart would leave one.
 */
public final class WeakSlots {
  private static final int LEAST_MEMBERS = 3;

  private WeakSlots() {}

  /** Those of the servers that are missing from such a slot. Looks at every slot once. */
  public static Set<Integer> missing(RecordReader state, Set<Integer> down) {
    Set<Integer> missing = new HashSet<>();
    if (down.size() >= LEAST_MEMBERS - 1) {
      for (PoolRecord pool : PoolRecord.all(state)) {
        if (!pool.isCoded() || canReplace(state, pool, down)) {
          addMissing(state, pool, down, missing);
        }
      }
    }
    return missing;
  }

  /** A coded slot has another member in place of a lost one only if there is one to take. */
  private static boolean canReplace(RecordReader state, PoolRecord pool, Set<Integer> down) {
    return ServerTable.all(state).stream()
            .filter(server -> server.isInRing() && !down.contains(server.id()))
            .count()
        >= pool.width();
  }

  private static void addMissing(
      RecordReader state, PoolRecord pool, Set<Integer> down, Set<Integer> missing) {
    int needed = pool.poolId().policy().map(CodingPolicy::dataCells).orElse(1);
    for (int number = 0; number < pool.slots() && missing.size() < down.size(); number++) {
      SlotRecord slot = SlotTable.get(state, pool.id(), number);
      long up = slot.acting().stream().filter(member -> !down.contains(member)).count();
      if (slot.acting().size() >= needed + LEAST_MEMBERS - 1 && up == needed) {
        slot.acting().stream().filter(down::contains).forEach(missing::add);
      }
    }
  }
}
