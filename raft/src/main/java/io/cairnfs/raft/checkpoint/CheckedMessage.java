package io.cairnfs.raft.checkpoint;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A small file of one message behind magic, version and checksum. */
final class CheckedMessage {
  static final int POINTER_MAGIC = 0x43524350; // CRCP
  static final int MANIFEST_MAGIC = 0x4352434D; // CRCM

  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 16;
  private static final int CHECKED_OFFSET = 12;
  private static final int MAX_BYTES = 64 << 20;

  private CheckedMessage() {}

  /** Writes and forces a new file; its name is durable once the directory is forced. */
  static void create(Disk disk, String name, int magic, MessageLite message) throws IOException {
    byte[] content = message.toByteArray();
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + content.length);
    bytes.putInt(magic).putInt(VERSION).putInt(0).putInt(content.length).put(content);
    bytes.putInt(8, Crc32c.of(bytes.array(), CHECKED_OFFSET, bytes.capacity() - CHECKED_OFFSET));
    try (DiskFile file = disk.open(name, Disk.OpenMode.CREATE)) {
      file.write(bytes.flip(), 0);
      file.force();
    }
  }

  static <T> T read(Disk disk, String name, int magic, Parser<T> parser) throws IOException {
    String where = disk.describe(name);
    ByteBuffer bytes;
    try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
      long size = file.size();
      if (size < HEADER_BYTES || size > MAX_BYTES) {
        throw new CorruptionException(
            where, 0, HEADER_BYTES + " to " + MAX_BYTES + " bytes", size + " bytes");
      }
      bytes = ByteBuffer.allocate((int) size);
      file.read(bytes, 0);
    }
    if (bytes.getInt(0) != magic) {
      throw new CorruptionException(where, 0, "magic " + hex(magic), hex(bytes.getInt(0)));
    }
    int version = bytes.getInt(4);
    if (version != VERSION) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          where
              + ": format version "
              + version
              + (version > VERSION ? " is newer" : " is older")
              + " than "
              + VERSION
              + ", the one this software knows");
    }
    int crc = Crc32c.of(bytes.array(), CHECKED_OFFSET, bytes.capacity() - CHECKED_OFFSET);
    if (crc != bytes.getInt(8) || bytes.getInt(12) != bytes.capacity() - HEADER_BYTES) {
      throw new CorruptionException(where, 8, "CRC " + hex(bytes.getInt(8)), hex(crc));
    }
    try {
      return parser.parseFrom(bytes.array(), HEADER_BYTES, bytes.getInt(12));
    } catch (InvalidProtocolBufferException e) {
      throw new CairnException(ErrorCode.CORRUPT, where + ": " + e.getMessage(), e);
    }
  }

  private static String hex(int value) {
    return String.format("%08x", value);
  }
}
