package io.cairnfs.common.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

/** An open file of a {@link Disk}. Positional; no shared cursor. */
public interface DiskFile extends Closeable {
  /**
   * Fills the buffer from the position on; returns the bytes read, fewer only at the end of the
   * file (0 at or past it).
   */
  int read(ByteBuffer target, long position) throws IOException;

  /** Writes all remaining bytes at the position, extending the file where needed. */
  void write(ByteBuffer source, long position) throws IOException;

  /** Writes all remaining bytes of several buffers one behind the other at the position. */
  default void write(ByteBuffer[] sources, long position) throws IOException {
    long at = position;
    for (ByteBuffer source : sources) {
      int bytes = source.remaining();
      write(source, at);
      at += bytes;
    }
  }

  /**
   * Makes all bytes written so far, and the length, durable. A failure is final: the caller stops
   * using the file.
   */
  void force() throws IOException;

  long size() throws IOException;

  void truncate(long size) throws IOException;

  /** The channel for zero-copy transfers, where the file is a real one. */
  Optional<FileChannel> channel();

  @Override
  void close() throws IOException;
}
