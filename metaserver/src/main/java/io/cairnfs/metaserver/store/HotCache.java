package io.cairnfs.metaserver.store;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A bounded cache of records, each with the log index since which it is valid. A fixed number of
 * places; a key has one place, and the last one to come stays there. Any thread, without locks.
 *
 * <p>A view must not get a record that is older or newer than itself. Two rules see to it:
 *
 * <ul>
 *   <li>The writer puts a record (or takes it out) <em>before</em> its batch reaches the store,
 *       under the batch's index. So a view at or after that index finds the new record, and one
 *       from before finds a record that is too new for it and goes to the store.
 *   <li>A reader puts what it found only if no later index has touched the place: otherwise what it
 *       found may be replaced already. Each place keeps the index that touched it last.
 * </ul>
 */
final class HotCache {
  private static final int MAX_VALUE = 1024;

  /** What the cache knows about a key: nothing, that it has no record, or its value. */
  record Found(boolean isKnown, Optional<byte[]> value) {
    static final Found UNKNOWN = new Found(false, Optional.empty());
    static final Found ABSENT = new Found(true, Optional.empty());
  }

  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  private record Entry(Table table, byte[] key, Found found, long validSince) {
    boolean isOf(Table otherTable, byte[] otherKey) {
      return table == otherTable && Arrays.equals(key, otherKey);
    }
  }

  private final AtomicReferenceArray<Entry> entries;
  private final AtomicLongArray touched;
  private final int mask;

  /**
   * @param places rounded up to a power of two
   */
  HotCache(int places) {
    int size = Integer.highestOneBit(Math.max(2, places) * 2 - 1);
    entries = new AtomicReferenceArray<>(size);
    touched = new AtomicLongArray(size);
    mask = size - 1;
  }

  /** Tables whose records are read again and again. */
  static boolean holds(Table table) {
    return switch (table) {
      case INODE, DENTRY, CHUNK, SESSION, REPLY, LEASE, CLUSTER -> true;
      case CONTENT, EXTENT, REFERENCE, DELETED, OPEN_CHUNK, REPAIR, GARBAGE -> false;
    };
  }

  /**
   * Tables of which it is worth knowing that a key has no record: that nobody writes a file is
   * asked whenever somebody looks at it.
   */
  static boolean holdsAbsence(Table table) {
    return table == Table.LEASE;
  }

  /** What is known about a key for a view at an index. */
  Found get(Table table, byte[] key, long viewIndex) {
    Entry entry = entries.get(placeOf(table, key));
    return entry != null && entry.validSince <= viewIndex && entry.isOf(table, key)
        ? entry.found
        : Found.UNKNOWN;
  }

  /** A reader's find in a view at an index; empty = there is no record. */
  void offer(Table table, byte[] key, Optional<byte[]> value, long viewIndex) {
    if (value.isEmpty() ? !holdsAbsence(table) : value.get().length > MAX_VALUE) {
      return;
    }
    int place = placeOf(table, key);
    Entry seen = entries.get(place);
    if (touched.get(place) <= viewIndex) {
      // Fails if the writer, or another reader, was here since.
      entries.compareAndSet(place, seen, new Entry(table, key, new Found(true, value), viewIndex));
    }
  }

  /** The writer is about to set a record by the batch of an index. */
  void replace(Table table, byte[] key, byte[] value, long index) {
    int place = placeOf(table, key);
    touched.set(place, index);
    if (value.length > MAX_VALUE) {
      entries.set(place, new Entry(table, key, Found.UNKNOWN, Long.MAX_VALUE));
      return;
    }
    entries.set(place, new Entry(table, key, new Found(true, Optional.of(value)), index));
  }

  /** The writer is about to remove a record by the batch of an index. */
  void remove(Table table, byte[] key, long index) {
    int place = placeOf(table, key);
    touched.set(place, index);
    // Always an object of its own: a reader that saw an empty place before the index was set must
    // not
    // mistake this place for that one.
    entries.set(
        place,
        holdsAbsence(table)
            ? new Entry(table, key, Found.ABSENT, index)
            : new Entry(table, key, Found.UNKNOWN, Long.MAX_VALUE));
  }

  private int placeOf(Table table, byte[] key) {
    int hash = Arrays.hashCode(key) * 31 + table.number();
    hash *= 0x9e3779b9;
    return (hash ^ (hash >>> 15)) & mask;
  }
}
