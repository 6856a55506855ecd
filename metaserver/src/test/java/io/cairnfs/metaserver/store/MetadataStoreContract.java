package io.cairnfs.metaserver.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every store must do. */
abstract class MetadataStoreContract {
  @TempDir Path directory;
  private MetadataStore store;
  private StoreDigest digest = StoreDigest.EMPTY;
  private long index;

  abstract MetadataStore open(Path where) throws IOException;

  /** Opens what {@link MetadataStore#checkpoint} left. */
  abstract MetadataStore openCheckpoint(Path checkpoint) throws IOException;

  @BeforeEach
  void openStore() throws IOException {
    store = open(directory.resolve("live"));
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private static byte[] bytes(String text) {
    return ("\0" + text).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static WriteBatch.Put put(Table table, String key, String value) {
    return new WriteBatch.Put(table, bytes(key), bytes(value));
  }

  private static WriteBatch.Delete delete(Table table, String key) {
    return new WriteBatch.Delete(table, bytes(key));
  }

  private void write(WriteBatch.Write... writes) throws IOException {
    for (WriteBatch.Write write : writes) {
      byte[] before = store.get(write.table(), write.key()).orElse(null);
      if (before != null) {
        digest = digest.minus(write.table(), write.key(), before);
      }
      if (write instanceof WriteBatch.Put put) {
        digest = digest.plus(put.table(), put.key(), put.value());
      }
    }
    store.write(new WriteBatch(List.of(writes), new Applied(++index, 3, digest)));
  }

  private static List<String> scan(RecordReader reader, Table table, byte[] from, byte[] to) {
    List<String> found = new ArrayList<>();
    try (RecordCursor cursor = reader.scan(table, from, to)) {
      while (cursor.next()) {
        found.add(text(cursor.key()) + "=" + text(cursor.value()));
      }
    }
    return found;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, 1, bytes.length - 1, StandardCharsets.ISO_8859_1);
  }

  @Test
  void aNewStoreIsEmpty() {
    assertThat(store.applied()).isEqualTo(Applied.NOTHING);
    assertThat(store.get(Table.INODE, bytes("a"))).isEmpty();
    assertThat(StoreDigest.recompute(store)).isEqualTo(StoreDigest.EMPTY);
  }

  @Test
  void aBatchIsSeenWithItsIndex() throws IOException {
    write(put(Table.INODE, "a", "1"), put(Table.DENTRY, "a", "2"));
    assertThat(text(store.get(Table.INODE, bytes("a")).orElseThrow())).isEqualTo("1");
    assertThat(text(store.get(Table.DENTRY, bytes("a")).orElseThrow())).isEqualTo("2");
    assertThat(store.applied()).isEqualTo(new Applied(1, 3, StoreDigest.recompute(store)));
    write(put(Table.INODE, "a", "3"), delete(Table.DENTRY, "a"), delete(Table.DENTRY, "none"));
    assertThat(text(store.get(Table.INODE, bytes("a")).orElseThrow())).isEqualTo("3");
    assertThat(store.get(Table.DENTRY, bytes("a"))).isEmpty();
    assertThat(store.applied()).isEqualTo(new Applied(2, 3, StoreDigest.recompute(store)));
  }

  @Test
  void anEmptyValueIsARecord() throws IOException {
    store.write(
        new WriteBatch(
            List.of(new WriteBatch.Put(Table.LEASE, bytes("k"), Bytes.EMPTY)),
            new Applied(1, 1, StoreDigest.EMPTY)));
    assertThat(store.get(Table.LEASE, bytes("k"))).hasValueSatisfying(v -> assertThat(v).isEmpty());
  }

  @Test
  void anIndexOrTermThatDoesNotFollowIsRefused() throws IOException {
    write(put(Table.INODE, "a", "1"));
    WriteBatch again = new WriteBatch(List.of(), new Applied(1, 3, digest));
    assertThatThrownBy(() -> store.write(again)).isInstanceOf(IllegalStateException.class);
    WriteBatch olderTerm = new WriteBatch(List.of(), new Applied(2, 2, digest));
    assertThatThrownBy(() -> store.write(olderTerm)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void rangesAreInUnsignedOrderAndHalfOpen() throws IOException {
    write(
        put(Table.DENTRY, "\u00ff", "3"),
        put(Table.DENTRY, "b", "2"),
        put(Table.DENTRY, "a", "1"),
        put(Table.DENTRY, "bb", "4"),
        put(Table.INODE, "aa", "other table"));
    assertThat(scan(store, Table.DENTRY, Bytes.EMPTY, Bytes.EMPTY))
        .containsExactly("a=1", "b=2", "bb=4", "\u00ff=3");
    assertThat(scan(store, Table.DENTRY, bytes("a"), bytes("bb"))).containsExactly("a=1", "b=2");
    assertThat(scan(store, Table.DENTRY, bytes("c"), bytes("b"))).isEmpty();
    try (RecordCursor cursor = store.scanPrefix(Table.DENTRY, bytes("b"))) {
      assertThat(cursor.next()).isTrue();
      assertThat(text(cursor.key())).isEqualTo("b");
      assertThat(cursor.next()).isTrue();
      assertThat(text(cursor.key())).isEqualTo("bb");
      assertThat(cursor.next()).isFalse();
      assertThat(cursor.next()).isFalse();
    }
  }

  @Test
  void aViewDoesNotChange() throws IOException {
    write(put(Table.INODE, "a", "1"), put(Table.INODE, "b", "1"));
    try (StoreView view = store.view()) {
      write(put(Table.INODE, "a", "2"), delete(Table.INODE, "b"), put(Table.INODE, "c", "2"));
      assertThat(view.applied().index()).isEqualTo(1);
      assertThat(text(view.get(Table.INODE, bytes("a")).orElseThrow())).isEqualTo("1");
      assertThat(view.get(Table.INODE, bytes("c"))).isEmpty();
      assertThat(scan(view, Table.INODE, Bytes.EMPTY, Bytes.EMPTY)).containsExactly("a=1", "b=1");
      try (StoreView newer = store.view()) {
        assertThat(newer.applied().index()).isEqualTo(2);
        assertThat(scan(newer, Table.INODE, Bytes.EMPTY, Bytes.EMPTY))
            .containsExactly("a=2", "c=2");
      }
    }
  }

  @Test
  void aViewAndItsCursorOutliveTheStore() throws IOException {
    write(put(Table.INODE, "a", "1"), put(Table.INODE, "b", "1"));
    StoreView view = store.view();
    RecordCursor cursor = view.scan(Table.INODE, Bytes.EMPTY, Bytes.EMPTY);
    store.close();
    assertThat(text(view.get(Table.INODE, bytes("a")).orElseThrow())).isEqualTo("1");
    assertThat(cursor.next()).isTrue();
    view.close();
    assertThat(cursor.next()).isTrue();
    assertThat(text(cursor.key())).isEqualTo("b");
    cursor.close();
    assertThatThrownBy(view::close).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> view.get(Table.INODE, bytes("a")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.view()).isInstanceOf(IllegalStateException.class);
    store = open(directory.resolve("another"));
  }

  @Test
  void aCheckpointHoldsWhatWasAppliedAndStaysSo() throws IOException {
    write(put(Table.INODE, "a", "1"), put(Table.CHUNK, "c", "1"));
    Applied then = store.applied();
    Applied copied = store.checkpoint(directory.resolve("copy"));
    assertThat(copied).isEqualTo(then);
    write(put(Table.INODE, "a", "2"), delete(Table.CHUNK, "c"));
    try (MetadataStore copy = openCheckpoint(directory.resolve("copy"))) {
      assertThat(copy.applied()).isEqualTo(then);
      assertThat(text(copy.get(Table.INODE, bytes("a")).orElseThrow())).isEqualTo("1");
      assertThat(StoreDigest.recompute(copy)).isEqualTo(then.digest());
      copy.write(new WriteBatch(List.of(put(Table.INODE, "z", "9")), new Applied(2, 4, digest)));
    }
    assertThat(store.get(Table.INODE, bytes("z"))).isEmpty();
  }

  @Test
  void flushMakesTheAppliedDurable() throws IOException {
    write(put(Table.INODE, "a", "1"));
    assertThat(store.durable()).isEqualTo(Applied.NOTHING);
    store.flush();
    assertThat(store.durable()).isEqualTo(store.applied());
  }

  @Test
  void manyChangesGiveWhatAMapGives() throws IOException {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    TreeMap<String, String> model = new TreeMap<>();
    for (int i = 0; i < 300; i++) {
      List<WriteBatch.Write> writes = new ArrayList<>();
      TreeMap<String, Boolean> inBatch = new TreeMap<>();
      for (int j = 0; j < 8; j++) {
        String key = Integer.toString(random.nextInt(200));
        if (inBatch.put(key, true) != null) {
          continue;
        }
        if (random.nextInt(3) == 0) {
          writes.add(delete(Table.EXTENT, key));
          model.remove(key);
        } else {
          String value = Integer.toString(random.nextInt(1000));
          writes.add(put(Table.EXTENT, key, value));
          model.put(key, value);
        }
      }
      write(writes.toArray(WriteBatch.Write[]::new));
      if (i % 50 == 49) {
        assertThat(scan(store, Table.EXTENT, Bytes.EMPTY, Bytes.EMPTY))
            .isEqualTo(
                model.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
        assertThat(StoreDigest.recompute(store)).isEqualTo(store.applied().digest());
      }
    }
  }
}
