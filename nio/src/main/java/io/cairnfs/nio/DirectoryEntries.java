package io.cairnfs.nio;

import io.cairnfs.client.FileStatus;
import io.cairnfs.client.RemoteIterator;
import io.cairnfs.common.error.CairnException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The entries of a directory, fetched page by page. After close the iterator has no more elements.
 * For one thread, save for close.
 */
final class DirectoryEntries implements DirectoryStream<Path> {
  private final NioPath directory;
  private final RemoteIterator<FileStatus> entries;
  private final DirectoryStream.Filter<? super Path> filter;
  private boolean handedOut;
  private volatile boolean closed;
  private Path next;

  DirectoryEntries(
      NioPath directory,
      RemoteIterator<FileStatus> entries,
      DirectoryStream.Filter<? super Path> filter) {
    this.directory = directory;
    this.entries = entries;
    this.filter = filter;
  }

  @Override
  public Iterator<Path> iterator() {
    if (closed || handedOut) {
      throw new IllegalStateException(closed ? "closed" : "the iterator was taken already");
    }
    handedOut = true;
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return isThereMore();
      }

      @Override
      public Path next() {
        if (!isThereMore()) {
          throw new NoSuchElementException();
        }
        Path found = next;
        next = null;
        return found;
      }
    };
  }

  private boolean isThereMore() {
    try {
      while (!closed && next == null && entries.hasNext()) {
        Path found = directory.child(entries.next().nameBytes());
        if (filter.accept(found)) {
          next = found;
        }
      }
    } catch (CairnException e) {
      throw new DirectoryIteratorException(Refusals.of(e, directory));
    } catch (IOException e) {
      throw new DirectoryIteratorException(e);
    }
    return next != null;
  }

  @Override
  public void close() {
    closed = true;
  }
}
