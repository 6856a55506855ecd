package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.id.ChunkId;
import java.io.IOException;
import java.util.Map;

/** Where the scrubber is, in the file {@code SCRUB} of the server's directory. */
public final class ScrubCursor {
  private static final String FILE = "SCRUB";
  private static final String MAGIC = "cairn-scrub";
  private static final int VERSION = 1;
  private static final String AFTER = "after";

  private ScrubCursor() {}

  /** The last replica that was read; chunk 0 = start at the beginning. */
  public static ChunkId read(Disk disk) throws IOException {
    if (!disk.exists(FILE)) {
      return new ChunkId(0);
    }
    Map<String, String> values =
        TextRecord.decode(TextRecord.read(disk, FILE), MAGIC, VERSION, disk.describe(FILE));
    try {
      return new ChunkId(Long.parseUnsignedLong(values.getOrDefault(AFTER, "0"), 16));
    } catch (NumberFormatException e) {
      throw new CorruptionException(disk.describe(FILE), 0, "a chunk id", values.get(AFTER));
    }
  }

  public static void write(Disk disk, ChunkId after) throws IOException {
    TextRecord.replace(
        disk, FILE, TextRecord.encode(MAGIC, VERSION, Map.of(AFTER, ReplicaPath.hex(after))));
  }
}
