package io.cairnfs.dataserver.storage;

import io.cairnfs.common.id.ChunkId;

/**
 * What a server says of a replica.
 *
 * @param replication 0 unless SEALED
 * @param quietNanos since the last append or change; 0 when SEALED
 */
public record ReplicaStatus(
    ChunkId chunk, int epoch, State state, long length, int replication, long quietNanos) {
  /** OPEN to its one stream; CLOSED to appends for good; SEALED at a committed length on disk. */
  public enum State {
    OPEN,
    CLOSED,
    SEALED
  }
}
