package io.cairnfs.metaserver.placement;

import java.util.List;

/**
 * Where a new chunk goes: stamped on the command by the leader, checked in apply.
 *
 * @param pipeline servers in the order in which the bytes pass them, the writer's own host first
 */
public record SlotChoice(int slot, List<Integer> pipeline) {
  public SlotChoice {
    pipeline = List.copyOf(pipeline);
  }
}
