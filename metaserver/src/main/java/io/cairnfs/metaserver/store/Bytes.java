package io.cairnfs.metaserver.store;

import java.util.Arrays;

/** Arithmetic on keys. */
public final class Bytes {
  public static final byte[] EMPTY = new byte[0];

  private Bytes() {}

  /** The smallest key above all keys with a prefix; empty if there is none. */
  public static byte[] afterPrefix(byte[] prefix) {
    int length = prefix.length;
    while (length > 0 && prefix[length - 1] == (byte) 0xff) {
      length--;
    }
    if (length == 0) {
      return EMPTY;
    }
    byte[] after = Arrays.copyOf(prefix, length);
    after[length - 1]++;
    return after;
  }

  /** The smallest key above a key. */
  public static byte[] after(byte[] key) {
    return Arrays.copyOf(key, key.length + 1);
  }

  /** True if {@code key} is below {@code end}, where an empty end is above everything. */
  static boolean isBefore(byte[] key, byte[] end) {
    return end.length == 0 || Arrays.compareUnsigned(key, end) < 0;
  }
}
