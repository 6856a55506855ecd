package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The checksum of a part of a cell, made after the whole cell was verified. */
final class CutCell {
  private CutCell() {}

  /**
   * @param recorded bytes of the cell that {@code recordedCrc} covers
   * @param wanted bytes from its start to make a checksum of
   * @throws CairnException CHUNK_CORRUPT if the cell does not verify
   */
  static int checksum(
      DiskFile data, ChunkId chunk, int cell, int recorded, int recordedCrc, int wanted)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(recorded);
    ReplicaRead.readFully(data, bytes, DataFileHeader.BYTES + (long) cell * Cells.SIZE);
    int found = Crc32c.of(bytes.array(), 0, recorded);
    if (found != recordedCrc) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          String.format(
              "%s cell at %d has checksum %08x, expected %08x",
              chunk, (long) cell * Cells.SIZE, found, recordedCrc));
    }
    return Crc32c.of(bytes.array(), 0, wanted);
  }

  /** What a reader is told when the disk cannot read: this replica is no good. */
  static CairnException readRefusal(ChunkId chunk, IOException cause) {
    if (cause instanceof CairnException own) {
      return own;
    }
    return new CairnException(ErrorCode.CHUNK_CORRUPT, chunk + " cannot be read: " + cause, cause);
  }
}
