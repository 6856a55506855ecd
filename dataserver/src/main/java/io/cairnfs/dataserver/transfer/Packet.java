package io.cairnfs.dataserver.transfer;

import io.cairnfs.dataserver.storage.ReplicaPacket;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.netty.buffer.ByteBuf;
import java.util.List;

/** A packet on its way to the disk; whoever holds it releases the payload. */
record Packet(PacketHeader header, ByteBuf payload) {
  /** Most payload of one packet. */
  static final int MAX_BYTES = 1 << 20;

  boolean has(PacketFlag flag) {
    return (header.getFlags() & flag.getNumber()) != 0;
  }

  int bytes() {
    return payload.readableBytes();
  }

  long end() {
    return header.getOffset() + bytes();
  }

  ReplicaPacket toReplicaPacket() {
    return new ReplicaPacket(
        header.getOffset(),
        bytes() == 0 ? List.of() : List.of(payload.nioBuffers()),
        header.getChecksums().asReadOnlyByteBuffer());
  }

  void release() {
    payload.release();
  }
}
