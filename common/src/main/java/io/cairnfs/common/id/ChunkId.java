package io.cairnfs.common.id;

/**
 * Identity of a chunk, from which its place follows: {@code pool (10 bits) | slot (14) | counter
 * (40)}. The counter is replicated by the metaservers and never reused.
 */
public record ChunkId(long value) implements Comparable<ChunkId> {
  public static final int MAX_POOL = (1 << 10) - 1;
  public static final int MAX_SLOT = (1 << 14) - 1;
  public static final long MAX_COUNTER = (1L << 40) - 1;

  public static ChunkId of(int pool, int slot, long counter) {
    if (pool < 0 || pool > MAX_POOL) {
      throw new IllegalArgumentException("pool " + pool + " outside 0.." + MAX_POOL);
    }
    if (slot < 0 || slot > MAX_SLOT) {
      throw new IllegalArgumentException("slot " + slot + " outside 0.." + MAX_SLOT);
    }
    if (counter <= 0 || counter > MAX_COUNTER) {
      throw new IllegalArgumentException("chunk counter " + counter + " outside 1.." + MAX_COUNTER);
    }
    return new ChunkId(((long) pool << 54) | ((long) slot << 40) | counter);
  }

  public int pool() {
    return (int) (value >>> 54);
  }

  public int slot() {
    return (int) (value >>> 40) & MAX_SLOT;
  }

  public long counter() {
    return value & MAX_COUNTER;
  }

  @Override
  public int compareTo(ChunkId other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    return "chunk=" + pool() + "." + slot() + "." + counter();
  }
}
