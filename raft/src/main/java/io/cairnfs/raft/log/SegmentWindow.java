package io.cairnfs.raft.log;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A piece of a segment in memory, moved along as a scan goes on. */
final class SegmentWindow {
  private static final int READ_AHEAD_BYTES = 1 << 20;

  private final Segment segment;
  private ByteBuffer bytes = ByteBuffer.allocate(0);
  private int start;

  SegmentWindow(Segment segment) {
    this.segment = segment;
  }

  /** Where position 0 of {@link #bytes} lies in the file. */
  int start() {
    return start;
  }

  ByteBuffer bytes() {
    return bytes;
  }

  /**
   * Loads [position, position + wanted), or what the file has of it, if it is not loaded; returns
   * where the position lies in {@link #bytes}.
   */
  int load(int position, int wanted) throws IOException {
    int end = Math.min(segment.capacity(), position + wanted);
    if (position < start || end > start + bytes.limit()) {
      int length =
          Math.min(segment.capacity() - position, Math.max(READ_AHEAD_BYTES, end - position));
      if (bytes.capacity() < length) {
        bytes = ByteBuffer.allocate(length);
      }
      bytes.clear().limit(length);
      start = position;
      segment.file().read(bytes, position);
      // What the file lacks reads as zeros; its length was checked when it was opened.
      bytes.flip();
    }
    return position - start;
  }
}
