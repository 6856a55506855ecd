package io.cairnfs.dataserver.storage;

/**
 * Bounds of a volume.
 *
 * @param quotaBytes what Cairn may use on it; 0 = all there is but the reserve
 * @param reserveBytes free space of the disk that Cairn leaves alone, so that seals and fences find
 *     room
 */
public record VolumeOptions(long quotaBytes, long reserveBytes) {
  public VolumeOptions {
    if (quotaBytes < 0 || reserveBytes < 0) {
      throw new IllegalArgumentException("quota " + quotaBytes + ", reserve " + reserveBytes);
    }
  }
}
