package io.cairnfs.bench.heal;

/** What happens to the data servers, in the order in which it is measured. */
enum HealEvent {
  /** One is killed and never comes back. */
  LOST,
  /** A further one is started. */
  ADDED,
  /** One is emptied, and stopped when it is empty. */
  DRAINED,
  /** Every process of the cluster is stopped and started again, one after the other. */
  ROLLING,
  /** Two are killed at once and never come back. */
  TWO
}
