package io.cairnfs.simulation.chaos;

import java.util.Locale;

/** What kind of faults a run has. */
enum Schedule {
  /** Processes are killed and frozen. */
  KILL,
  /** Links are cut, in both directions or one; connections are slow, late, doubled, torn. */
  PARTITION,
  /** Disks lose power with what was not forced to them. */
  POWER,
  /** Disks are full; bytes on them change. */
  DAMAGE;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
