package io.cairnfs.simulation.system;

import io.cairnfs.raft.simulation.FaultKind;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Which faults a seed meets. */
public enum SystemScenario {
  /** One of the others, drawn by the seed. */
  MIXED,
  EVERYTHING,
  NETWORK,
  METASERVERS,
  DATA_SERVERS,
  DISKS,
  /** Servers come, go and are emptied. */
  SERVERS,
  CLIENTS,
  /** As CLIENTS, with clients that lock; never drawn, so that other seeds stay what they are. */
  LOCKS,
  /** As EVERYTHING, with files that several clients write; never drawn either. */
  SHARED_FILES,
  /** As SHARED_FILES, with files that are compacted; never drawn either. */
  COMPACTION;

  private static final int DRAWN = 7;

  SystemScenario resolve(RandomGenerator random) {
    return this == MIXED ? values()[1 + random.nextInt(DRAWN)] : this;
  }

  /** A fault of metaservers or of the whole system. */
  Enum<?> draw(RandomGenerator random) {
    List<Enum<?>> kinds = new ArrayList<>();
    switch (this) {
      case MIXED, EVERYTHING, SHARED_FILES, COMPACTION -> {
        kinds.addAll(List.of(FaultKind.values()));
        kinds.addAll(List.of(SystemFault.values()));
      }
      case NETWORK ->
          kinds.addAll(
              List.of(
                  FaultKind.PARTITION,
                  FaultKind.LEADER_ISOLATED,
                  FaultKind.LOSS_BURST,
                  FaultKind.DUPLICATION_BURST,
                  FaultKind.REORDERING_BURST,
                  FaultKind.DELAY_BURST,
                  SystemFault.NODE_ISOLATED,
                  SystemFault.NODE_ISOLATED,
                  SystemFault.NODE_DEAF_OR_MUTE,
                  SystemFault.NODE_DEAF_OR_MUTE,
                  SystemFault.HALVES,
                  SystemFault.BRIDGE,
                  SystemFault.RING));
      case METASERVERS -> {
        kinds.addAll(List.of(FaultKind.values()));
        kinds.add(SystemFault.WALL_CLOCK_JUMPED);
      }
      case DATA_SERVERS ->
          kinds.addAll(
              List.of(
                  SystemFault.DATA_SERVER_KILLED,
                  SystemFault.DATA_SERVER_KILLED,
                  SystemFault.DATA_SERVER_POWER_LOST,
                  SystemFault.DATA_SERVER_PAUSED,
                  SystemFault.DATA_SERVER_PAUSED,
                  SystemFault.DATA_SERVERS_POWER_LOST_EVERYWHERE,
                  SystemFault.NODE_ISOLATED,
                  FaultKind.PROCESS_KILLED));
      case DISKS ->
          kinds.addAll(
              List.of(
                  SystemFault.DATA_DISK_SLOW,
                  SystemFault.DATA_DISK_FULL,
                  SystemFault.DATA_FORCE_FAILED,
                  SystemFault.DATA_BIT_FLIPPED,
                  SystemFault.DATA_BIT_FLIPPED,
                  SystemFault.DATA_SERVER_POWER_LOST,
                  FaultKind.POWER_LOST,
                  FaultKind.POWER_LOST_EVERYWHERE,
                  FaultKind.DISK_FULL,
                  FaultKind.DISK_SLOW,
                  FaultKind.FORCE_FAILED,
                  FaultKind.BIT_FLIPPED));
      case SERVERS ->
          kinds.addAll(
              List.of(
                  SystemFault.SERVER_STRUCK_OUT,
                  SystemFault.SERVER_DRAINED,
                  SystemFault.SERVER_JOINED,
                  SystemFault.DATA_SERVER_KILLED,
                  FaultKind.LEADER_ISOLATED,
                  FaultKind.PROCESS_KILLED,
                  FaultKind.MEMBERSHIP_CHANGED));
      case CLIENTS, LOCKS ->
          kinds.addAll(
              List.of(
                  SystemFault.CLIENT_KILLED,
                  SystemFault.CLIENT_KILLED,
                  SystemFault.CLIENT_PAUSED,
                  SystemFault.DATA_SERVER_KILLED,
                  SystemFault.NODE_ISOLATED,
                  FaultKind.LEADER_ISOLATED,
                  FaultKind.LEADERSHIP_TRANSFERRED,
                  FaultKind.PROCESS_KILLED));
    }
    return kinds.get(random.nextInt(kinds.size()));
  }
}
