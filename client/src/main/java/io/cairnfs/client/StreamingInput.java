package io.cairnfs.client;

import io.cairnfs.client.read.FileReader;
import io.cairnfs.client.read.SequentialReader;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/** An input stream over the cluster. The lock guards the sequential reader. */
final class StreamingInput extends CairnInputStream {
  private final FileStatus status;
  private final FileReader file;
  private final SequentialReader sequential;
  private final Runnable onClose;
  private final ReentrantLock lock = new ReentrantLock();
  private final byte[] single = new byte[1];
  private volatile boolean closed;

  StreamingInput(FileStatus status, FileReader file, Runnable onClose) {
    this.status = status;
    this.file = file;
    this.onClose = onClose;
    sequential = new SequentialReader(file);
  }

  @Override
  public long length() {
    return file.length();
  }

  @Override
  public FileStatus status() {
    return status;
  }

  @Override
  public long position() {
    lock.lock();
    try {
      return sequential.position();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void seek(long position) throws IOException {
    lock.lock();
    try {
      requireOpen();
      if (position < 0 || position > file.length()) {
        throw new EOFException(
            status.path() + ": cannot seek to " + position + " of " + file.length() + " bytes");
      }
      sequential.seek(position);
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() throws CairnException {
    if (closed) {
      throw new CairnException(ErrorCode.STALE_HANDLE, status.path() + ": the stream is closed");
    }
  }

  @Override
  public int read() throws IOException {
    lock.lock();
    try {
      return read(single, 0, 1) < 0 ? -1 : single[0] & 0xff;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    return read(ByteBuffer.wrap(target, offset, length));
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    lock.lock();
    try {
      requireOpen();
      return sequential.read(target);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read(long position, ByteBuffer target) throws IOException {
    requireOpen();
    if (position < 0) {
      throw new EOFException(status.path() + ": position " + position + " is negative");
    }
    return file.read(position, target);
  }

  @Override
  public long skip(long count) throws IOException {
    lock.lock();
    try {
      requireOpen();
      long from = sequential.position();
      long skipped = Math.max(0, Math.min(count, file.length() - from));
      sequential.seek(from + skipped);
      return skipped;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int available() throws IOException {
    lock.lock();
    try {
      requireOpen();
      return sequential.available();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        sequential.close();
        onClose.run();
      }
    } finally {
      lock.unlock();
    }
  }
}
