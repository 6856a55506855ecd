package io.cairnfs.client;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * A {@link CairnFile} whose calls return at once. They are made by a few threads of the client;
 * threads, order, errors and cancelling are as {@link AsyncFileSystem} says. A buffer belongs to
 * the call until its future completes, and, where that was cancelled, until {@link #close} has
 * completed.
 */
public final class AsyncFile {
  private final CairnFile file;
  private final BackgroundCalls calls;

  AsyncFile(CairnFile file, BackgroundCalls calls) {
    this.file = file;
    this.calls = calls;
  }

  /** The same open file, for calls that wait. */
  public CairnFile file() {
    return file;
  }

  /** As {@link CairnFile#read(long, ByteBuffer)}. */
  public CompletableFuture<Integer> read(long position, ByteBuffer target) {
    return calls.begin(() -> file.read(position, target));
  }

  /** As {@link CairnFile#write(long, ByteBuffer)}. */
  public CompletableFuture<Integer> write(long position, ByteBuffer source) {
    return calls.begin(() -> file.write(position, source));
  }

  /** As {@link CairnFile#append}. */
  public CompletableFuture<Long> append(ByteBuffer source) {
    return calls.begin(() -> file.append(source));
  }

  /** As {@link CairnFile#length}. */
  public CompletableFuture<Long> length() {
    return calls.begin(file::length);
  }

  /** As {@link CairnFile#status}. */
  public CompletableFuture<FileStatus> status() {
    return calls.begin(file::status);
  }

  /** As {@link CairnFile#truncate}. */
  public CompletableFuture<Void> truncate(long length) {
    return calls.beginAction(() -> file.truncate(length));
  }

  /** As {@link CairnFile#flush}: of what was written before this call began. */
  public CompletableFuture<Void> flush() {
    return calls.beginAction(file::flush);
  }

  /** As {@link CairnFile#sync}: of what was written before this call began. */
  public CompletableFuture<Void> sync() {
    return calls.beginAction(file::sync);
  }

  /** As {@link CairnFile#close}; happens also where its future is cancelled. */
  public CompletableFuture<Void> close() {
    return calls.beginAction(file::close).copy();
  }
}
