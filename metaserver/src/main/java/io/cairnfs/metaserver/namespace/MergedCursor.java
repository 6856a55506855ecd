package io.cairnfs.metaserver.namespace;

import io.cairnfs.metaserver.namespace.ChangedRecords.Change;
import io.cairnfs.metaserver.store.RecordCursor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * The records of a store with the writes of a transaction laid over them, as they were when the
 * cursor was made. What was written is looked at one record at a time, and only if the transaction
 * is about to write more is the rest kept: most cursors are closed before.
 */
final class MergedCursor implements RecordCursor {
  /** A written key in key order; a null value = removed. */
  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  private record Written(byte[] key, byte[] value) {}

  private final RecordCursor stored;
  private final Runnable onClose;
  private Iterator<Map.Entry<byte[], Change>> live;
  private Iterator<Written> kept;
  private Written top;
  private boolean storedReady;
  private byte[] key;
  private byte[] value;

  MergedCursor(RecordCursor stored, SortedMap<byte[], Change> written, Runnable onClose) {
    this.stored = stored;
    this.onClose = onClose;
    this.live = written.entrySet().iterator();
    this.storedReady = stored.next();
    nextWritten();
  }

  private void nextWritten() {
    if (kept != null) {
      top = kept.hasNext() ? kept.next() : null;
    } else if (live.hasNext()) {
      Map.Entry<byte[], Change> next = live.next();
      top = new Written(next.getKey(), next.getValue().after());
    } else {
      top = null;
    }
  }

  /** The transaction is about to write: what was written so far is what counts here. */
  void keepRest() {
    if (kept == null) {
      List<Written> rest = new ArrayList<>();
      live.forEachRemaining(
          entry -> rest.add(new Written(entry.getKey(), entry.getValue().after())));
      kept = rest.iterator();
      live = null;
    }
  }

  @Override
  public boolean next() {
    while (top != null) {
      Written first = top;
      int order = storedReady ? Arrays.compareUnsigned(stored.key(), first.key) : 1;
      if (order < 0) {
        return takeStored();
      }
      nextWritten();
      if (order == 0) {
        storedReady = stored.next();
      }
      if (first.value != null) {
        key = first.key;
        value = first.value;
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
    onClose.run();
    stored.close();
  }
}
