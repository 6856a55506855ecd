package io.cairnfs.metaserver.store;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksIterator;
import org.rocksdb.Snapshot;

/**
 * The database as it was after one batch, shared by all views of that moment and counted by them.
 * Holds the database. Any thread.
 */
final class RocksSnapshot {
  private final RocksHandle handle;
  private final Applied applied;
  private final Snapshot snapshot;
  private final AtomicInteger references = new AtomicInteger(1);
  private Options options;

  /** How keys are walked: in the order of the whole table, or within one prefix. */
  private record Options(ReadOptions ordered, ReadOptions prefixed) {}

  /** Takes over one hold of the handle. */
  RocksSnapshot(RocksHandle handle, Applied applied) {
    this.handle = handle;
    this.applied = applied;
    this.snapshot = handle.db().getSnapshot();
  }

  /** Most snapshots are never read, so their options are made by the first reader. */
  private synchronized Options options() {
    if (options == null) {
      options =
          new Options(
              new ReadOptions().setSnapshot(snapshot).setTotalOrderSeek(true),
              new ReadOptions().setSnapshot(snapshot).setPrefixSameAsStart(true));
    }
    return options;
  }

  private synchronized void closeOptions() {
    if (options != null) {
      options.ordered.close();
      options.prefixed.close();
    }
  }

  Applied applied() {
    return applied;
  }

  boolean tryAcquire() {
    int count = references.get();
    while (count > 0) {
      if (references.compareAndSet(count, count + 1)) {
        return true;
      }
      count = references.get();
    }
    return false;
  }

  void release() {
    int left = references.decrementAndGet();
    if (left < 0) {
      throw new IllegalStateException("a view was closed twice");
    }
    if (left == 0) {
      closeOptions();
      handle.db().releaseSnapshot(snapshot);
      snapshot.close();
      handle.release();
    }
  }

  Optional<byte[]> get(Table table, byte[] key) {
    return handle.get(table, key, options().ordered);
  }

  /** The caller holds this snapshot; the cursor holds it too. */
  RecordCursor scan(Table table, byte[] from, byte[] to) {
    if (!tryAcquire()) {
      throw new IllegalStateException("the view is closed");
    }
    ReadOptions how = isWithinPrefix(table, from, to) ? options().prefixed : options().ordered;
    RocksIterator iterator = handle.db().newIterator(handle.family(table), how);
    iterator.seek(from);
    return new RocksCursor(iterator, to, this);
  }

  /** True if all keys of the range begin with the prefix that {@code from} begins with. */
  private static boolean isWithinPrefix(Table table, byte[] from, byte[] to) {
    if (!RocksResources.isPrefixed(table) || from.length < RocksResources.PREFIX_BYTES) {
      return false;
    }
    byte[] prefix = Arrays.copyOf(from, RocksResources.PREFIX_BYTES);
    byte[] end = Bytes.afterPrefix(prefix);
    return to.length > 0 && end.length > 0 && Arrays.compareUnsigned(to, end) <= 0;
  }
}
