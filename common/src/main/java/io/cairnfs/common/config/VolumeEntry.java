package io.cairnfs.common.config;

import io.cairnfs.common.id.StorageClass;
import java.nio.file.Path;

/**
 * A volume as the configuration names it, HDFS' way: {@code [ssd]/data/disk1}, {@code
 * [archive]/data/disk2}, or {@code /data/disk3}, which is a disk.
 *
 * @param storage SSD, DISK or ARCHIVE
 */
public record VolumeEntry(Path directory, StorageClass storage) {
  /** A configured volume before its directory is resolved. */
  record Tagged(String directory, StorageClass storage) {}

  /**
   * Takes the tag off.
   *
   * @throws IllegalArgumentException for a tag that names no class, and for no directory behind one
   */
  static Tagged parse(String text) {
    String trimmed = text.trim();
    if (!trimmed.startsWith("[")) {
      return new Tagged(trimmed, StorageClass.DISK);
    }
    int end = trimmed.indexOf(']');
    String tag = end < 0 ? trimmed : trimmed.substring(1, end).trim();
    StorageClass storage =
        StorageClass.ofLabel(tag)
            .filter(named -> end > 0 && named != StorageClass.ANY)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "volume '"
                            + text
                            + "' is of no class that is known: [ssd], [disk] or [archive] may stand"
                            + " before its directory"));
    String directory = trimmed.substring(end + 1).trim();
    if (directory.isEmpty()) {
      throw new IllegalArgumentException("volume '" + text + "' has no directory");
    }
    return new Tagged(directory, storage);
  }
}
