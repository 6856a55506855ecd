package io.cairnfs.metaserver.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * A 128-bit fingerprint of a set of records that does not depend on their order: the sum (in each
 * half, modulo 2^64) of a hash of each (table, key, value). So it is kept in O(1) per change: the
 * old record's hash is subtracted, the new one's added. It finds replicas that differ by mistake;
 * it is no defence against a forger.
 */
public record StoreDigest(long high, long low) {
  public static final StoreDigest EMPTY = new StoreDigest(0, 0);
  public static final int BYTES = 16;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long K1 = 0x9e3779b97f4a7c15L;
  private static final long K2 = 0xbf58476d1ce4e5b9L;
  private static final long K3 = 0x94d049bb133111ebL;

  /** The digest with one more record. */
  public StoreDigest plus(Table table, byte[] key, byte[] value) {
    StoreDigest record = ofRecord(table, key, value);
    return new StoreDigest(high + record.high, low + record.low);
  }

  /** The digest without a record that is in it. */
  public StoreDigest minus(Table table, byte[] key, byte[] value) {
    StoreDigest record = ofRecord(table, key, value);
    return new StoreDigest(high - record.high, low - record.low);
  }

  /** The digest computed anew from every record that can be read. */
  public static StoreDigest recompute(RecordReader reader) {
    StoreDigest digest = EMPTY;
    for (Table table : Table.values()) {
      try (RecordCursor cursor = reader.scan(table, Bytes.EMPTY, Bytes.EMPTY)) {
        while (cursor.next()) {
          digest = digest.plus(table, cursor.key(), cursor.value());
        }
      }
    }
    return digest;
  }

  private static StoreDigest ofRecord(Table table, byte[] key, byte[] value) {
    long a = K1 * (table.number() + 1L);
    long b = K2 ^ (((long) key.length << 32) | value.length);
    a = absorb(a, key);
    b = absorb(b, value);
    long x = mix(a + Long.rotateLeft(b, 23));
    long y = mix((b ^ Long.rotateLeft(a, 41)) + K3);
    return new StoreDigest(mix(x + y * K1), mix(y ^ Long.rotateLeft(x, 29)));
  }

  private static long absorb(long state, byte[] bytes) {
    int i = 0;
    for (; i + Long.BYTES <= bytes.length; i += Long.BYTES) {
      state = mix(state ^ (long) LONGS.get(bytes, i)) + K3;
    }
    long tail = 1;
    for (; i < bytes.length; i++) {
      tail = (tail << 8) | (bytes[i] & 0xff);
    }
    return mix(state ^ tail);
  }

  private static long mix(long x) {
    x = (x ^ (x >>> 30)) * K2;
    x = (x ^ (x >>> 27)) * K3;
    return x ^ (x >>> 31);
  }

  /** Sixteen bytes, big-endian. */
  public byte[] bytes() {
    return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes());
  }
}
