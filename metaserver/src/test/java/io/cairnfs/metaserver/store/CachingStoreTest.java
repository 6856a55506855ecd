package io.cairnfs.metaserver.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class CachingStoreTest extends MetadataStoreContract {
  private static final byte[] KEY = {0, 7};

  @Override
  MetadataStore open(Path where) {
    return new CachingStore(new MemoryStore(), 64);
  }

  @Override
  MetadataStore openCheckpoint(Path checkpoint) throws IOException {
    return new CachingStore(MemoryStore.open(checkpoint), 64);
  }

  private static WriteBatch put(long index) {
    return new WriteBatch(
        List.of(new WriteBatch.Put(Table.INODE, KEY, new byte[] {(byte) index})),
        new Applied(index, 1, StoreDigest.EMPTY));
  }

  private static WriteBatch delete(long index) {
    return new WriteBatch(
        List.of(new WriteBatch.Delete(Table.INODE, KEY)), new Applied(index, 1, StoreDigest.EMPTY));
  }

  /**
   * A reader misses, reads version 10 and is late: 11 is applied before it puts what it found.
   * Later readers must not get version 10.
   */
  @Test
  void aLateReaderDoesNotBringBackWhatWasReplaced() {
    HotCache cache = new HotCache(4);
    cache.replace(Table.INODE, KEY, new byte[] {11}, 11);
    cache.offer(Table.INODE, KEY, Optional.of(new byte[] {10}), 10);
    assertThat(cache.get(Table.INODE, KEY, 11).value()).hasValue(new byte[] {11});
    cache.remove(Table.INODE, KEY, 12);
    cache.offer(Table.INODE, KEY, Optional.of(new byte[] {11}), 11);
    assertThat(cache.get(Table.INODE, KEY, 12).isKnown()).isFalse();
  }

  @Test
  void thatThereIsNoLeaseIsRemembered() {
    HotCache cache = new HotCache(4);
    cache.offer(Table.LEASE, KEY, Optional.empty(), 5);
    assertThat(cache.get(Table.LEASE, KEY, 5)).isEqualTo(HotCache.Found.ABSENT);
    assertThat(cache.get(Table.LEASE, KEY, 4).isKnown()).isFalse();
    cache.replace(Table.LEASE, KEY, new byte[] {1}, 6);
    cache.offer(Table.LEASE, KEY, Optional.empty(), 5);
    assertThat(cache.get(Table.LEASE, KEY, 6).value()).hasValue(new byte[] {1});
    cache.remove(Table.LEASE, KEY, 7);
    assertThat(cache.get(Table.LEASE, KEY, 7)).isEqualTo(HotCache.Found.ABSENT);
    assertThat(cache.get(Table.LEASE, KEY, 6).isKnown()).isFalse();
    cache.replace(Table.LEASE, KEY, new byte[2000], 8);
    assertThat(cache.get(Table.LEASE, KEY, 8).isKnown()).isFalse();
  }

  @Test
  void anOldViewDoesNotSeeWhatIsNewerInTheCache() throws IOException {
    MetadataStore store = open(directory);
    store.write(put(1));
    try (StoreView old = store.view()) {
      store.write(put(2));
      assertThat(old.get(Table.INODE, KEY)).hasValue(new byte[] {1});
      try (StoreView newer = store.view()) {
        assertThat(newer.get(Table.INODE, KEY)).hasValue(new byte[] {2});
      }
      store.write(delete(3));
      assertThat(old.get(Table.INODE, KEY)).hasValue(new byte[] {1});
      assertThat(store.get(Table.INODE, KEY)).isEmpty();
    }
  }

  @Test
  void readersBesideTheWriterAlwaysSeeTheirOwnIndex() throws Exception {
    MetadataStore store = new CachingStore(new MemoryStore(), 2);
    store.write(put(1));
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        readers.add(threads.submit(() -> readUntil(store, done)));
      }
      for (long index = 2; index < 30_000; index++) {
        store.write(index % 3 == 0 ? delete(index) : put(index));
      }
      done.set(true);
      for (Future<Long> reader : readers) {
        assertThat(reader.get(30, TimeUnit.SECONDS)).isPositive();
      }
    } finally {
      done.set(true);
      threads.shutdownNow();
      assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static Long readUntil(MetadataStore store, AtomicBoolean done) {
    long reads = 0;
    do {
      try (StoreView view = store.view()) {
        long index = view.applied().index();
        byte[] value = view.get(Table.INODE, KEY).orElse(Bytes.EMPTY);
        byte[] expected = index % 3 == 0 ? Bytes.EMPTY : new byte[] {(byte) index};
        assertThat(value).as("at index %s", index).isEqualTo(expected);
        reads++;
      }
    } while (!done.get());
    return reads;
  }
}
