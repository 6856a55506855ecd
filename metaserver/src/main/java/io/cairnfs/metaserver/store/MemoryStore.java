package io.cairnfs.metaserver.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The store in memory, for simulations and models: trees that are never changed, so that a view is
 * one reference. A checkpoint is one file with all records ({@link StoreDump}). Nothing survives a
 * crash: {@link #durable} is what the last {@link #flush} saw, and a simulation loses the rest.
 */
public final class MemoryStore implements MetadataStore {
  private static final String DUMP_NAME = "records";

  private volatile State state;
  private volatile Applied durable;
  private volatile boolean closed;

  private record State(Map<Table, PersistentTree> trees, Applied applied) implements RecordReader {
    @Override
    public Optional<byte[]> get(Table table, byte[] key) {
      return trees.get(table).get(key);
    }

    @Override
    public RecordCursor scan(Table table, byte[] from, byte[] to) {
      return trees.get(table).scan(from, to);
    }
  }

  /** An empty store. */
  public MemoryStore() {
    this(emptyTrees(), Applied.NOTHING);
  }

  private MemoryStore(Map<Table, PersistentTree> trees, Applied applied) {
    this.state = new State(trees, applied);
    this.durable = applied;
  }

  /** The store that {@link #checkpoint} left in a directory. */
  public static MemoryStore open(Path directory) throws IOException {
    Map<Table, PersistentTree> trees = emptyTrees();
    Applied applied = StoreDump.read(directory.resolve(DUMP_NAME), into(trees));
    return new MemoryStore(trees, applied);
  }

  private static StoreDump.RecordSink into(Map<Table, PersistentTree> trees) {
    return (table, key, value) -> trees.compute(table, (name, tree) -> tree.with(key, value));
  }

  /** The store that {@link #dump} wrote. */
  public static MemoryStore load(byte[] dump) throws IOException {
    Map<Table, PersistentTree> trees = emptyTrees();
    Applied applied =
        StoreDump.read(
            Path.of(DUMP_NAME), dump.length, new ByteArrayInputStream(dump), into(trees));
    return new MemoryStore(trees, applied);
  }

  /** All records, as a checkpoint has them in its file. */
  public byte[] dump() throws IOException {
    State now = state;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    StoreDump.write(bytes, now, now.applied);
    return bytes.toByteArray();
  }

  /** A store of its own that begins with the present state. */
  public MemoryStore copy() {
    return new MemoryStore(state.trees, state.applied);
  }

  private static Map<Table, PersistentTree> emptyTrees() {
    Map<Table, PersistentTree> trees = new EnumMap<>(Table.class);
    for (Table table : Table.values()) {
      trees.put(table, PersistentTree.EMPTY);
    }
    return trees;
  }

  @Override
  public Optional<byte[]> get(Table table, byte[] key) {
    return state.get(table, key);
  }

  @Override
  public RecordCursor scan(Table table, byte[] from, byte[] to) {
    return state.scan(table, from, to);
  }

  @Override
  public StoreView view() {
    requireOpen();
    return new View(state);
  }

  @Override
  public void write(WriteBatch batch) {
    requireOpen();
    State before = state;
    StoreChecks.requireAfter(before.applied, batch.applied());
    Map<Table, PersistentTree> trees = new EnumMap<>(before.trees);
    for (WriteBatch.Write write : batch.writes()) {
      PersistentTree tree = trees.get(write.table());
      if (write instanceof WriteBatch.Put put) {
        trees.put(put.table(), tree.with(put.key(), put.value()));
      } else {
        trees.put(write.table(), tree.without(write.key()));
      }
    }
    state = new State(trees, batch.applied());
  }

  @Override
  public Applied applied() {
    return state.applied;
  }

  @Override
  public Applied durable() {
    return durable;
  }

  @Override
  public void flush() {
    requireOpen();
    durable = state.applied;
  }

  @Override
  public Applied checkpoint(Path directory) throws IOException {
    requireOpen();
    State now = state;
    Files.createDirectory(directory);
    StoreDump.write(directory.resolve(DUMP_NAME), now, now.applied);
    durable = now.applied;
    return now.applied;
  }

  @Override
  public void close() {
    closed = true;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  private static final class View implements StoreView {
    private State state;

    View(State state) {
      this.state = state;
    }

    @Override
    public Optional<byte[]> get(Table table, byte[] key) {
      return open().get(table, key);
    }

    @Override
    public RecordCursor scan(Table table, byte[] from, byte[] to) {
      return open().scan(table, from, to);
    }

    @Override
    public Applied applied() {
      return open().applied;
    }

    @Override
    public void close() {
      open();
      state = null;
    }

    private State open() {
      if (state == null) {
        throw new IllegalStateException("the view is closed");
      }
      return state;
    }
  }
}
