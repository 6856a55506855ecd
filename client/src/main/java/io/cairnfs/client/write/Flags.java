package io.cairnfs.client.write;

import io.cairnfs.proto.dataserver.PacketFlag;

/** Flags of packets, as bits. */
final class Flags {
  static final int NONE = 0;
  static final int FLUSH = PacketFlag.PACKET_FLUSH_VALUE;
  static final int SYNC = PacketFlag.PACKET_SYNC_VALUE;
  static final int CLOSE = PacketFlag.PACKET_CLOSE_VALUE;

  private Flags() {}
}
