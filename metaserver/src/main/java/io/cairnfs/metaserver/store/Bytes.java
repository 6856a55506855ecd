package io.cairnfs.metaserver.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Arithmetic on keys. */
public final class Bytes {
  public static final byte[] EMPTY = new byte[0];

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long MIX = 0x9e3779b97f4a7c15L;

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

  /**
   * A hash that spreads big-endian numbers: {@code Arrays.hashCode} gives neighbouring ids the same
   * value again and again.
   */
  public static int hash(byte[] key) {
    long hash = key.length * MIX;
    int i = 0;
    for (; i + Long.BYTES <= key.length; i += Long.BYTES) {
      hash = (hash ^ (long) LONGS.get(key, i)) * MIX;
      hash ^= hash >>> 29;
    }
    for (; i < key.length; i++) {
      hash = (hash ^ key[i]) * MIX;
    }
    hash ^= hash >>> 32;
    hash *= MIX;
    return (int) (hash >>> 32);
  }

  /** True if {@code key} is below {@code end}, where an empty end is above everything. */
  static boolean isBefore(byte[] key, byte[] end) {
    return end.length == 0 || Arrays.compareUnsigned(key, end) < 0;
  }
}
