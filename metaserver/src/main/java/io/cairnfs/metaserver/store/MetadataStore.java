package io.cairnfs.metaserver.store;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Ordered tables that change by whole log entries.
 *
 * <p>Threads: one thread, the one that applies the log, calls {@link #write}, {@link #flush},
 * {@link #checkpoint} and reads the newest state through this interface itself; any thread calls
 * {@link #view}, {@link #applied} and {@link #durable}. What RocksDB refuses (a full disk, a
 * corrupt file) is an {@link IOException} where bytes are written and {@link StoreFailure} in
 * reads: the process must stop then, because the state in memory may be ahead of the state on disk.
 */
public interface MetadataStore extends RecordReader, AutoCloseable {
  /** The state of this moment. To be closed. */
  StoreView view();

  /** Applies a batch atomically. Its index must be above {@link #applied}. */
  void write(WriteBatch batch) throws IOException;

  /** What is applied. */
  Applied applied();

  /** What would be found after a crash of this moment: the log is needed from the entry behind. */
  Applied durable();

  /** Forces everything applied to disk. */
  void flush() throws IOException;

  /**
   * Makes a complete and forced copy of the store, files only, in a directory that does not exist
   * yet, in time that does not depend on the number of records (save for {@link MemoryStore});
   * later writes do not touch it.
   *
   * @return the position the copy holds, read back from inside it
   */
  Applied checkpoint(Path directory) throws IOException;

  /** No more views and writes. Files are let go when the last view is closed. */
  @Override
  void close();
}
