package io.cairnfs.client.write;

import java.time.Duration;

/**
 * How files are written.
 *
 * @param packetBytes largest packet
 * @param windowBytes unacknowledged bytes of one stream
 * @param stallTimeout silence of a pipeline's first member while packets are outstanding, after
 *     which it is given up
 * @param sharedFileBytes whole content up to this size goes into shared chunks; at most a packet
 * @param sharedStreams shared chunks of one replication open at once
 * @param timeout the longest wait without any progress
 */
public record WriteOptions(
    int packetBytes,
    long windowBytes,
    Duration stallTimeout,
    int sharedFileBytes,
    int sharedStreams,
    Duration timeout) {
  public WriteOptions {
    if (sharedFileBytes > packetBytes) {
      throw new IllegalArgumentException(
          "sharedFileBytes " + sharedFileBytes + " is more than packetBytes " + packetBytes);
    }
  }
}
