package io.cairnfs.client.write;

import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Extents in file order; one that goes on where the last one ends is joined to it. */
final class ExtentList {
  private final List<Extent> extents = new ArrayList<>();
  private long end;
  private Packet lastPacket;

  void add(Packet packet) {
    Extent next =
        Extent.newBuilder()
            .setFileOffset(packet.fileOffset())
            .setLength(packet.contentLength())
            .setChunk(packet.chunk().location().getChunk())
            .setChunkOffset(packet.chunkOffset())
            .build();
    lastPacket = packet;
    end = packet.fileOffset() + packet.contentLength();
    int last = extents.size() - 1;
    if (last >= 0 && joins(extents.get(last), next)) {
      Extent before = extents.get(last);
      extents.set(
          last, before.toBuilder().setLength(before.getLength() + next.getLength()).build());
    } else {
      extents.add(next);
    }
  }

  private static boolean joins(Extent before, Extent next) {
    return before.getChunk() == next.getChunk()
        && before.getFileOffset() + before.getLength() == next.getFileOffset()
        && before.getChunkOffset() + before.getLength() == next.getChunkOffset();
  }

  int size() {
    return extents.size();
  }

  /** Where the last extent that was ever added ends in the file. */
  long end() {
    return end;
  }

  /** The packet whose bytes are the last that were added. */
  Optional<Packet> lastPacket() {
    return Optional.ofNullable(lastPacket);
  }

  /** All of it is one run of bytes in this chunk, and begins there in the file. */
  boolean isOneRunIn(long chunk, long fileOffset) {
    return extents.size() == 1
        && extents.get(0).getChunk() == chunk
        && extents.get(0).getFileOffset() == fileOffset;
  }

  List<Extent> take() {
    List<Extent> taken = List.copyOf(extents);
    extents.clear();
    return taken;
  }
}
