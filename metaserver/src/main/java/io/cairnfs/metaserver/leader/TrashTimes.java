package io.cairnfs.metaserver.leader;

import java.time.Duration;

/**
 * How long users' deleted files are kept.
 *
 * @param interval less than a millisecond = there is no trash
 * @param checkpointInterval how often all trashes are gone through; zero, or more than {@code
 *     interval}, becomes {@code interval}
 */
public record TrashTimes(Duration interval, Duration checkpointInterval) {
  /** There is no trash. */
  public static final TrashTimes OFF = new TrashTimes(Duration.ZERO, Duration.ZERO);

  public TrashTimes {
    if (interval.isNegative() || checkpointInterval.isNegative()) {
      throw new IllegalArgumentException(
          "trash is kept for " + interval + ", gone through every " + checkpointInterval);
    }
    if (checkpointInterval.isZero() || checkpointInterval.compareTo(interval) > 0) {
      checkpointInterval = interval;
    }
  }

  boolean isOff() {
    return intervalMillis() == 0;
  }

  /** 0 = there is no trash. */
  long intervalMillis() {
    return interval.toMillis();
  }

  /** Positive unless there is no trash. */
  long checkpointMillis() {
    return isOff() ? 0 : Math.max(1, checkpointInterval.toMillis());
  }
}
