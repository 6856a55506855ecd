package io.cairnfs.metaserver.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Writes a batch in RocksDB's own serialized form, so that it crosses to native code in one call
 * instead of one a record: {@code sequence u64 = 0 | count u32 | record*}, little-endian, where a
 * record is {@code tag u8 | family varint | key length varint | key [| value length varint |
 * value]}.
 */
final class BatchEncoder {
  private static final int HEADER_BYTES = Long.BYTES + Integer.BYTES;
  private static final byte DELETE_IN_FAMILY = 0x4;
  private static final byte PUT_IN_FAMILY = 0x5;
  private static final int MAX_VARINT = 5;

  private byte[] bytes = new byte[1 << 14];
  private int length = HEADER_BYTES;
  private int count;

  void put(int family, byte[] key, byte[] value) {
    reserve(1 + 3 * MAX_VARINT + key.length + value.length);
    bytes[length++] = PUT_IN_FAMILY;
    writeVarint(family);
    writeBytes(key);
    writeBytes(value);
    count++;
  }

  void delete(int family, byte[] key) {
    reserve(1 + 2 * MAX_VARINT + key.length);
    bytes[length++] = DELETE_IN_FAMILY;
    writeVarint(family);
    writeBytes(key);
    count++;
  }

  byte[] toByteArray() {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(Long.BYTES, count);
    return Arrays.copyOf(bytes, length);
  }

  private void writeBytes(byte[] value) {
    writeVarint(value.length);
    System.arraycopy(value, 0, bytes, length, value.length);
    length += value.length;
  }

  private void writeVarint(int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      bytes[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  private void reserve(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
