package io.cairnfs.metaserver.namespace;

import io.cairnfs.metaserver.store.RecordCursor;
import java.util.Arrays;
import java.util.List;

/** The records of a store with the writes of a transaction laid over them. */
final class MergedCursor implements RecordCursor {
  /** A written key in key order; a null value = removed. */
  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  record Written(byte[] key, byte[] value) {}

  private final RecordCursor stored;
  private final List<Written> written;
  private int nextWritten;
  private boolean storedReady;
  private byte[] key;
  private byte[] value;

  MergedCursor(RecordCursor stored, List<Written> written) {
    this.stored = stored;
    this.written = written;
    this.storedReady = stored.next();
  }

  @Override
  public boolean next() {
    while (nextWritten < written.size()) {
      Written top = written.get(nextWritten);
      int order = storedReady ? Arrays.compareUnsigned(stored.key(), top.key) : 1;
      if (order < 0) {
        return takeStored();
      }
      nextWritten++;
      if (order == 0) {
        storedReady = stored.next();
      }
      if (top.value != null) {
        key = top.key;
        value = top.value;
        return true;
      }
    }
    return storedReady && takeStored();
  }

  private boolean takeStored() {
    key = stored.key();
    value = stored.value();
    storedReady = stored.next();
    return true;
  }

  @Override
  public byte[] key() {
    return key;
  }

  @Override
  public byte[] value() {
    return value;
  }

  @Override
  public void close() {
    stored.close();
  }
}
