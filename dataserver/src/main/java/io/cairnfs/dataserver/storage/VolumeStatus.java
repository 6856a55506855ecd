package io.cairnfs.dataserver.storage;

import io.cairnfs.common.id.StorageClass;

/**
 * What a volume says of itself.
 *
 * @param availableBytes what new replicas may still take: free space less the reserve, or what the
 *     quota leaves
 * @param latency how long the disk took in the last whole window
 * @param storage what its operator calls it
 * @param failed a force or write failed: its replicas are not served
 */
public record VolumeStatus(
    String volumeId,
    String directory,
    long capacityBytes,
    long usedBytes,
    long availableBytes,
    VolumeLatency latency,
    StorageClass storage,
    boolean failed) {}
