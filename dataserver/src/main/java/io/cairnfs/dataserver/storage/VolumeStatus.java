package io.cairnfs.dataserver.storage;

/**
 * What a volume says of itself.
 *
 * @param availableBytes what new replicas may still take: free space less the reserve, or what the
 *     quota leaves
 * @param latency how long the disk took in the last whole window
 * @param failed a force or write failed: its replicas are not served
 */
public record VolumeStatus(
    String volumeId,
    String directory,
    long capacityBytes,
    long usedBytes,
    long availableBytes,
    VolumeLatency latency,
    boolean failed) {}
