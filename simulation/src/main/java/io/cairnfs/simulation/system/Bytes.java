package io.cairnfs.simulation.system;

/** What a writer's bytes are: each is known from the writer and its place in the file. */
final class Bytes {
  private Bytes() {}

  static byte at(long writer, long offset) {
    return (byte) (word(writer, offset >> 3) >>> ((offset & 7) * 8));
  }

  private static long word(long writer, long number) {
    long mixed = (writer * 0x9E3779B97F4A7C15L) ^ (number * 0xD1B54A32D192ED03L);
    mixed ^= mixed >>> 31;
    mixed *= 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 29);
  }

  static byte[] of(long writer, long offset, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = at(writer, offset + i);
    }
    return bytes;
  }
}
