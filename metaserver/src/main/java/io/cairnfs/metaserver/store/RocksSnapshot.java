package io.cairnfs.metaserver.store;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
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
  private final ReadOptions ordered;
  private final ReadOptions prefixed;
  private final AtomicInteger references = new AtomicInteger(1);

  /** Takes over one hold of the handle. */
  RocksSnapshot(RocksHandle handle, Applied applied) {
    this.handle = handle;
    this.applied = applied;
    this.snapshot = handle.db().getSnapshot();
    this.ordered = new ReadOptions().setSnapshot(snapshot).setTotalOrderSeek(true);
    this.prefixed = new ReadOptions().setSnapshot(snapshot).setPrefixSameAsStart(true);
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
      ordered.close();
      prefixed.close();
      handle.db().releaseSnapshot(snapshot);
      snapshot.close();
      handle.release();
    }
  }

  Optional<byte[]> get(Table table, byte[] key) {
    try {
      return Optional.ofNullable(handle.db().get(handle.family(table), ordered, key));
    } catch (RocksDBException e) {
      throw new StoreFailure("reading table " + table.familyName(), e);
    }
  }

  /** The caller holds this snapshot; the cursor holds it too. */
  RecordCursor scan(Table table, byte[] from, byte[] to) {
    if (!tryAcquire()) {
      throw new IllegalStateException("the view is closed");
    }
    ReadOptions options = isWithinPrefix(table, from, to) ? prefixed : ordered;
    RocksIterator iterator = handle.db().newIterator(handle.family(table), options);
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
