package io.cairnfs.dataserver.storage;

import io.cairnfs.common.id.StorageClass;

/**
 * Bounds of a volume, and what its operator calls it.
 *
 * @param quotaBytes what Cairn may use on it; 0 = all there is but the reserve
 * @param reserveBytes free space of the disk that Cairn leaves alone, so that seals and fences find
 *     room
 * @param storage SSD, DISK or ARCHIVE: chunks of pools of another class do not come here
 */
public record VolumeOptions(long quotaBytes, long reserveBytes, StorageClass storage) {
  public VolumeOptions {
    if (storage == StorageClass.ANY) {
      throw new IllegalArgumentException("a volume is of one class");
    }
    if (quotaBytes < 0 || reserveBytes < 0) {
      throw new IllegalArgumentException("quota " + quotaBytes + ", reserve " + reserveBytes);
    }
  }

  /** A disk. */
  public VolumeOptions(long quotaBytes, long reserveBytes) {
    this(quotaBytes, reserveBytes, StorageClass.DISK);
  }
}
