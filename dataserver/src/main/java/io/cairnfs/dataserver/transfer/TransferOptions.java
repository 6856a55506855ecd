package io.cairnfs.dataserver.transfer;

import java.time.Duration;

/**
 * Bounds of chunk streams.
 *
 * @param packetTimeout silence of the next member, while something is outstanding there, after
 *     which it counts as failed; stretched when its signs of life have come slowly all along
 * @param diskTimeout how long this member's own disk may take for one append or force
 * @param lifeInterval between signs of life to the member in front
 * @param windowBytes bytes of one stream that are not fully acknowledged before it is no longer
 *     read from
 * @param budgetBytes the same for all streams together; each may have one packet all the same
 * @param diskThreads threads that append, force and read
 */
public record TransferOptions(
    Duration packetTimeout,
    Duration diskTimeout,
    Duration lifeInterval,
    int windowBytes,
    long budgetBytes,
    int diskThreads) {
  /** For production: 700 ms, 10 s, 150 ms, 8 MiB a stream, 64 MiB in all, 4 threads. */
  public static final TransferOptions DEFAULT =
      new TransferOptions(
          Duration.ofMillis(700),
          Duration.ofSeconds(10),
          Duration.ofMillis(150),
          8 << 20,
          64 << 20,
          4);

  public TransferOptions withPacketTimeout(Duration timeout) {
    return new TransferOptions(
        timeout, diskTimeout, lifeInterval, windowBytes, budgetBytes, diskThreads);
  }

  public TransferOptions withWindow(int bytes) {
    return new TransferOptions(
        packetTimeout, diskTimeout, lifeInterval, bytes, budgetBytes, diskThreads);
  }

  public TransferOptions withDiskTimeout(Duration timeout) {
    return new TransferOptions(
        packetTimeout, timeout, lifeInterval, windowBytes, budgetBytes, diskThreads);
  }
}
