package io.cairnfs.common.checksum;

/**
 * Hash of (chunk id, sealed length). Data servers and the state machine keep its sum (modulo 2^64)
 * for each (pool, slot, replication); equal sums and counts mean equal sets of sealed replicas, so
 * a vanished or shortened replica is found without a list. Part of the protocol: never changed.
 */
public final class ReplicaHash {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private ReplicaHash() {}

  public static long of(long chunk, long sealedLength) {
    return mix(mix(chunk + GOLDEN_GAMMA) ^ sealedLength);
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable generators, 2014). */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
