package io.cairnfs.metaserver.namespace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The records of one table that a transaction has touched, found by their keys, and in key order
 * for those who scan: few do, and a hash is found at a third of the cost. One thread.
 */
final class ChangedRecords {
  /** What the store holds under a key, and what it shall hold; null = no record. */
  static final class Change {
    private final byte[] key;
    private final byte[] before;
    private byte[] after;

    private Change(byte[] key, byte[] before) {
      this.key = key;
      this.before = before;
      this.after = before;
    }

    byte[] key() {
      return key;
    }

    byte[] before() {
      return before;
    }

    byte[] after() {
      return after;
    }

    void set(byte[] value) {
      after = value;
    }

    /** False if the record is to be what it is. */
    boolean isEffective() {
      return !Arrays.equals(before, after);
    }
  }

  /** A key with its {@link io.cairnfs.metaserver.store.Bytes#hash}. */
  private static final class Key {
    private final byte[] bytes;
    private final int hash;

    Key(byte[] bytes, int hash) {
      this.bytes = bytes;
      this.hash = hash;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && key.hash == hash && Arrays.equals(key.bytes, bytes);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  private final Map<Key, Change> byKey = new HashMap<>();
  private final List<Change> inOrderOfChange = new ArrayList<>();

  /** Since somebody scanned. */
  private NavigableMap<byte[], Change> sorted;

  /** The change of a key with its hash, or null. */
  Change find(byte[] key, int hash) {
    return byKey.isEmpty() ? null : byKey.get(new Key(key, hash));
  }

  /** A key that was not touched before, and what the store holds under it. */
  Change add(byte[] key, int hash, byte[] before) {
    Change change = new Change(key, before);
    byKey.put(new Key(key, hash), change);
    inOrderOfChange.add(change);
    if (sorted != null) {
      sorted.put(key, change);
    }
    return change;
  }

  /** All, also those that are without effect. */
  List<Change> all() {
    return inOrderOfChange;
  }

  /** Those from a key up to another one, which does not belong to them; empty = to the last. */
  SortedMap<byte[], Change> within(byte[] from, byte[] to) {
    if (sorted == null) {
      sorted = new TreeMap<>(Arrays::compareUnsigned);
      for (Change change : inOrderOfChange) {
        sorted.put(change.key, change);
      }
    }
    NavigableMap<byte[], Change> rest = sorted.tailMap(from, true);
    return to.length > 0 && Arrays.compareUnsigned(from, to) < 0 ? rest.headMap(to, false) : rest;
  }
}
