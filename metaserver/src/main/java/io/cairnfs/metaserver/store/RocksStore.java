package io.cairnfs.metaserver.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.rocksdb.Checkpoint;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/**
 * The store on disk, in RocksDB. The replicated log is what makes entries durable; RocksDB's own
 * log is never forced and spares a process that was killed the work of executing everything since
 * the last flush once more. A batch is in it as a whole, with the index that it was made at, and
 * all column families are flushed together: so after a crash, also one of the machine, the store
 * stands exactly at some applied index, and what follows is applied again.
 *
 * <p>After each batch a snapshot is taken that all views share until the next batch.
 */
public final class RocksStore implements MetadataStore {
  /** Batches that wait in memory before the system gets them, as a killed process loses them. */
  private static final int BATCHES_IN_MEMORY = 128;

  private final RocksHandle handle;
  private final RocksOptions options;
  private final WriteOptions unforced = new WriteOptions().setSync(false);
  private final ReadOptions newest = new ReadOptions();
  private volatile RocksSnapshot current;
  private volatile Applied durable;
  private volatile boolean closed;

  /** By the thread that writes. */
  private int batchesInMemory;

  /** Changes since a flush was begun last. */
  private final AtomicInteger unflushedWrites = new AtomicInteger();

  private RocksStore(RocksHandle handle, RocksOptions options) throws IOException {
    this.handle = handle;
    this.options = options;
    Applied applied = handle.readApplied();
    this.durable = applied;
    this.current = snapshotAt(applied);
  }

  /** Opens the store in a directory, which is made if it does not exist. */
  public static RocksStore open(Path directory, RocksOptions options) throws IOException {
    Files.createDirectories(directory);
    RocksHandle handle = RocksHandle.open(directory, options);
    try {
      return new RocksStore(handle, options);
    } catch (IOException e) {
      handle.release();
      throw e;
    }
  }

  /** See {@link RocksHandle#verify}. */
  void verify() throws IOException {
    handle.verify();
  }

  private void hold() {
    if (!handle.tryAcquire()) {
      throw new IllegalStateException("the store is closed");
    }
  }

  private RocksSnapshot snapshotAt(Applied applied) {
    hold();
    return new RocksSnapshot(handle, applied);
  }

  @Override
  public Optional<byte[]> get(Table table, byte[] key) {
    requireOpen();
    return handle.get(table, key, newest);
  }

  @Override
  public RecordCursor scan(Table table, byte[] from, byte[] to) {
    requireOpen();
    return current.scan(table, from, to);
  }

  @Override
  public StoreView view() {
    while (true) {
      RocksSnapshot snapshot = current;
      if (snapshot.tryAcquire()) {
        return new RocksView(snapshot);
      }
      if (snapshot == current) {
        throw new IllegalStateException("the store is closed");
      }
    }
  }

  @Override
  public void write(WriteBatch batch) throws IOException {
    requireOpen();
    StoreChecks.requireAfter(applied(), batch.applied());
    try (org.rocksdb.WriteBatch rocksBatch = new org.rocksdb.WriteBatch(encode(batch))) {
      handle.db().write(unforced, rocksBatch);
      if (++batchesInMemory == BATCHES_IN_MEMORY) {
        batchesInMemory = 0;
        handle.db().flushWal(false);
      }
    } catch (RocksDBException e) {
      throw new IOException("writing index " + batch.applied().index() + " to the store", e);
    }
    RocksSnapshot before = current;
    current = snapshotAt(batch.applied());
    before.release();
    if (unflushedWrites.addAndGet(batch.writes().size()) >= options.unflushedWrites()) {
      beginFlush();
    }
  }

  /** Others do it, and nobody waits. */
  private void beginFlush() throws IOException {
    unflushedWrites.set(0);
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(false)) {
      handle.db().flush(flush, handle.allFamilies());
    } catch (RocksDBException e) {
      throw new IOException("flushing the store", e);
    }
  }

  private byte[] encode(WriteBatch batch) {
    BatchEncoder encoder = new BatchEncoder();
    for (WriteBatch.Write write : batch.writes()) {
      int family = handle.familyNumber(write.table());
      if (write instanceof WriteBatch.Put put) {
        encoder.put(family, put.key(), put.value());
      } else {
        encoder.delete(family, write.key());
      }
    }
    encoder.put(0, RocksHandle.appliedKey(), RocksHandle.encode(batch.applied()));
    return encoder.toByteArray();
  }

  @Override
  public Applied applied() {
    return current.applied();
  }

  @Override
  public Applied durable() {
    return durable;
  }

  @Override
  public void flush() throws IOException {
    hold();
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      Applied applied = applied();
      handle.db().flush(flush, handle.allFamilies());
      durable = applied;
      unflushedWrites.set(0);
    } catch (RocksDBException e) {
      throw new IOException("flushing the store", e);
    } finally {
      handle.release();
    }
  }

  @Override
  public Applied checkpoint(Path directory) throws IOException {
    hold();
    try (Checkpoint checkpoint = Checkpoint.create(handle.db())) {
      checkpoint.createCheckpoint(directory.toString());
    } catch (RocksDBException e) {
      throw new IOException("checkpoint of the store to " + directory, e);
    } finally {
      handle.release();
    }
    Applied copied = readBack(directory);
    forceAll(directory);
    return copied;
  }

  private Applied readBack(Path directory) throws IOException {
    RocksHandle copy = RocksHandle.openReadOnly(directory, options);
    try {
      return copy.readApplied();
    } finally {
      copy.release();
      // What RocksDB had to say while it was open is no part of the copy.
      for (Path file : filesOf(directory)) {
        if (file.getFileName().toString().startsWith("LOG")) {
          Files.delete(file);
        }
      }
    }
  }

  private static void forceAll(Path directory) throws IOException {
    for (Path file : filesOf(directory)) {
      force(file, StandardOpenOption.WRITE);
    }
    force(directory, StandardOpenOption.READ);
  }

  private static List<Path> filesOf(Path directory) throws IOException {
    try (Stream<Path> list = Files.list(directory)) {
      return list.toList();
    }
  }

  private static void force(Path path, StandardOpenOption how) throws IOException {
    try (FileChannel channel = FileChannel.open(path, how)) {
      channel.force(true);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      unforced.close();
      newest.close();
      current.release();
      handle.release();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  private static final class RocksView implements StoreView {
    private final RocksSnapshot snapshot;
    private volatile boolean viewClosed;

    /** Takes over one hold of the snapshot. */
    RocksView(RocksSnapshot snapshot) {
      this.snapshot = snapshot;
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
      return open().applied();
    }

    @Override
    public void close() {
      open();
      viewClosed = true;
      snapshot.release();
    }

    private RocksSnapshot open() {
      if (viewClosed) {
        throw new IllegalStateException("the view is closed");
      }
      return snapshot;
    }
  }
}
