package io.cairnfs.common.id;

import java.util.Optional;

/**
 * Which redundancy scheme on which storage class: {@code 0 (1 bit) | coded (1) | storage class (2)
 * | number (6)}. The first bit stays free: ids of chunks are positive. Whoever sees a chunk's id
 * knows both. Of a coded pool the number is that of its {@link CodingPolicy}; of a replicated one
 * it is 0.
 */
public record PoolId(int value) {
  /** Replicated, on any volume. */
  public static final PoolId REPLICATED = new PoolId(0);

  private static final int CODED = 1 << 8;
  private static final int MAX_NUMBER = (1 << 6) - 1;

  public PoolId {
    if (value < 0 || value > ChunkId.MAX_POOL) {
      throw new IllegalArgumentException("pool " + value + " outside 0.." + ChunkId.MAX_POOL);
    }
  }

  public static PoolId replicated(StorageClass storage) {
    return new PoolId(storage.number() << 6);
  }

  public static PoolId coded(CodingPolicy policy, StorageClass storage) {
    return new PoolId(CODED | (storage.number() << 6) | policy.number());
  }

  /** Each of its chunks is one cell of a stripe, and lies on one position of its slot. */
  public boolean isCoded() {
    return (value & CODED) != 0;
  }

  public StorageClass storageClass() {
    return StorageClass.ofNumber((value >>> 6) & 3);
  }

  /** Empty for a replicated pool, and for one of a version to come. */
  public Optional<CodingPolicy> policy() {
    return isCoded() ? CodingPolicy.ofNumber(value & MAX_NUMBER) : Optional.empty();
  }

  @Override
  public String toString() {
    String scheme = isCoded() ? policy().map(CodingPolicy::label).orElse("coded") : "replicated";
    return "pool " + value + " (" + scheme + ", " + storageClass().label() + ")";
  }
}
