package io.cairnfs.client.chunk;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** Verified bytes of a chunk: exactly the range asked for. Not for several threads. */
public final class FetchedRange {
  private final ByteBuf buffer;
  private final int start;
  private final int length;

  /** Takes ownership of the buffer. */
  public FetchedRange(ByteBuf buffer, int start, int length) {
    this.buffer = buffer;
    this.start = start;
    this.length = length;
  }

  public int length() {
    return length;
  }

  /** Copies bytes from {@code offset} of the range on; at most what the target takes. */
  public int copyTo(int offset, ByteBuffer target) {
    int count = Math.min(length - offset, target.remaining());
    int limit = target.limit();
    target.limit(target.position() + count);
    buffer.getBytes(start + offset, target);
    target.limit(limit);
    return count;
  }

  /** All of them; valid until they are released. */
  ByteBuffer bytes() {
    return buffer.nioBuffer(start, length);
  }

  public void release() {
    buffer.release();
  }
}
