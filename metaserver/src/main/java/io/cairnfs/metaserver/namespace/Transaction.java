package io.cairnfs.metaserver.namespace;

import io.cairnfs.metaserver.namespace.ChangedRecords.Change;
import io.cairnfs.metaserver.store.Applied;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.MetadataStore;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.metaserver.store.WriteBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * All changes of one log entry, or of several that follow one another, and the only way to change a
 * store. Reads see the changes made so far. Each command runs between {@link #begin} and either
 * {@link #keep} or {@link #discard}: a discarded command leaves nothing behind. {@link #finish}
 * gives the batch to be written.
 *
 * <p>Knows each changed record's previous value, from which it keeps the digest of the store. One
 * thread, one use.
 */
public final class Transaction implements RecordReader {
  /** What a changed record was to be before a command changed it. */
  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  private record Undo(Table table, Change change, byte[] after) {}

  /** A record of the store as it is before these entries. */
  @SuppressWarnings("ArrayRecordComponent") // values by agreement: nobody changes the bytes
  private record Read(Table table, byte[] key, Optional<byte[]> value) {}

  private static final int RECENT = 64;

  private final MetadataStore store;
  private long index;
  private long term;
  private final Map<Table, ChangedRecords> changes = new EnumMap<>(Table.class);
  private final List<Undo> undo = new ArrayList<>();

  /** Those that look at {@link #changes} as they are. */
  private final Map<Table, List<MergedCursor>> cursors = new EnumMap<>(Table.class);

  private final Read[] recent = new Read[RECENT];
  private final long[] countersBefore;
  private final long[] counters;
  private long[] countersAtBegin;
  private boolean inCommand;

  /**
   * @param store as it is before the entries; not written by anybody else meanwhile
   * @param index log index of the first entry
   * @param term its term
   */
  public Transaction(MetadataStore store, long index, long term) {
    this.store = store;
    this.index = index;
    this.term = term;
    for (Table table : Table.values()) {
      changes.put(table, new ChangedRecords());
      cursors.put(table, new ArrayList<>(2));
    }
    countersBefore = Counter.read(store);
    counters = countersBefore.clone();
    countersAtBegin = countersBefore;
  }

  /** Log index of the entry: the last-write index of every record it writes. */
  public long index() {
    return index;
  }

  /** What comes now is of this entry, which is the same or a later one. */
  public void enter(long entryIndex, long entryTerm) {
    requireCommand(false);
    if (entryIndex < index || entryTerm < term) {
      throw new IllegalArgumentException(
          "entry " + entryIndex + "@" + entryTerm + " after " + index + "@" + term);
    }
    index = entryIndex;
    term = entryTerm;
  }

  // Commands.

  /** Starts a command. */
  public void begin() {
    requireCommand(false);
    inCommand = true;
    undo.clear();
    countersAtBegin = counters.clone();
  }

  /** Ends a command whose changes stay. */
  public void keep() {
    requireCommand(true);
    inCommand = false;
    undo.clear();
  }

  /** Takes back everything since {@link #begin}; the command goes on with nothing done. */
  public void discard() {
    requireCommand(true);
    for (int i = undo.size() - 1; i >= 0; i--) {
      Undo step = undo.get(i);
      beforeWrite(step.table);
      step.change.set(step.after);
    }
    undo.clear();
    System.arraycopy(countersAtBegin, 0, counters, 0, counters.length);
  }

  private void requireCommand(boolean wanted) {
    if (inCommand != wanted) {
      throw new IllegalStateException(wanted ? "outside a command" : "inside a command");
    }
  }

  // Reads.

  @Override
  public Optional<byte[]> get(Table table, byte[] key) {
    int hash = Bytes.hash(key);
    Change change = changes.get(table).find(key, hash);
    return change == null ? readStore(table, key, hash) : Optional.ofNullable(change.after());
  }

  /** What was just read is mostly what is written next. */
  private Optional<byte[]> readStore(Table table, byte[] key, int hash) {
    int place = (hash + table.number()) & (RECENT - 1);
    Read read = recent[place];
    if (read == null || read.table != table || !Arrays.equals(read.key, key)) {
      read = new Read(table, key, store.get(table, key));
      recent[place] = read;
    }
    return read.value;
  }

  /** The record's value before these log entries. */
  public Optional<byte[]> previous(Table table, byte[] key) {
    return readStore(table, key, Bytes.hash(key));
  }

  /** As {@link RecordReader#scan}: the records as they are now, not changed by later writes. */
  @Override
  public RecordCursor scan(Table table, byte[] from, byte[] to) {
    SortedMap<byte[], Change> written = changes.get(table).within(from, to);
    RecordCursor stored = store.scan(table, from, to);
    if (written.isEmpty()) {
      return stored;
    }
    List<MergedCursor> open = cursors.get(table);
    MergedCursor[] made = new MergedCursor[1];
    made[0] = new MergedCursor(stored, written, () -> open.remove(made[0]));
    open.add(made[0]);
    return made[0];
  }

  private void beforeWrite(Table table) {
    List<MergedCursor> open = cursors.get(table);
    if (!open.isEmpty()) {
      open.forEach(MergedCursor::keepRest);
      open.clear();
    }
  }

  // Writes.

  /** Sets a record. */
  public void put(Table table, byte[] key, byte[] value) {
    change(table, key, value);
  }

  /** Removes a record; nothing happens if there is none. */
  public void delete(Table table, byte[] key) {
    change(table, key, null);
  }

  /** Sets a record of a key that was never used before, such as a new id's. */
  public void insert(Table table, byte[] key, byte[] value) {
    Change change = changeOfAbsent(table, key);
    if (change.before() != null) {
      throw new IllegalStateException("a key of table " + table + " is not new");
    }
    set(table, change, value);
  }

  /**
   * Sets a record of a key that has none now, as a scan of this command has shown: the store is not
   * asked again.
   */
  public void putAbsent(Table table, byte[] key, byte[] value) {
    set(table, changeOfAbsent(table, key), value);
  }

  private Change changeOfAbsent(Table table, byte[] key) {
    requireCommand(true);
    beforeWrite(table);
    ChangedRecords records = changes.get(table);
    int hash = Bytes.hash(key);
    Change change = records.find(key, hash);
    if (change == null) {
      return records.add(key, hash, null);
    }
    if (change.after() != null) {
      throw new IllegalStateException("a key of table " + table + " has a record");
    }
    return change;
  }

  private void change(Table table, byte[] key, byte[] after) {
    requireCommand(true);
    beforeWrite(table);
    ChangedRecords records = changes.get(table);
    int hash = Bytes.hash(key);
    Change change = records.find(key, hash);
    if (change == null) {
      byte[] before = readStore(table, key, hash).orElse(null);
      if (before == null && after == null) {
        return;
      }
      change = records.add(key, hash, before);
    }
    set(table, change, after);
  }

  private void set(Table table, Change change, byte[] after) {
    undo.add(new Undo(table, change, change.after()));
    change.set(after);
  }

  public long counter(Counter counter) {
    return counters[counter.position()];
  }

  public void setCounter(Counter counter, long value) {
    requireCommand(true);
    counters[counter.position()] = value;
  }

  /** Adds to a total, which never falls below zero. */
  public void addTo(Counter counter, long delta) {
    long value = counter(counter) + delta;
    if (value < 0) {
      throw new IllegalStateException("total " + counter + " would be " + value);
    }
    setCounter(counter, value);
  }

  /** The next id of a counter. */
  public long nextId(Counter counter) {
    long id = counter(counter) + 1;
    setCounter(counter, id);
    return id;
  }

  /** The batch of everything kept, with the position and digest it leads to. */
  public WriteBatch finish() {
    requireCommand(false);
    if (!Arrays.equals(counters, countersBefore)) {
      begin();
      put(Table.CLUSTER, Counter.recordKey(), Counter.encode(counters));
      keep();
    }
    StoreDigest digest = store.applied().digest();
    List<WriteBatch.Write> writes = new ArrayList<>();
    for (Map.Entry<Table, ChangedRecords> table : changes.entrySet()) {
      for (Change change : table.getValue().all()) {
        digest = collect(table.getKey(), change, digest, writes);
      }
    }
    return new WriteBatch(writes, new Applied(index, term, digest));
  }

  private static StoreDigest collect(
      Table table, Change change, StoreDigest digest, List<WriteBatch.Write> writes) {
    if (!change.isEffective()) {
      return digest;
    }
    byte[] key = change.key();
    StoreDigest after = digest;
    if (change.before() != null) {
      after = after.minus(table, key, change.before());
    }
    if (change.after() == null) {
      writes.add(new WriteBatch.Delete(table, key));
      return after;
    }
    writes.add(new WriteBatch.Put(table, key, change.after()));
    return after.plus(table, key, change.after());
  }
}
