package io.cairnfs.metaserver.leader;

import java.time.Duration;

/**
 * How eagerly files are coded.
 *
 * @param minAge a file is left alone for so long after its last change
 * @param cellBytes of a cell at most, a multiple of 1 MiB
 * @param underWay stripes that are made at once; 0 = none
 * @param pass how often all trees that have a policy are looked through, at most
 * @param rest nothing is begun for so long after something failed; twice as long each time
 * @param patience a stripe that takes longer is given up
 */
public record CodingOptions(
    Duration minAge,
    long cellBytes,
    int underWay,
    Duration pass,
    Duration rest,
    Duration patience) {
  private static final Duration LONGEST_PASS = Duration.ofMinutes(10);
  private static final Duration SHORTEST_PASS = Duration.ofSeconds(1);

  /** As configured; the shorter the age the more often somebody looks. */
  public static CodingOptions of(Duration minAge, long cellBytes) {
    Duration part = minAge.dividedBy(6);
    Duration pass = part.compareTo(LONGEST_PASS) > 0 ? LONGEST_PASS : part;
    return new CodingOptions(
        minAge,
        cellBytes,
        2,
        pass.compareTo(SHORTEST_PASS) < 0 ? SHORTEST_PASS : pass,
        Duration.ofSeconds(5),
        Duration.ofMinutes(10));
  }

  boolean isOff() {
    return underWay == 0;
  }
}
