package io.cairnfs.metaserver.namespace;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes the value of a record: first its version byte, then fields. Unsigned numbers are varints
 * (seven bits a byte, low ones first), strings and byte strings carry a varint length.
 */
public final class RecordOutput {
  private byte[] bytes = new byte[96];
  private int length;

  /**
   * @param version of the record's format, 1 to 255
   */
  public RecordOutput(int version) {
    writeByte(version);
  }

  public RecordOutput writeByte(int value) {
    reserve(1);
    bytes[length++] = (byte) value;
    return this;
  }

  public RecordOutput writeBoolean(boolean value) {
    return writeByte(value ? 1 : 0);
  }

  /** An unsigned number. */
  public RecordOutput writeVarint(long value) {
    reserve(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
    return this;
  }

  /** Eight bytes, big-endian: for ids and times. */
  public RecordOutput writeLong(long value) {
    reserve(Long.BYTES);
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes[length++] = (byte) (value >>> shift);
    }
    return this;
  }

  public RecordOutput writeBytes(byte[] value) {
    writeVarint(value.length);
    reserve(value.length);
    System.arraycopy(value, 0, bytes, length, value.length);
    length += value.length;
    return this;
  }

  /** UTF-8. */
  public RecordOutput writeString(String value) {
    return writeBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, length);
  }

  private void reserve(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
