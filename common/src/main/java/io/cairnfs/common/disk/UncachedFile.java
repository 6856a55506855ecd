package io.cairnfs.common.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

/**
 * A file opened to be read around the operating system's cache, which takes whole blocks into
 * aligned memory only. One thread.
 */
final class UncachedFile implements DiskFile {
  private static final int BUFFER_BYTES = 256 << 10;

  private final FileChannel file;
  private final int block;
  private final ByteBuffer buffer;

  /**
   * @param block what positions, sizes and addresses must be multiples of; a power of two
   */
  UncachedFile(FileChannel file, int block) {
    this.file = file;
    this.block = block;
    int bytes = Math.max(BUFFER_BYTES, block);
    this.buffer = ByteBuffer.allocateDirect(bytes + block).alignedSlice(block).limit(bytes).slice();
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    int total = 0;
    while (target.hasRemaining()) {
      long at = position + total;
      int skip = (int) (at % block);
      // What is left of a file beyond its last whole block comes as a short answer.
      int bytes = file.read(buffer.clear(), at - skip);
      if (bytes <= skip) {
        break;
      }
      buffer.flip().position(skip);
      int count = Math.min(buffer.remaining(), target.remaining());
      target.put(target.position(), buffer, skip, count).position(target.position() + count);
      total += count;
    }
    return total;
  }

  @Override
  public void write(ByteBuffer source, long position) {
    throw new UnsupportedOperationException("opened to be read");
  }

  @Override
  public void force() {
    throw new UnsupportedOperationException("opened to be read");
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public void truncate(long size) {
    throw new UnsupportedOperationException("opened to be read");
  }

  @Override
  public Optional<FileChannel> channel() {
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
