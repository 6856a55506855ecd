package io.cairnfs.metaserver.store;

import java.util.List;

/**
 * All changes of one log entry: they reach the store together with its index, or not at all.
 *
 * @param writes at most one per key
 * @param applied the log position and the digest that hold after them
 */
public record WriteBatch(List<Write> writes, Applied applied) {
  public WriteBatch {
    writes = List.copyOf(writes);
  }

  /** Sets a record, or removes it. */
  public sealed interface Write {
    Table table();

    byte[] key();
  }

  /** The key has this value afterwards. */
  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  public record Put(Table table, byte[] key, byte[] value) implements Write {}

  /** The key has no record afterwards. */
  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  public record Delete(Table table, byte[] key) implements Write {}
}
