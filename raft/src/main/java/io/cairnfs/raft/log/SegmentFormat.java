package io.cairnfs.raft.log;

import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.CRC32C;

/** Bytes of records, as the package's tables have them. */
final class SegmentFormat {
  /** A whole page, so that the header never shares a sector with a record. */
  static final int HEADER_BYTES = 4096;

  static final int SEGMENT_MAGIC = 0x43524C53; // CRLS
  static final int RECORD_MAGIC = 0x43524C52; // CRLR
  static final int RECORD_HEADER_BYTES = 40;
  static final int ALIGNMENT = 8;
  static final byte MARK = 127;

  private static final int CRC_OFFSET = 4;
  private static final int CHECKED_OFFSET = 8;
  private static final int LENGTH_OFFSET = 8;
  private static final int KIND_OFFSET = 12;
  private static final int TERM_OFFSET = 16;
  private static final int INDEX_OFFSET = 24;
  private static final int FORCED_OFFSET = 32;

  private SegmentFormat() {}

  /** Everything of a record but its payload. */
  record Header(int length, byte kind, long term, long index, long forced) {
    boolean isMark() {
      return kind == MARK;
    }

    int recordBytes() {
      return SegmentFormat.recordBytes(length);
    }
  }

  /** Bytes that a record with such a payload takes. */
  static int recordBytes(int payloadLength) {
    int bytes = RECORD_HEADER_BYTES + payloadLength;
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  static void putEntry(ByteBuffer target, LogEntry entry, long forced, long salt) {
    int start = target.position();
    byte[] payload = entry.payload();
    putHeader(
        target, payload.length, (byte) entry.kind().number(), entry.term(), entry.index(), forced);
    target.put(payload);
    finish(target, start, payload.length, salt);
  }

  static void putMark(ByteBuffer target, long term, long index, long forced, long salt) {
    int start = target.position();
    putHeader(target, 0, MARK, term, index, forced);
    finish(target, start, 0, salt);
  }

  private static void putHeader(
      ByteBuffer target, int length, byte kind, long term, long index, long forced) {
    target.putInt(RECORD_MAGIC).putInt(0).putInt(length).put(kind);
    target.put((byte) 0).put((byte) 0).put((byte) 0);
    target.putLong(term).putLong(index).putLong(forced);
  }

  private static void finish(ByteBuffer target, int start, int length, long salt) {
    int end = start + recordBytes(length);
    while (target.position() < end) {
      target.put((byte) 0);
    }
    target.putInt(start + CRC_OFFSET, checksum(target, start, length, salt));
  }

  private static int checksum(ByteBuffer bytes, int start, int length, long salt) {
    CRC32C crc = new CRC32C();
    for (int shift = 56; shift >= 0; shift -= 8) {
      crc.update((int) (salt >>> shift) & 0xFF);
    }
    crc.update(
        bytes
            .duplicate()
            .limit(start + RECORD_HEADER_BYTES + length)
            .position(start + CHECKED_OFFSET));
    return (int) crc.getValue();
  }

  /** The length field of what may be a record; nothing about it is checked. */
  static int lengthAt(ByteBuffer bytes, int start) {
    return bytes.getInt(start + LENGTH_OFFSET);
  }

  static boolean hasMagic(ByteBuffer bytes, int start) {
    return bytes.getInt(start) == RECORD_MAGIC;
  }

  /**
   * The record at {@code start}, if all its bytes lie before the limit and its checksum holds under
   * the salt.
   */
  static Optional<Header> decode(ByteBuffer bytes, int start, long salt) {
    if (bytes.limit() - start < RECORD_HEADER_BYTES || !hasMagic(bytes, start)) {
      return Optional.empty();
    }
    int length = lengthAt(bytes, start);
    if (length < 0 || length > bytes.limit() - start - RECORD_HEADER_BYTES) {
      return Optional.empty();
    }
    if (bytes.getInt(start + CRC_OFFSET) != checksum(bytes, start, length, salt)) {
      return Optional.empty();
    }
    return Optional.of(
        new Header(
            length,
            bytes.get(start + KIND_OFFSET),
            bytes.getLong(start + TERM_OFFSET),
            bytes.getLong(start + INDEX_OFFSET),
            bytes.getLong(start + FORCED_OFFSET)));
  }

  /** The length field, if a record of that length could lie in so many bytes. */
  static OptionalInt plausibleLength(ByteBuffer bytes, int start, int room) {
    if (bytes.limit() - start < RECORD_HEADER_BYTES) {
      return OptionalInt.empty();
    }
    int length = lengthAt(bytes, start);
    return length < 0 || length > room - RECORD_HEADER_BYTES
        ? OptionalInt.empty()
        : OptionalInt.of(length);
  }

  /** What is at a place where a valid record should be, for an operator. */
  static String describe(ByteBuffer bytes, int start, long salt) {
    int left = bytes.limit() - start;
    if (left < RECORD_HEADER_BYTES) {
      return "the end of the segment";
    }
    if (!hasMagic(bytes, start)) {
      return "magic " + hex(bytes.getInt(start)) + " instead of " + hex(RECORD_MAGIC);
    }
    int length = lengthAt(bytes, start);
    if (length < 0 || length > left - RECORD_HEADER_BYTES) {
      return "a payload of " + length + " bytes";
    }
    String crc = hex(bytes.getInt(start + CRC_OFFSET));
    String computed = hex(checksum(bytes, start, length, salt));
    return crc.equals(computed)
        ? "a record of index " + bytes.getLong(start + INDEX_OFFSET)
        : "a record whose CRC says " + crc + " and is " + computed;
  }

  private static String hex(int value) {
    return String.format("%08x", value);
  }

  /** The entry of a record that is no mark, whose payload follows at the position. */
  static LogEntry getEntry(Header header, ByteBuffer bytes, int start) {
    byte[] payload = new byte[header.length()];
    bytes.get(start + RECORD_HEADER_BYTES, payload);
    return new LogEntry(header.index(), header.term(), EntryKind.ofNumber(header.kind()), payload);
  }
}
