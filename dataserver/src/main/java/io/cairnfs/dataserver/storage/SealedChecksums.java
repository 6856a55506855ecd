package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import java.nio.ByteBuffer;

/** Header of the checksum file of a SEALED replica; its layout is in the package's description. */
record SealedChecksums(ChunkId chunk, int epoch, long length) {
  static final int HEADER_BYTES = 64;
  static final long MAGIC = 0x434149524E53554DL;
  static final int VERSION = 1;
  private static final int CHECKED_BYTES = 32;

  /** The whole file. */
  ByteBuffer encode(int[] cells) {
    if (cells.length < Cells.count(length)) {
      throw new IllegalArgumentException(cells.length + " cells for " + length + " bytes");
    }
    int count = Cells.count(length);
    ByteBuffer file = ByteBuffer.allocate(HEADER_BYTES + 4 * count);
    file.putLong(MAGIC).putInt(VERSION).putLong(chunk.value()).putInt(epoch).putLong(length);
    file.putInt(Crc32c.of(file.array(), 0, CHECKED_BYTES));
    file.position(HEADER_BYTES);
    for (int i = 0; i < count; i++) {
      file.putInt(cells[i]);
    }
    return file.rewind();
  }

  static SealedChecksums decode(ByteBuffer header, String file) throws CairnException {
    FileHeaders.require(header, CHECKED_BYTES, MAGIC, VERSION, file);
    return new SealedChecksums(
        new ChunkId(header.getLong(12)), header.getInt(20), header.getLong(24));
  }
}
