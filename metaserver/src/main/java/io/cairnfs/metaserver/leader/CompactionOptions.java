package io.cairnfs.metaserver.leader;

import io.cairnfs.metaserver.repair.CompactionPlanner.Limits;
import java.time.Duration;

/**
 * How eagerly files are compacted.
 *
 * @param limits an average of 0 = never
 * @param rest a file is left alone for so long after it was noticed that it changed
 * @param pass how often all files are looked at, at most
 * @param underWay copies that are made at once
 * @param patience a copy that takes longer is given up
 * @param mostExtents of a file: beyond, commits of its shared writers have to wait
 */
public record CompactionOptions(
    Limits limits, Duration rest, Duration pass, int underWay, Duration patience, int mostExtents) {

  /** With a given average length of extents. */
  public static CompactionOptions of(long averageBytes) {
    return new CompactionOptions(
        Limits.of(averageBytes),
        Duration.ofSeconds(5),
        Duration.ofMinutes(10),
        8,
        Duration.ofMinutes(2),
        1_000_000);
  }

  boolean isOff() {
    return limits.averageBytes() == 0;
  }
}
