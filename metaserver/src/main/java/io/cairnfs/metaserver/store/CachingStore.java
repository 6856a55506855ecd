package io.cairnfs.metaserver.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A store with a {@link HotCache} of inodes, names, sessions and settings in front, for readers on
 * any thread and for the thread that applies. Behaves exactly as the store behind it.
 */
public final class CachingStore implements MetadataStore {
  private final MetadataStore store;
  private final HotCache cache;

  /**
   * @param places records that the cache has room for
   */
  public CachingStore(MetadataStore store, int places) {
    this.store = store;
    this.cache = new HotCache(places);
  }

  @Override
  public Optional<byte[]> get(Table table, byte[] key) {
    return get(store, table, key, store.applied().index());
  }

  private Optional<byte[]> get(RecordReader reader, Table table, byte[] key, long index) {
    if (!HotCache.holds(table)) {
      return reader.get(table, key);
    }
    HotCache.Found cached = cache.get(table, key, index);
    if (cached.isKnown()) {
      return cached.value();
    }
    Optional<byte[]> found = reader.get(table, key);
    cache.offer(table, key, found, index);
    return found;
  }

  @Override
  public RecordCursor scan(Table table, byte[] from, byte[] to) {
    return store.scan(table, from, to);
  }

  @Override
  public StoreView view() {
    return new CachingView(store.view());
  }

  @Override
  public void write(WriteBatch batch) throws IOException {
    long index = batch.applied().index();
    StoreChecks.requireAfter(applied(), batch.applied());
    for (WriteBatch.Write write : batch.writes()) {
      if (!HotCache.holds(write.table())) {
        continue;
      }
      if (write instanceof WriteBatch.Put put) {
        cache.replace(put.table(), put.key(), put.value(), index);
      } else {
        cache.remove(write.table(), write.key(), index);
      }
    }
    store.write(batch);
  }

  @Override
  public Applied applied() {
    return store.applied();
  }

  @Override
  public Applied durable() {
    return store.durable();
  }

  @Override
  public void flush() throws IOException {
    store.flush();
  }

  @Override
  public Applied checkpoint(Path directory) throws IOException {
    return store.checkpoint(directory);
  }

  @Override
  public void close() {
    store.close();
  }

  private final class CachingView implements StoreView {
    private final StoreView view;

    CachingView(StoreView view) {
      this.view = view;
    }

    @Override
    public Optional<byte[]> get(Table table, byte[] key) {
      return CachingStore.this.get(view, table, key, view.applied().index());
    }

    @Override
    public RecordCursor scan(Table table, byte[] from, byte[] to) {
      return view.scan(table, from, to);
    }

    @Override
    public Applied applied() {
      return view.applied();
    }

    @Override
    public void close() {
      view.close();
    }
  }
}
