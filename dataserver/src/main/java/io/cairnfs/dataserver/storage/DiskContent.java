package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.id.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** What a disk gave of a replica, whatever its checksum file says. Immutable. */
public final class DiskContent {
  private final int[] cells;
  private final int checksum;

  public DiskContent(int[] cells, int checksum) {
    this.cells = cells.clone();
    this.checksum = checksum;
  }

  /** CRC-32C of each cell. */
  public int[] cells() {
    return cells.clone();
  }

  /** CRC-32C of all bytes. */
  public int checksum() {
    return checksum;
  }

  /**
   * Reads the first {@code length} bytes of a replica's data file.
   *
   * @throws io.cairnfs.common.error.CairnException CHUNK_CORRUPT if there are fewer
   */
  static DiskContent read(
      ChunkId chunk, DiskFile data, long length, ScratchBuffers scratch, ReadPace pace)
      throws IOException {
    int[] cells = new int[Cells.count(length)];
    CRC32C whole = new CRC32C();
    ByteBuffer buffer = scratch.take(ScratchBuffers.BYTES);
    try {
      for (long at = 0; at < length; at += ScratchBuffers.BYTES) {
        int bytes = (int) Math.min(ScratchBuffers.BYTES, length - at);
        pace.beforeRead(bytes);
        buffer.clear().limit(bytes);
        ReplicaRead.readFully(data, buffer, DataFileHeader.BYTES + at);
        whole.update(buffer.flip());
        for (int from = 0; from < bytes; from += Cells.SIZE) {
          int cell = Cells.indexOf(at + from);
          cells[cell] = Crc32c.of(buffer.slice(from, Cells.bytesIn(cell, length)));
        }
      }
    } catch (IOException e) {
      throw CutCell.readRefusal(chunk, e);
    } finally {
      scratch.give(buffer);
    }
    return new DiskContent(cells, (int) whole.getValue());
  }
}
