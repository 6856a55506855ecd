package io.cairnfs.raft.simulation;

/** What can go wrong, or be asked for at a bad moment. */
public enum FaultKind {
  /** The members fall into two halves. */
  PARTITION,
  /** The leader is cut off from all others. */
  LEADER_ISOLATED,
  /** One member hears nobody, or nobody hears it. */
  ONE_WAY_PARTITION,
  /** One link is cut, in both directions. */
  LINK_CUT,
  LOSS_BURST,
  DUPLICATION_BURST,
  REORDERING_BURST,
  /** Messages take up to a second. */
  DELAY_BURST,
  PROCESS_KILLED,
  POWER_LOST,
  /** All members at once. */
  POWER_LOST_EVERYWHERE,
  /** The process stops for a while and goes on; its clock ran. */
  PROCESS_PAUSED,
  /** The machine stops for a while and goes on; its monotonic clock did not run. */
  MACHINE_SUSPENDED,
  DISK_SLOW,
  DISK_FULL,
  FORCE_FAILED,
  BIT_FLIPPED,
  /** A leader is cut off from one follower, and the others restart within its lease. */
  VOTERS_RESTARTED_WITHIN_LEASE,
  LEADERSHIP_TRANSFERRED,
  MEMBERSHIP_CHANGED
}
