package io.cairnfs.dataserver.storage;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Bytes to append to a replica, with the checksums the writer made.
 *
 * @param payload one behind the other; direct buffers are written without a copy. Positions may be
 *     moved by the append.
 * @param checksums CRC-32C of each piece between cell borders, big-endian
 */
public record ReplicaPacket(long offset, List<ByteBuffer> payload, ByteBuffer checksums) {
  public ReplicaPacket {
    payload = List.copyOf(payload);
  }

  public int bytes() {
    int bytes = 0;
    for (ByteBuffer buffer : payload) {
      bytes += buffer.remaining();
    }
    return bytes;
  }
}
