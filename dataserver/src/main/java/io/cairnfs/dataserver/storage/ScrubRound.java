package io.cairnfs.dataserver.storage;

/**
 * One walk of the scrubber through all SEALED replicas, or what has been done of it.
 *
 * @param startedMillis wall time, milliseconds since the epoch
 * @param endedMillis 0 while it is under way
 * @param bytes read, of both files of each replica
 * @param bad replicas that were found bad
 */
public record ScrubRound(
    long startedMillis, long endedMillis, long replicas, long bytes, long bad) {
  public static ScrubRound begin(long nowMillis) {
    return new ScrubRound(nowMillis, 0, 0, 0, 0);
  }

  public ScrubRound with(long moreBytes, boolean isBad) {
    return new ScrubRound(
        startedMillis, endedMillis, replicas + 1, bytes + moreBytes, bad + (isBad ? 1 : 0));
  }

  public ScrubRound endedAt(long nowMillis) {
    return new ScrubRound(startedMillis, nowMillis, replicas, bytes, bad);
  }
}
