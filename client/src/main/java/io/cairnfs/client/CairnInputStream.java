package io.cairnfs.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * Reads a file as it was when it was opened: its length is fixed then. Positional reads are safe
 * for any number of threads at once and do not move the position; the methods that use the position
 * are safe too but share one position. Every byte's checksum was verified before it is handed out;
 * a bad or silent replica is left for another one.
 */
public abstract class CairnInputStream extends InputStream {
  /** Bytes of the file. */
  public abstract long length();

  /** Where the next read without a position begins. */
  public abstract long position();

  /**
   * Cheap; fetches nothing.
   *
   * @throws EOFException if {@code position} is negative or beyond the length
   */
  public abstract void seek(long position) throws IOException;

  /**
   * Reads between one byte and {@code target.remaining()} bytes at the position and moves it; −1 at
   * the end of the file. Direct buffers save a copy.
   */
  public abstract int read(ByteBuffer target) throws IOException;

  /** As {@link #read(ByteBuffer)}, at a position of its own. */
  public abstract int read(long position, ByteBuffer target) throws IOException;

  /** As {@link InputStream#read(byte[], int, int)}, at a position of its own. */
  public int read(long position, byte[] target, int offset, int length) throws IOException {
    return read(position, ByteBuffer.wrap(target, offset, length));
  }

  /**
   * Fills the buffer.
   *
   * @throws EOFException if the file ends before; how much was filled is then undefined
   */
  public void readFully(long position, ByteBuffer target) throws IOException {
    long at = position;
    while (target.hasRemaining()) {
      int count = read(at, target);
      if (count < 0) {
        throw new EOFException(
            "end of file at " + length() + " with " + target.remaining() + " bytes still to read");
      }
      at += count;
    }
  }

  /** As {@link #readFully(long, ByteBuffer)}. */
  public void readFully(long position, byte[] target, int offset, int length) throws IOException {
    readFully(position, ByteBuffer.wrap(target, offset, length));
  }

  /** Bytes that a read would answer without waiting for a server. */
  @Override
  public abstract int available() throws IOException;

  /**
   * The file's attributes at opening. Of a file that is being written they may show less than
   * {@link #length()}.
   */
  public abstract FileStatus status();

  /** Idempotent. Reads after it throw. */
  @Override
  public abstract void close() throws IOException;
}
