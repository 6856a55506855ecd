package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.id.ChunkId;
import java.util.OptionalInt;

/**
 * Positions [first, end) of a slot, on which a chunk lies: [0, r) for one of replication r, its own
 * for a cell of a coded pool.
 */
record Positions(int first, int end) {
  static final Positions ALL = new Positions(0, Integer.MAX_VALUE);

  static Positions of(ChunkId chunk, int replication) {
    return chunk.isCell() ? one(chunk.cell()) : new Positions(0, replication);
  }

  /** Of the chunks that a digest is of. */
  static Positions ofGroup(int group) {
    OptionalInt cell = ReplicaHash.cellOf(group);
    return cell.isPresent() ? one(cell.getAsInt()) : new Positions(0, group);
  }

  private static Positions one(int position) {
    return new Positions(position, position + 1);
  }

  boolean contains(int position) {
    return first <= position && position < end;
  }
}
