package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import java.nio.ByteBuffer;

/** The first 4 KiB of a data file; its layout is in the package's description. */
record DataFileHeader(ChunkId chunk, int epoch, long maxLength) {
  static final int BYTES = 4096;
  static final long MAGIC = 0x434149524E444154L;
  static final int VERSION = 1;
  private static final int CHECKED_BYTES = 32;

  ByteBuffer encode() {
    ByteBuffer header = ByteBuffer.allocate(BYTES);
    header.putLong(MAGIC).putInt(VERSION).putLong(chunk.value()).putInt(epoch).putLong(maxLength);
    header.putInt(Crc32c.of(header.array(), 0, CHECKED_BYTES));
    return header.rewind();
  }

  /** Whether the bytes read are what a creation leaves that a crash cut short. */
  static boolean isUnwritten(ByteBuffer header) {
    for (int i = header.position(); i < header.limit(); i++) {
      if (header.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  static DataFileHeader decode(ByteBuffer header, String file) throws CairnException {
    FileHeaders.require(header, CHECKED_BYTES, MAGIC, VERSION, file);
    return new DataFileHeader(
        new ChunkId(header.getLong(12)), header.getInt(20), header.getLong(24));
  }
}
