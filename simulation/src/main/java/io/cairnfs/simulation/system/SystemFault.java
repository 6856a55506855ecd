package io.cairnfs.simulation.system;

/** What goes wrong with processes other than metaservers, and with the network between all. */
enum SystemFault {
  /** One process hears nobody and is heard by nobody. */
  NODE_ISOLATED,
  /** It is heard, or hears, but not both. */
  NODE_DEAF_OR_MUTE,
  HALVES,
  /** Two halves that only one process can reach both of. */
  BRIDGE,
  /** Each process reaches its neighbours only. */
  RING,
  DATA_SERVER_KILLED,
  DATA_SERVER_POWER_LOST,
  DATA_SERVERS_POWER_LOST_EVERYWHERE,
  DATA_SERVER_PAUSED,
  DATA_DISK_SLOW,
  DATA_DISK_FULL,
  DATA_FORCE_FAILED,
  DATA_BIT_FLIPPED,
  SERVER_STRUCK_OUT,
  SERVER_DRAINED,
  SERVER_JOINED,
  CLIENT_KILLED,
  CLIENT_PAUSED,
  WALL_CLOCK_JUMPED
}
