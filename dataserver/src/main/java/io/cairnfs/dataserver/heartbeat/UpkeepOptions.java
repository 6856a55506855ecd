package io.cairnfs.dataserver.heartbeat;

import java.time.Duration;

/**
 * How a data server looks after what it holds.
 *
 * @param scrubPeriod within which each replica is read once; zero = only when asked
 * @param scrubBytesPerSecond most bytes read a second to check replicas
 * @param quarantinePeriod how long a bad replica is kept after a good one took its place
 * @param quarantineBytes most bytes of such replicas on each volume
 * @param reconcilePeriod after which what is held is compared with the metadata; zero = only at
 *     registration and when asked
 */
public record UpkeepOptions(
    Duration scrubPeriod,
    long scrubBytesPerSecond,
    Duration quarantinePeriod,
    long quarantineBytes,
    Duration reconcilePeriod) {
  public UpkeepOptions {
    if (scrubBytesPerSecond < 1
        || quarantineBytes < 0
        || scrubPeriod.isNegative()
        || quarantinePeriod.isNegative()
        || reconcilePeriod.isNegative()) {
      throw new IllegalArgumentException(
          scrubBytesPerSecond + " bytes a second, " + quarantineBytes + " bytes in quarantine");
    }
  }
}
