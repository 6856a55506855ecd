package io.cairnfs.nio;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.client.CairnFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.Objects;

/**
 * An open file with a position. Calls without a position are one after the other; those with one go
 * side by side. A thread that is interrupted while it waits for the cluster gets {@link
 * ClosedByInterruptException}, and the channel is closed, as with every {@code FileChannel}.
 */
final class CairnFileChannel extends FileChannel {
  private static final int TRANSFER_BYTES = 1 << 20;

  private final CairnFile file;
  private final boolean readable;
  private final boolean writable;
  private final boolean append;
  private final ChannelLocks locks;
  private final Closing afterClose;
  private final Object positionLock = new Object();

  @GuardedBy("positionLock")
  private long position;

  /** What is still to be done when the file is closed. */
  interface Closing {
    Closing NOTHING = () -> {};

    void run() throws IOException;
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  CairnFileChannel(CairnFile file, OpenRequest request, ChannelLocks locks, Closing afterClose) {
    this.file = file;
    this.readable = request.options().read();
    this.writable = request.options().write();
    this.append = request.options().append();
    this.locks = locks;
    this.afterClose = afterClose;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    requireReadable();
    synchronized (positionLock) {
      long at = position;
      int count = call(() -> file.read(at, target));
      position = at + Math.max(count, 0);
      return count;
    }
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, targets.length);
    requireReadable();
    ByteBuffer[] part = Arrays.copyOfRange(targets, offset, offset + length);
    synchronized (positionLock) {
      long at = position;
      long count = call(() -> file.read(at, part));
      position = at + Math.max(count, 0);
      return count;
    }
  }

  @Override
  public int read(ByteBuffer target, long at) throws IOException {
    requireNotNegative(at);
    requireReadable();
    return call(() -> file.read(at, target));
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    return (int) write(new ByteBuffer[] {source}, 0, 1);
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, sources.length);
    requireWritable();
    ByteBuffer[] part = Arrays.copyOfRange(sources, offset, offset + length);
    synchronized (positionLock) {
      if (append) {
        return appended(part);
      }
      long at = position;
      long count = call(() -> file.write(at, part));
      position = at + count;
      return count;
    }
  }

  @GuardedBy("positionLock")
  private long appended(ByteBuffer[] sources) throws IOException {
    ByteBuffer source = sources.length == 1 ? sources[0] : gathered(sources);
    int count = source.remaining();
    if (count > 0) {
      position = call(() -> file.append(source)) + count;
    }
    return count;
  }

  private static ByteBuffer gathered(ByteBuffer[] sources) {
    int count = 0;
    for (ByteBuffer source : sources) {
      count = Math.addExact(count, source.remaining());
    }
    ByteBuffer all = ByteBuffer.allocate(count);
    for (ByteBuffer source : sources) {
      all.put(source);
    }
    return all.flip();
  }

  @Override
  public int write(ByteBuffer source, long at) throws IOException {
    requireNotNegative(at);
    requireWritable();
    return call(() -> file.write(at, source));
  }

  @Override
  public long position() throws IOException {
    requireOpen();
    synchronized (positionLock) {
      return append ? call(file::length) : position;
    }
  }

  @Override
  @CanIgnoreReturnValue
  public FileChannel position(long newPosition) throws IOException {
    requireOpen();
    requireNotNegative(newPosition);
    synchronized (positionLock) {
      position = newPosition;
    }
    return this;
  }

  @Override
  public long size() throws IOException {
    requireOpen();
    return call(file::length);
  }

  @Override
  @CanIgnoreReturnValue
  public FileChannel truncate(long size) throws IOException {
    requireOpen();
    requireNotNegative(size);
    requireWritable();
    synchronized (positionLock) {
      boolean unused =
          call(
              () -> {
                boolean shorter = size < file.length();
                if (shorter) {
                  file.truncate(size);
                }
                return shorter;
              });
      position = Math.min(position, size);
    }
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    requireOpen();
    if (!writable) {
      return;
    }
    boolean unused =
        call(
            () -> {
              if (metaData) {
                file.sync();
              } else {
                file.dataSync();
              }
              return true;
            });
  }

  @Override
  public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
    requireOpen();
    if (!target.isOpen()) {
      throw new ClosedChannelException();
    }
    requireReadable();
    requireNotNegative(from);
    requireNotNegative(count);
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, TRANSFER_BYTES));
    long done = 0;
    while (done < count) {
      long at = from + done;
      buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
      if (call(() -> file.read(at, buffer)) <= 0) {
        break;
      }
      buffer.flip();
      int wanted = buffer.remaining();
      int written = target.write(buffer);
      done += written;
      if (written < wanted) {
        break;
      }
    }
    return done;
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long at, long count) throws IOException {
    requireOpen();
    if (!source.isOpen()) {
      throw new ClosedChannelException();
    }
    requireWritable();
    requireNotNegative(at);
    requireNotNegative(count);
    if (at > size()) {
      return 0;
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, TRANSFER_BYTES));
    long done = 0;
    while (done < count) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
      if (source.read(buffer) <= 0) {
        break;
      }
      long next = at + done;
      done += call(() -> file.write(next, buffer.flip()));
    }
    return done;
  }

  /** Memory that follows a file on other machines is nothing that a JVM can make. */
  @Override
  public MappedByteBuffer map(MapMode mode, long at, long size) {
    throw new UnsupportedOperationException(
        "files of Cairn cannot be mapped: read them, or copy them to a local file");
  }

  @Override
  public FileLock lock(long at, long size, boolean shared) throws IOException {
    requireLockable(at, size, shared);
    return new ChannelLock(this, at, size, shared, call(() -> locks.take(at, size, shared)));
  }

  @Override
  public FileLock tryLock(long at, long size, boolean shared) throws IOException {
    requireLockable(at, size, shared);
    return call(() -> locks.tryTake(at, size, shared))
        .map(grant -> new ChannelLock(this, at, size, shared, grant))
        .orElse(null);
  }

  private void requireLockable(long at, long size, boolean shared) throws IOException {
    requireOpen();
    requireNotNegative(at);
    requireNotNegative(size);
    requireNotNegative(at + size);
    if (shared) {
      requireReadable();
    } else {
      requireWritable();
    }
  }

  @Override
  protected void implCloseChannel() throws IOException {
    try (CairnFile closing = file) {
      // Locks go before the file, and the file before what follows.
      locks.close();
    } finally {
      afterClose.run();
    }
  }

  private <T> T call(Work<T> work) throws IOException {
    try {
      return work.run();
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CANCELLED && Thread.currentThread().isInterrupted()) {
        throw interrupted(e);
      }
      if (!isOpen()) {
        throw new AsynchronousCloseException();
      }
      throw e;
    }
  }

  private ClosedByInterruptException interrupted(CairnException cause) {
    ClosedByInterruptException exception = new ClosedByInterruptException();
    exception.initCause(cause);
    try {
      close();
    } catch (IOException e) {
      exception.addSuppressed(e);
    }
    return exception;
  }

  private void requireOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  private void requireReadable() throws ClosedChannelException {
    requireOpen();
    if (!readable) {
      throw new NonReadableChannelException();
    }
  }

  private void requireWritable() throws ClosedChannelException {
    requireOpen();
    if (!writable) {
      throw new NonWritableChannelException();
    }
  }

  private static void requireNotNegative(long value) {
    if (value < 0) {
      throw new IllegalArgumentException(value + " is negative");
    }
  }
}
