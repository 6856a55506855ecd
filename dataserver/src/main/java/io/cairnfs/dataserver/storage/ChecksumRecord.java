package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import java.nio.ByteBuffer;

/** Header and records of the checksum file of a replica that is not SEALED. */
final class ChecksumRecord {
  static final int HEADER_BYTES = 32;
  static final int BYTES = 16;
  static final short CELL = 1;
  static final short EPOCH = 2;
  static final long MAGIC = 0x434149524E4C4F47L;
  static final int VERSION = 1;
  private static final int CHECKED_HEADER_BYTES = 20;
  private static final int CHECKED_BYTES = 12;

  private ChecksumRecord() {}

  static ByteBuffer encodeHeader(ChunkId chunk) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.putLong(MAGIC).putInt(VERSION).putLong(chunk.value());
    header.putInt(Crc32c.of(header.array(), 0, CHECKED_HEADER_BYTES));
    return header.rewind();
  }

  static ChunkId decodeHeader(ByteBuffer header, String file) throws CairnException {
    FileHeaders.require(header, CHECKED_HEADER_BYTES, MAGIC, VERSION, file);
    return new ChunkId(header.getLong(12));
  }

  static void putCell(ByteBuffer target, int cell, int covered, int crc) {
    put(target, CELL, covered, cell, crc);
  }

  static void putEpoch(ByteBuffer target, int epoch) {
    put(target, EPOCH, 0, epoch, 0);
  }

  private static void put(ByteBuffer target, short kind, int covered, int number, int crc) {
    int start = target.position();
    target.putShort(kind).putShort((short) covered).putInt(number).putInt(crc);
    target.putInt(Crc32c.of(target.slice(start, CHECKED_BYTES)));
  }

  /** Whether the record at the index of the buffer was written whole. */
  static boolean isValid(ByteBuffer records, int at) {
    short kind = records.getShort(at);
    if (kind != CELL && kind != EPOCH) {
      return false;
    }
    if (records.getInt(at + CHECKED_BYTES) != Crc32c.of(records.slice(at, CHECKED_BYTES))) {
      return false;
    }
    int covered = records.getShort(at + 2);
    return kind == EPOCH || (covered > 0 && covered <= Cells.SIZE && records.getInt(at + 4) >= 0);
  }
}
