package io.cairnfs.raft.simulation;

import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Which faults a seed meets, and how often relative to one another. */
public enum Scenario {
  /** One of the others, drawn by the seed. */
  MIXED,
  /** Everything, evenly. */
  EVERYTHING,
  NETWORK,
  CRASHES,
  DISKS,
  MEMBERS,
  /** Elections and reads while a leader is cut off, handed over from, or its voters restart. */
  LEASES;

  Scenario resolve(RandomGenerator random) {
    return this == MIXED ? values()[1 + random.nextInt(values().length - 1)] : this;
  }

  FaultKind draw(RandomGenerator random) {
    Map<FaultKind, Integer> weights = weights();
    int total = weights.values().stream().mapToInt(Integer::intValue).sum();
    int at = random.nextInt(total);
    for (Map.Entry<FaultKind, Integer> entry : weights.entrySet()) {
      at -= entry.getValue();
      if (at < 0) {
        return entry.getKey();
      }
    }
    throw new IllegalStateException("weights of " + this + " do not add up");
  }

  private Map<FaultKind, Integer> weights() {
    Map<FaultKind, Integer> weights = new EnumMap<>(FaultKind.class);
    for (FaultKind kind : FaultKind.values()) {
      weights.put(kind, 2);
    }
    switch (this) {
      case MIXED, EVERYTHING -> {}
      case NETWORK ->
          more(
              weights,
              FaultKind.PARTITION,
              FaultKind.LEADER_ISOLATED,
              FaultKind.ONE_WAY_PARTITION,
              FaultKind.LINK_CUT,
              FaultKind.LOSS_BURST,
              FaultKind.DUPLICATION_BURST,
              FaultKind.REORDERING_BURST,
              FaultKind.DELAY_BURST);
      case CRASHES ->
          more(
              weights,
              FaultKind.PROCESS_KILLED,
              FaultKind.POWER_LOST,
              FaultKind.POWER_LOST_EVERYWHERE,
              FaultKind.PROCESS_PAUSED,
              FaultKind.LEADER_ISOLATED);
      case DISKS ->
          more(
              weights,
              FaultKind.POWER_LOST,
              FaultKind.POWER_LOST_EVERYWHERE,
              FaultKind.DISK_SLOW,
              FaultKind.DISK_FULL,
              FaultKind.FORCE_FAILED,
              FaultKind.BIT_FLIPPED);
      case MEMBERS ->
          more(
              weights,
              FaultKind.MEMBERSHIP_CHANGED,
              FaultKind.MEMBERSHIP_CHANGED,
              FaultKind.LEADER_ISOLATED,
              FaultKind.LEADERSHIP_TRANSFERRED,
              FaultKind.PROCESS_KILLED);
      case LEASES ->
          more(
              weights,
              FaultKind.VOTERS_RESTARTED_WITHIN_LEASE,
              FaultKind.LEADER_ISOLATED,
              FaultKind.LINK_CUT,
              FaultKind.PROCESS_KILLED,
              FaultKind.LEADERSHIP_TRANSFERRED,
              FaultKind.MACHINE_SUSPENDED,
              FaultKind.DELAY_BURST);
    }
    return weights;
  }

  private static void more(Map<FaultKind, Integer> weights, FaultKind... kinds) {
    for (FaultKind kind : kinds) {
      weights.merge(kind, 12, Integer::sum);
    }
  }
}
