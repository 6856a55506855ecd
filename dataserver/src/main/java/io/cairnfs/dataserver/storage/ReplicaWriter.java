package io.cairnfs.dataserver.storage;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import java.util.List;

/**
 * The hold that the one stream of a replica has on it. Appends are made by one thread at a time;
 * everything else by any thread.
 */
public final class ReplicaWriter {
  private final UnsealedReplica replica;

  ReplicaWriter(UnsealedReplica replica) {
    this.replica = replica;
  }

  public ChunkId chunk() {
    return replica.chunk();
  }

  public long length() {
    return replica.length();
  }

  /**
   * Verifies the packets and appends them, in one piece where they are small, and forces them if
   * asked (an empty list only forces). On failure nothing was appended and the replica is CLOSED.
   *
   * @throws CairnException CHUNK_CLOSED after a fence or verdict; INVALID_ARGUMENT for an offset
   *     other than the length; TOO_LARGE; MALFORMED; CHUNK_CORRUPT for a checksum that differs;
   *     NO_SPACE; VOLUME_FAILED
   */
  public void append(List<ReplicaPacket> packets, Durability durability) throws CairnException {
    replica.append(packets, durability);
  }

  /** All members behind hold the bytes up to here too: readers may see them. */
  public void acknowledge(long length) {
    replica.acknowledge(length);
  }

  /** The stream has ended, as its writer said or because it broke: no more appends, ever. */
  public void finish() {
    replica.close();
  }
}
