package io.cairnfs.metaserver.store;

/**
 * How much memory and how many files a store on disk may use.
 *
 * @param cacheBytes of everything RocksDB keeps in memory: blocks, indexes, filters and the write
 *     buffers, which are charged to it
 * @param writeBufferBytes unflushed records; at this size they are flushed
 * @param maxOpenFiles table files kept open
 * @param unflushedWrites changes of records after which they are flushed, however small they are:
 *     so many have to be applied from the replicated log again after a power cut
 */
public record RocksOptions(
    long cacheBytes, long writeBufferBytes, int maxOpenFiles, int unflushedWrites) {
  /** About 100,000 creations. */
  public static final int DEFAULT_UNFLUSHED_WRITES = 400_000;

  /** For six processes on one machine. */
  public static final RocksOptions SMALL =
      new RocksOptions(48L << 20, 16L << 20, 256, DEFAULT_UNFLUSHED_WRITES);

  public RocksOptions {
    if (cacheBytes < writeBufferBytes
        || writeBufferBytes < 1 << 20
        || maxOpenFiles < 16
        || unflushedWrites < 1) {
      throw new IllegalArgumentException(
          "cache of "
              + cacheBytes
              + " bytes, write buffers of "
              + writeBufferBytes
              + ", "
              + maxOpenFiles
              + " files, "
              + unflushedWrites
              + " unflushed writes");
    }
  }
}
