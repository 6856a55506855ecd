package io.cairnfs.common.id;

/**
 * Identity of a chunk, from which its place follows: {@code pool (10 bits) | slot (14) | counter
 * (40)}. The counter is replicated by the metaservers and never reused.
 *
 * <p>In a coded pool ({@link PoolId#isCoded}) every chunk is a cell of a stripe. The last five bits
 * of its counter are the cell's number, which is its position in the slot; the others are the
 * stripe's.
 */
public record ChunkId(long value) implements Comparable<ChunkId> {
  public static final int MAX_POOL = (1 << 10) - 1;
  public static final int MAX_SLOT = (1 << 14) - 1;
  public static final long MAX_COUNTER = (1L << 40) - 1;

  /** A stripe has no more cells. */
  public static final int MAX_CELLS = 1 << 5;

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

  /** One cell of a stripe, and not a whole replica on each of several positions. */
  public boolean isCell() {
    return new PoolId(pool()).isCoded();
  }

  /**
   * Which cell of its stripe, 0 to 31: the position that it lies on.
   *
   * @throws IllegalStateException when the chunk is no cell
   */
  public int cell() {
    requireCell();
    return (int) value & (MAX_CELLS - 1);
  }

  /**
   * Another cell of the same stripe.
   *
   * @throws IllegalStateException when the chunk is no cell
   */
  public ChunkId withCell(int cell) {
    requireCell();
    if (cell < 0 || cell >= MAX_CELLS) {
      throw new IllegalArgumentException("cell " + cell + " outside 0.." + (MAX_CELLS - 1));
    }
    return new ChunkId((value & -MAX_CELLS) | cell);
  }

  private void requireCell() {
    if (!isCell()) {
      throw new IllegalStateException(this + " is no cell of a stripe");
    }
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
