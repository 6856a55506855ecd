package io.cairnfs.metaserver.store;

import java.util.Optional;

/**
 * Reads of tables. Key and value arrays that are handed over belong to the receiver as values:
 * nobody changes their bytes, neither caller nor store.
 */
public interface RecordReader {
  /** The value of a key, or empty. */
  Optional<byte[]> get(Table table, byte[] key);

  /**
   * Records with keys in {@code [from, to)} in unsigned byte order. An empty {@code to} means the
   * end of the table. The cursor must be closed; it does not see later changes.
   */
  RecordCursor scan(Table table, byte[] from, byte[] to);

  /** Records whose keys begin with a prefix, in unsigned byte order. */
  default RecordCursor scanPrefix(Table table, byte[] prefix) {
    return scan(table, prefix, Bytes.afterPrefix(prefix));
  }
}
