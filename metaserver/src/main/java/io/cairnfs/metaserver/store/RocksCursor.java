package io.cairnfs.metaserver.store;

import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** A cursor over an iterator that stands on its first record already. */
final class RocksCursor implements RecordCursor {
  private final RocksIterator iterator;
  private final byte[] end;
  private final RocksSnapshot held;
  private boolean started;
  private byte[] key = Bytes.EMPTY;
  private boolean closed;

  /** Takes over one hold of the snapshot. */
  RocksCursor(RocksIterator iterator, byte[] end, RocksSnapshot held) {
    this.iterator = iterator;
    this.end = end;
    this.held = held;
  }

  @Override
  public boolean next() {
    if (started && iterator.isValid()) {
      iterator.next();
    }
    started = true;
    if (!iterator.isValid()) {
      requireGood();
      return false;
    }
    key = iterator.key();
    return Bytes.isBefore(key, end);
  }

  private void requireGood() {
    try {
      iterator.status();
    } catch (RocksDBException e) {
      throw new StoreFailure("scanning the store: " + e.getMessage(), e);
    }
  }

  @Override
  public byte[] key() {
    return key;
  }

  @Override
  public byte[] value() {
    return iterator.value();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      iterator.close();
      held.release();
    }
  }
}
