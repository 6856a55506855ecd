package io.cairnfs.metaserver.store;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A bounded cache of records, each with the log index since which it is valid. A fixed number of
 * sets of {@value #WAYS} places; a key belongs to one set, where newcomers take the places in turn.
 * Any thread; readers take no lock, whoever puts something takes one of {@value #LOCKS}.
 *
 * <p>A view must not get a record that is older or newer than itself. Two rules see to it:
 *
 * <ul>
 *   <li>The writer puts a record (or takes it out) <em>before</em> its batch reaches the store,
 *       under the batch's index. So a view at or after that index finds the new record, and one
 *       from before finds a record that is too new for it and goes to the store.
 *   <li>A reader puts what it found only if no later index has touched the set: otherwise what it
 *       found may be replaced already. Each set keeps the index that touched it last.
 * </ul>
 */
final class HotCache {
  private static final int WAYS = 4;
  private static final int LOCKS = 64;
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
  private final Object[] locks = new Object[LOCKS];

  /**
   * The hash of each place's key, so that the entries of others need not be looked at. Written
   * under the set's lock and read without: who sees an older one finds nothing, or compares keys.
   */
  private final int[] hashes;

  // Guarded by the set's lock.
  private final long[] touched;
  private final byte[] nextWay;
  private final int mask;

  /**
   * @param places rounded up to a power of two
   */
  HotCache(int places) {
    int size = Integer.highestOneBit(Math.max(WAYS, places) * 2 - 1);
    int sets = size / WAYS;
    entries = new AtomicReferenceArray<>(size);
    hashes = new int[size];
    touched = new long[sets];
    nextWay = new byte[sets];
    mask = sets - 1;
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new Object();
    }
  }

  /** Tables whose records are read again and again. */
  static boolean holds(Table table) {
    return switch (table) {
      case INODE, DENTRY, CHUNK, SESSION, REPLY, LEASE, LOCK, CLUSTER -> true;
      case CONTENT, EXTENT, REFERENCE, DELETED, OPEN_CHUNK, REPAIR, GARBAGE, LINK, XATTR -> false;
    };
  }

  /**
   * Tables of which it is worth knowing that a key has no record: that nobody writes a file is
   * asked whenever somebody looks at it.
   */
  static boolean holdsAbsence(Table table) {
    return table == Table.LEASE || table == Table.LOCK;
  }

  /** What is known about a key for a view at an index. */
  Found get(Table table, byte[] key, long viewIndex) {
    int hash = hashOf(table, key);
    int first = (hash & mask) * WAYS;
    for (int place = first; place < first + WAYS; place++) {
      Entry entry = hashes[place] == hash ? entries.get(place) : null;
      if (entry != null && entry.isOf(table, key)) {
        return entry.validSince <= viewIndex ? entry.found : Found.UNKNOWN;
      }
    }
    return Found.UNKNOWN;
  }

  /** A reader's find in a view at an index; empty = there is no record. */
  void offer(Table table, byte[] key, Optional<byte[]> value, long viewIndex) {
    if (value.isEmpty() ? !holdsAbsence(table) : value.get().length > MAX_VALUE) {
      return;
    }
    int hash = hashOf(table, key);
    int set = hash & mask;
    synchronized (lockOf(set)) {
      if (touched[set] <= viewIndex) {
        put(hash, new Entry(table, key, new Found(true, value), viewIndex));
      }
    }
  }

  /** The writer is about to set a record by the batch of an index. */
  void replace(Table table, byte[] key, byte[] value, long index) {
    int hash = hashOf(table, key);
    int set = hash & mask;
    synchronized (lockOf(set)) {
      touched[set] = index;
      if (value.length > MAX_VALUE) {
        drop(hash, table, key);
      } else {
        put(hash, new Entry(table, key, new Found(true, Optional.of(value)), index));
      }
    }
  }

  /** The writer is about to remove a record by the batch of an index. */
  void remove(Table table, byte[] key, long index) {
    int hash = hashOf(table, key);
    int set = hash & mask;
    synchronized (lockOf(set)) {
      touched[set] = index;
      if (holdsAbsence(table)) {
        put(hash, new Entry(table, key, Found.ABSENT, index));
      } else {
        drop(hash, table, key);
      }
    }
  }

  /** In the place of the same key, else in an empty one, else in the one whose turn it is. */
  private void put(int hash, Entry entry) {
    int set = hash & mask;
    int first = set * WAYS;
    int free = -1;
    for (int place = first; place < first + WAYS; place++) {
      Entry old = entries.get(place);
      if (old == null) {
        free = place;
      } else if (hashes[place] == hash && old.isOf(entry.table, entry.key)) {
        entries.setRelease(place, entry);
        return;
      }
    }
    if (free < 0) {
      free = first + nextWay[set];
      nextWay[set] = (byte) ((nextWay[set] + 1) % WAYS);
    }
    hashes[free] = hash;
    entries.setRelease(free, entry);
  }

  private void drop(int hash, Table table, byte[] key) {
    int first = (hash & mask) * WAYS;
    for (int place = first; place < first + WAYS; place++) {
      Entry old = hashes[place] == hash ? entries.get(place) : null;
      if (old != null && old.isOf(table, key)) {
        entries.setRelease(place, null);
      }
    }
  }

  private Object lockOf(int set) {
    return locks[set & (LOCKS - 1)];
  }

  private static int hashOf(Table table, byte[] key) {
    return Bytes.hash(key) + table.number();
  }
}
