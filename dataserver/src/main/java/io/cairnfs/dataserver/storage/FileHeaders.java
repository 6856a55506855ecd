package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import java.nio.ByteBuffer;

/** What all headers of chunk files share: magic, version, fields, checksum of these. */
final class FileHeaders {
  /** Where the checksum of both kinds of headers of SEALED replicas ends. */
  private static final int CHECKED_END = 36;

  private FileHeaders() {}

  /** Throws unless the buffer starts with a header of this kind. */
  static void require(ByteBuffer header, int checkedBytes, long magic, int version, String file)
      throws CairnException {
    if (header.remaining() < checkedBytes + 4) {
      throw new CorruptionException(
          file, 0, "a header of " + (checkedBytes + 4) + " bytes", header.remaining() + " bytes");
    }
    if (header.getLong(0) != magic) {
      throw new CorruptionException(file, 0, hex(magic), hex(header.getLong(0)));
    }
    int crc = Crc32c.of(header.slice(0, checkedBytes));
    if (header.getInt(checkedBytes) != crc) {
      throw new CorruptionException(
          file, checkedBytes, "CRC " + hex(crc), "CRC " + hex(header.getInt(checkedBytes)));
    }
    if (header.getInt(8) != version) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          file
              + ": format version "
              + header.getInt(8)
              + (header.getInt(8) > version ? " is newer than " : " is older than ")
              + version
              + ", which this software reads");
    }
  }

  /** Throws unless everything behind the fields and their checksum is zero. */
  static void requireZeros(ByteBuffer header, String file) throws CorruptionException {
    for (int at = CHECKED_END; at < header.limit(); at++) {
      if (header.get(at) != 0) {
        throw new CorruptionException(file, at, "zeros", "byte " + (header.get(at) & 0xff));
      }
    }
  }

  static void requireChunk(ChunkId expected, ChunkId found, String file)
      throws CorruptionException {
    if (!expected.equals(found)) {
      throw new CorruptionException(file, 12, expected.toString(), found.toString());
    }
  }

  private static String hex(long value) {
    return String.format("%016x", value);
  }

  private static String hex(int value) {
    return String.format("%08x", value);
  }
}
