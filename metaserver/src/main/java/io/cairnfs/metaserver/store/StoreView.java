package io.cairnfs.metaserver.store;

/**
 * The store as it was at one applied index. Any thread, several at once. Stays readable until
 * closed, even when the store was closed meanwhile; closing it twice is an error of the program.
 */
public interface StoreView extends RecordReader, AutoCloseable {
  /** What had been applied. */
  Applied applied();

  @Override
  void close();
}
