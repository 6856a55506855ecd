package io.cairnfs.rpc.frame;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.FileRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Reads file regions into memory, for connections that cannot send them as they are. */
final class FileRegions {
  private FileRegions() {}

  /**
   * All bytes of a region; the region stays the caller's.
   *
   * @throws CairnException IO_ERROR when the file is shorter or cannot be read
   */
  static ByteBuf read(FileRegion region, ByteBufAllocator allocator) throws CairnException {
    int length = Math.toIntExact(region.count());
    ByteBuf bytes = allocator.directBuffer(length, length);
    try {
      BufferChannel channel = new BufferChannel(bytes);
      while (bytes.isWritable()) {
        long moved = region.transferTo(channel, bytes.writerIndex());
        if (moved <= 0) {
          throw new IOException(
              "file ends after " + bytes.writerIndex() + " of " + length + " bytes");
        }
      }
      return bytes;
    } catch (IOException e) {
      bytes.release();
      throw new CairnException(ErrorCode.IO_ERROR, "reading a file region: " + e.getMessage(), e);
    }
  }

  private record BufferChannel(ByteBuf bytes) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer source) {
      int length = source.remaining();
      bytes.writeBytes(source);
      return length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
