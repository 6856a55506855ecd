package io.cairnfs.client.write;

import io.cairnfs.proto.types.Extent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Writes to one file that will travel in one packet. What overwrites bytes that wait here already
 * takes their place. The extents say which bytes are where: of chunk 0, with offsets in this
 * buffer. Not safe for several threads.
 */
final class GatherBuffer {
  private static final int FIRST_BYTES = 32 << 10;

  private final ByteBufAllocator allocator;
  private final int capacity;
  private final int mostRanges;
  private final ExtentOverlay ranges = new ExtentOverlay();
  private ByteBuf bytes;

  GatherBuffer(ByteBufAllocator allocator, int capacity, int mostRanges) {
    this.allocator = allocator;
    this.capacity = capacity;
    this.mostRanges = mostRanges;
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  int length() {
    return bytes == null ? 0 : bytes.readableBytes();
  }

  /** A write of so many bytes at the position can be added. */
  boolean takes(long position, int count) {
    boolean fits = length() + count <= capacity && ranges.size() < mostRanges;
    return isEmpty() || fits || ranges.covering(position, position + count).isPresent();
  }

  /** Adds the remaining bytes, which {@link #takes} allows. */
  void put(long position, ByteBuffer source) {
    int count = source.remaining();
    if (count == 0) {
      return;
    }
    Optional<Extent> same = ranges.covering(position, position + count);
    if (same.isPresent()) {
      long at = same.get().getChunkOffset() + position - same.get().getFileOffset();
      bytes.setBytes((int) at, source);
      return;
    }
    if (bytes == null) {
      bytes = allocator.directBuffer(Math.max(count, Math.min(FIRST_BYTES, capacity)));
    }
    int at = bytes.readableBytes();
    bytes.writeBytes(source);
    ranges.add(
        Extent.newBuilder().setFileOffset(position).setLength(count).setChunkOffset(at).build());
  }

  boolean overlaps(long from, long until) {
    return ranges.overlaps(from, until);
  }

  /** Where the bytes that are furthest in the file end. */
  long end() {
    return ranges.end();
  }

  List<Extent> ranges() {
    return ranges.all();
  }

  /** The bytes of one of the ranges. */
  ByteBuffer bytesOf(Extent range) {
    return bytes.nioBuffer((int) range.getChunkOffset(), (int) range.getLength());
  }

  /** Gives the bytes to the caller and is empty. */
  ByteBuf take() {
    ByteBuf taken = bytes;
    bytes = null;
    ranges.clear();
    return taken;
  }

  void clear() {
    if (bytes != null) {
      take().release();
    }
  }
}
