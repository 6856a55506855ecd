package io.cairnfs.bench.mount;

import java.time.Duration;

/**
 * How much each workload does.
 *
 * @param streamMebibytes of the sequential file
 * @param randomMebibytes of the file that is read and written at random
 * @param randomTime after which random reads and writes end
 * @param appends records of 4 KiB, each with an fsync
 * @param files small ones of 4 KiB, of all processes together
 * @param listed entries of the directory that is listed
 * @param treeFiles of the source tree
 * @param transactions of SQLite
 */
record Sizes(
    int streamMebibytes,
    int randomMebibytes,
    Duration randomTime,
    int appends,
    int files,
    int listed,
    int treeFiles,
    int transactions) {
  /** Those of the table. */
  static final Sizes FULL =
      new Sizes(1024, 256, Duration.ofSeconds(10), 1_000, 5_000, 10_000, 2_000, 1_000);

  /** Those of a round of the warm-up. */
  static final Sizes WARM_UP =
      new Sizes(256, 64, Duration.ofSeconds(2), 500, 2_000, 2_000, 500, 200);
}
