package io.cairnfs.metaserver.repair;

import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.SlotRecord;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.HashSet;
import java.util.Set;

/**
 * Slots of which one member is left of three or more, so that the next one to die would take the
 * last replica along. Slots of two members are none: there, every restart would leave one.
 */
public final class WeakSlots {
  private static final int LEAST_MEMBERS = 3;

  private WeakSlots() {}

  /** Those of the servers that are missing from such a slot. Looks at every slot once. */
  public static Set<Integer> missing(RecordReader state, Set<Integer> down) {
    Set<Integer> missing = new HashSet<>();
    PoolRecord pool = PoolRecord.find(state, PoolRecord.REPLICATED).orElse(null);
    if (pool == null || down.size() < LEAST_MEMBERS - 1) {
      return missing;
    }
    for (int number = 0; number < pool.slots() && missing.size() < down.size(); number++) {
      SlotRecord slot = SlotTable.get(state, pool.id(), number);
      long up = slot.acting().stream().filter(member -> !down.contains(member)).count();
      if (slot.acting().size() >= LEAST_MEMBERS && up == 1) {
        slot.acting().stream().filter(down::contains).forEach(missing::add);
      }
    }
    return missing;
  }
}
