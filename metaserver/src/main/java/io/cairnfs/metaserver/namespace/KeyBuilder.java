package io.cairnfs.metaserver.namespace;

import io.cairnfs.metaserver.store.Table;
import java.nio.ByteBuffer;

/**
 * Builds a key of the live tree: the view byte, then big-endian fields that sort as they should.
 */
public final class KeyBuilder {
  private final ByteBuffer buffer;

  /**
   * @param bytesBehindView exact number of bytes that will be added
   */
  public KeyBuilder(int bytesBehindView) {
    buffer = ByteBuffer.allocate(1 + bytesBehindView).put(Table.LIVE_VIEW);
  }

  public KeyBuilder addByte(int value) {
    buffer.put((byte) value);
    return this;
  }

  public KeyBuilder addShort(int value) {
    buffer.putShort((short) value);
    return this;
  }

  public KeyBuilder addInt(int value) {
    buffer.putInt(value);
    return this;
  }

  public KeyBuilder addLong(long value) {
    buffer.putLong(value);
    return this;
  }

  public KeyBuilder addBytes(byte[] value) {
    buffer.put(value);
    return this;
  }

  public byte[] build() {
    if (buffer.hasRemaining()) {
      throw new IllegalStateException(buffer.remaining() + " bytes of the key are missing");
    }
    return buffer.array();
  }

  /** The big-endian long that begins at an offset of a key (offset 0 is the view byte). */
  public static long longAt(byte[] key, int offset) {
    return ByteBuffer.wrap(key).getLong(offset);
  }

  /** The big-endian int that begins at an offset of a key (offset 0 is the view byte). */
  public static int intAt(byte[] key, int offset) {
    return ByteBuffer.wrap(key).getInt(offset);
  }
}
