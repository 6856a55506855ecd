package io.cairnfs.nio;

import io.cairnfs.client.CairnFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open file whose calls are done by the threads of an executor, in any order. A cancelled call
 * is not taken back. Any thread.
 */
final class CairnAsynchronousChannel extends AsynchronousFileChannel {
  private final CairnFile file;
  private final boolean readable;
  private final boolean writable;
  private final ChannelLocks locks;
  private final CairnFileChannel.Closing afterClose;
  private final Executor executor;
  private final AtomicBoolean closed = new AtomicBoolean();

  private interface Work<T> {
    T run() throws IOException;
  }

  CairnAsynchronousChannel(
      CairnFile file,
      OpenRequest request,
      ChannelLocks locks,
      CairnFileChannel.Closing afterClose,
      Executor executor) {
    this.file = file;
    this.readable = request.options().read();
    this.writable = request.options().write();
    this.locks = locks;
    this.afterClose = afterClose;
    this.executor = executor;
  }

  @Override
  public <A> void read(
      ByteBuffer target,
      long position,
      A attachment,
      CompletionHandler<Integer, ? super A> handler) {
    handled(reading(target, position), attachment, handler);
  }

  @Override
  public Future<Integer> read(ByteBuffer target, long position) {
    return begin(reading(target, position));
  }

  private Work<Integer> reading(ByteBuffer target, long position) {
    requireNotNegative(position);
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("a buffer that cannot be written");
    }
    if (!readable) {
      throw new NonReadableChannelException();
    }
    return () -> file.read(position, target);
  }

  @Override
  public <A> void write(
      ByteBuffer source,
      long position,
      A attachment,
      CompletionHandler<Integer, ? super A> handler) {
    handled(writing(source, position), attachment, handler);
  }

  @Override
  public Future<Integer> write(ByteBuffer source, long position) {
    return begin(writing(source, position));
  }

  private Work<Integer> writing(ByteBuffer source, long position) {
    requireNotNegative(position);
    requireWritable();
    return () -> file.write(position, source);
  }

  @Override
  public <A> void lock(
      long position,
      long size,
      boolean shared,
      A attachment,
      CompletionHandler<FileLock, ? super A> handler) {
    handled(locking(position, size, shared), attachment, handler);
  }

  @Override
  public Future<FileLock> lock(long position, long size, boolean shared) {
    return begin(locking(position, size, shared));
  }

  private Work<FileLock> locking(long position, long size, boolean shared) {
    requireLockable(position, size, shared);
    return () -> new ChannelLock(this, position, size, shared, locks.take(position, size, shared));
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    requireOpen();
    requireLockable(position, size, shared);
    return locks
        .tryTake(position, size, shared)
        .map(grant -> new ChannelLock(this, position, size, shared, grant))
        .orElse(null);
  }

  private void requireLockable(long position, long size, boolean shared) {
    requireNotNegative(position);
    requireNotNegative(size);
    requireNotNegative(position + size);
    if (shared && !readable) {
      throw new NonReadableChannelException();
    }
    if (!shared) {
      requireWritable();
    }
  }

  @Override
  public long size() throws IOException {
    requireOpen();
    return file.length();
  }

  @Override
  public AsynchronousFileChannel truncate(long size) throws IOException {
    requireNotNegative(size);
    requireOpen();
    requireWritable();
    if (size < file.length()) {
      file.truncate(size);
    }
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    requireOpen();
    if (!writable) {
      return;
    }
    if (metaData) {
      file.sync();
    } else {
      file.dataSync();
    }
  }

  @Override
  public boolean isOpen() {
    return !closed.get();
  }

  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try (CairnFile closing = file) {
      locks.close();
    } finally {
      afterClose.run();
    }
  }

  private <T, A> void handled(Work<T> work, A attachment, CompletionHandler<T, ? super A> handler) {
    if (handler == null) {
      throw new NullPointerException("handler");
    }
    var unused =
        begin(work)
            .whenComplete(
                (result, failure) -> {
                  if (failure == null) {
                    handler.completed(result, attachment);
                  } else {
                    handler.failed(failure, attachment);
                  }
                });
  }

  private <T> CompletableFuture<T> begin(Work<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    if (!isOpen()) {
      result.completeExceptionally(new ClosedChannelException());
      return result;
    }
    try {
      executor.execute(() -> run(work, result));
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(new IOException("no thread takes the call", e));
    }
    return result;
  }

  private <T> void run(Work<T> work, CompletableFuture<T> result) {
    try {
      result.complete(work.run());
    } catch (IOException e) {
      result.completeExceptionally(isOpen() ? e : closedMeanwhile(e));
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  private static IOException closedMeanwhile(IOException cause) {
    AsynchronousCloseException exception = new AsynchronousCloseException();
    exception.initCause(cause);
    return exception;
  }

  private void requireOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  private void requireWritable() {
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
