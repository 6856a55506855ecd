package io.cairnfs.common.checksum;

import io.cairnfs.common.id.ChunkId;
import java.util.OptionalInt;

/**
 * Hash of (chunk id, sealed length). Data servers and the state machine keep its sum (modulo 2^64)
 * for each (pool, slot, group); equal sums and counts mean equal sets of sealed replicas, so a
 * vanished or shortened replica is found without a list. Part of the protocol: never changed.
 */
public final class ReplicaHash {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  /** Of the sums of cells, by their number: no replication is so large. */
  private static final int FIRST_CELL = 128;

  private ReplicaHash() {}

  /**
   * Which of its slot's sums a replica is counted in: the replication of its chunk, or of a cell
   * 128 and its number.
   */
  public static int group(ChunkId chunk, int replication) {
    return chunk.isCell() ? FIRST_CELL + chunk.cell() : replication;
  }

  /** The cell whose sum it is; empty for that of a replication. */
  public static OptionalInt cellOf(int group) {
    return group < FIRST_CELL ? OptionalInt.empty() : OptionalInt.of(group - FIRST_CELL);
  }

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
