package io.cairnfs.client.write;

import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.List;

/** Extents in file order; one that goes on where the last one ends is joined to it. */
final class ExtentList {
  private final List<Extent> extents = new ArrayList<>();
  private long end;

  void add(Packet packet) {
    Extent next =
        Extent.newBuilder()
            .setFileOffset(packet.fileOffset())
            .setLength(packet.contentLength())
            .setChunk(packet.chunk().location().getChunk())
            .setChunkOffset(packet.chunkOffset())
            .build();
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

  List<Extent> take() {
    List<Extent> taken = List.copyOf(extents);
    extents.clear();
    return taken;
  }
}
