package io.cairnfs.dataserver.storage;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Direct buffers for the moment of a write: records, and small packets gathered into one. Kept: at
 * most {@link #KEPT}. Safe for any thread.
 */
final class ScratchBuffers {
  static final int BYTES = 256 << 10;
  private static final int KEPT = 8;

  private final BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(KEPT);

  /** An empty buffer with room for so many bytes. */
  ByteBuffer take(int bytes) {
    if (bytes > BYTES) {
      return ByteBuffer.allocate(bytes);
    }
    ByteBuffer buffer = free.poll();
    return buffer == null ? ByteBuffer.allocateDirect(BYTES) : buffer.clear();
  }

  void give(ByteBuffer buffer) {
    if (buffer.isDirect()) {
      // Beyond the bound the buffer is left to the collector.
      boolean unused = free.offer(buffer);
    }
  }
}
