package io.cairnfs.shell.testing;

import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.FileStatus;
import java.io.EOFException;
import java.nio.ByteBuffer;

/** Reads a file in memory as it was when it was opened. For one thread. */
final class MemoryInputStream extends CairnInputStream {
  private final FileStatus status;
  private final byte[] content;
  private int position;

  MemoryInputStream(FileStatus status, byte[] content) {
    this.status = status;
    this.content = content;
  }

  @Override
  public long length() {
    return content.length;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void seek(long to) throws EOFException {
    if (to < 0 || to > content.length) {
      throw new EOFException("position " + to + " of " + content.length);
    }
    position = (int) to;
  }

  @Override
  public int read() {
    return position == content.length ? -1 : content[position++] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    return read(ByteBuffer.wrap(target, offset, length));
  }

  @Override
  public int read(ByteBuffer target) {
    int count = read(position, target);
    position += Math.max(count, 0);
    return count;
  }

  @Override
  public int read(long at, ByteBuffer target) {
    if (at >= content.length) {
      return target.hasRemaining() ? -1 : 0;
    }
    int count = Math.min(target.remaining(), content.length - (int) at);
    target.put(content, (int) at, count);
    return count;
  }

  @Override
  public int available() {
    return content.length - position;
  }

  @Override
  public FileStatus status() {
    return status;
  }

  @Override
  public void close() {}
}
