package io.cairnfs.metaserver.namespace;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what {@link RecordOutput} wrote. A value that does not fit its format means that the store
 * is damaged or was written by a newer version: {@link CorruptRecord}, which stops the process.
 */
public final class RecordInput {
  private final String what;
  private final byte[] bytes;
  private final int version;
  private int position;

  /**
   * @param what names the kind of record in the error
   * @param newest version that the caller can read
   */
  public RecordInput(String what, byte[] bytes, int newest) {
    this.what = what;
    this.bytes = bytes;
    this.version = readByte();
    if (version < 1 || version > newest) {
      throw new CorruptRecord(
          what + " record of format version " + version + "; this version reads 1 to " + newest);
    }
  }

  public int version() {
    return version;
  }

  public int readByte() {
    require(1);
    return bytes[position++] & 0xff;
  }

  public boolean readBoolean() {
    return readByte() != 0;
  }

  public long readVarint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int next = readByte();
      value |= (long) (next & 0x7f) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new CorruptRecord(what + " record with a number of more than 64 bits");
  }

  /** A varint that must fit a non-negative int. */
  public int readInt() {
    long value = readVarint();
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new CorruptRecord(what + " record with number " + value + " beyond 31 bits");
    }
    return (int) value;
  }

  public long readLong() {
    require(Long.BYTES);
    long value = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      value = (value << 8) | (bytes[position++] & 0xff);
    }
    return value;
  }

  public byte[] readBytes() {
    int length = readInt();
    require(length);
    position += length;
    return Arrays.copyOfRange(bytes, position - length, position);
  }

  public String readString() {
    int length = readInt();
    require(length);
    position += length;
    return new String(bytes, position - length, length, StandardCharsets.UTF_8);
  }

  /** Every record is read to its last byte. */
  public void requireEnd() {
    if (position != bytes.length) {
      throw new CorruptRecord(
          what + " record of " + bytes.length + " bytes, of which " + position + " have a meaning");
    }
  }

  private void require(int more) {
    if (bytes.length - position < more) {
      throw new CorruptRecord(
          what + " record of " + bytes.length + " bytes ends before offset " + (position + more));
    }
  }
}
