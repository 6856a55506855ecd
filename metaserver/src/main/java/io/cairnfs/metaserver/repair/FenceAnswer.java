package io.cairnfs.metaserver.repair;

/**
 * What a fenced member said of its replica.
 *
 * @param exists it has one
 * @param validLength longest prefix whose checksums verify; 0 without a replica
 * @param isContinuous it has not restarted since it opened the replica, and no append failed: it
 *     has every byte that was ever acknowledged
 */
public record FenceAnswer(int server, boolean exists, long validLength, boolean isContinuous) {}
