package io.cairnfs.metaserver.namespace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.metaserver.store.Applied;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.MemoryStore;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.metaserver.store.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class TransactionTest {
  private final MemoryStore store = new MemoryStore();

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private Transaction begin(long index) {
    Transaction transaction = new Transaction(store, index, 1);
    transaction.begin();
    return transaction;
  }

  private void finish(Transaction transaction) {
    transaction.keep();
    store.write(transaction.finish());
    assertThat(StoreDigest.recompute(store)).isEqualTo(store.applied().digest());
  }

  private static String scan(Transaction transaction) {
    StringBuilder found = new StringBuilder();
    try (RecordCursor cursor = transaction.scan(Table.EXTENT, Bytes.EMPTY, Bytes.EMPTY)) {
      while (cursor.next()) {
        found.append(new String(cursor.key(), StandardCharsets.US_ASCII)).append('=');
        found.append(new String(cursor.value(), StandardCharsets.US_ASCII)).append(' ');
      }
    }
    return found.toString().trim();
  }

  @Test
  void readsSeeWhatWasWrittenBefore() {
    Transaction first = begin(1);
    first.put(Table.EXTENT, bytes("a"), bytes("1"));
    first.put(Table.EXTENT, bytes("b"), bytes("2"));
    finish(first);
    Transaction second = begin(2);
    second.put(Table.EXTENT, bytes("b"), bytes("3"));
    second.put(Table.EXTENT, bytes("c"), bytes("4"));
    second.delete(Table.EXTENT, bytes("a"));
    assertThat(scan(second)).isEqualTo("b=3 c=4");
    assertThat(second.get(Table.EXTENT, bytes("a"))).isEmpty();
    assertThat(second.previous(Table.EXTENT, bytes("a"))).hasValue(bytes("1"));
    finish(second);
  }

  @Test
  void aRecordThatIsKnownToBeAbsentIsSetWithoutAskingTheStore() {
    Transaction first = begin(1);
    first.put(Table.EXTENT, bytes("a"), bytes("1"));
    first.put(Table.EXTENT, bytes("b"), bytes("2"));
    finish(first);
    Transaction second = begin(2);
    second.delete(Table.EXTENT, bytes("a"));
    second.keep();
    second.begin();
    second.putAbsent(Table.EXTENT, bytes("a"), bytes("3"));
    second.putAbsent(Table.EXTENT, bytes("c"), bytes("4"));
    assertThat(scan(second)).isEqualTo("a=3 b=2 c=4");
    second.discard();
    assertThat(scan(second)).isEqualTo("b=2");
    second.putAbsent(Table.EXTENT, bytes("a"), bytes("5"));
    second.putAbsent(Table.EXTENT, bytes("d"), bytes("6"));
    finish(second);
    Transaction third = begin(3);
    assertThat(scan(third)).isEqualTo("a=5 b=2 d=6");
    assertThat(third.previous(Table.EXTENT, bytes("a"))).hasValue(bytes("5"));
    third.put(Table.EXTENT, bytes("e"), bytes("7"));
    assertThatThrownBy(() -> third.putAbsent(Table.EXTENT, bytes("e"), bytes("8")))
        .isInstanceOf(IllegalStateException.class);
  }

  private static String key(RecordCursor cursor) {
    return new String(cursor.key(), StandardCharsets.US_ASCII)
        + new String(cursor.value(), StandardCharsets.US_ASCII);
  }

  @Test
  void whatIsWrittenWhileACursorIsOpenIsNotSeenThere() {
    Transaction first = begin(1);
    first.put(Table.EXTENT, bytes("b"), bytes("0"));
    finish(first);
    Transaction second = begin(2);
    for (String key : List.of("a", "c", "d", "e")) {
      second.put(Table.EXTENT, bytes(key), bytes("1"));
    }
    second.keep();
    second.begin();
    second.put(Table.EXTENT, bytes("f"), bytes("1"));
    List<String> found = new ArrayList<>();
    try (RecordCursor cursor = second.scan(Table.EXTENT, Bytes.EMPTY, Bytes.EMPTY);
        RecordCursor other = second.scan(Table.EXTENT, bytes("d"), Bytes.EMPTY)) {
      assertThat(cursor.next()).isTrue();
      found.add(key(cursor));
      second.put(Table.EXTENT, bytes("b"), bytes("2"));
      second.put(Table.EXTENT, bytes("d"), bytes("2"));
      second.delete(Table.EXTENT, bytes("e"));
      second.put(Table.EXTENT, bytes("g"), bytes("2"));
      assertThat(cursor.next()).isTrue();
      found.add(key(cursor));
      second.discard();
      while (cursor.next()) {
        found.add(key(cursor));
      }
      assertThat(other.next()).isTrue();
      assertThat(key(other)).isEqualTo("d1");
    }
    assertThat(found).containsExactly("a1", "b0", "c1", "d1", "e1", "f1");
    assertThat(scan(second)).isEqualTo("a=1 b=0 c=1 d=1 e=1");
    finish(second);
  }

  @Test
  void aDiscardedCommandLeavesNothing() {
    Transaction transaction = begin(1);
    transaction.put(Table.EXTENT, bytes("a"), bytes("1"));
    transaction.setCounter(Counter.INODE_ID, 5);
    transaction.keep();
    transaction.begin();
    transaction.put(Table.EXTENT, bytes("a"), bytes("2"));
    transaction.put(Table.EXTENT, bytes("a"), bytes("3"));
    transaction.put(Table.EXTENT, bytes("b"), bytes("4"));
    transaction.delete(Table.EXTENT, bytes("a"));
    assertThat(transaction.nextId(Counter.INODE_ID)).isEqualTo(6);
    transaction.discard();
    assertThat(scan(transaction)).isEqualTo("a=1");
    assertThat(transaction.counter(Counter.INODE_ID)).isEqualTo(5);
    transaction.put(Table.EXTENT, bytes("c"), bytes("5"));
    finish(transaction);
    assertThat(store.get(Table.EXTENT, bytes("a"))).hasValue(bytes("1"));
    assertThat(store.get(Table.EXTENT, bytes("b"))).isEmpty();
    assertThat(store.get(Table.EXTENT, bytes("c"))).hasValue(bytes("5"));
    assertThat(Counter.INODE_ID.in(store)).isEqualTo(5);
  }

  @Test
  void whatIsWrittenAndTakenBackIsNotInTheBatch() {
    Transaction transaction = begin(1);
    transaction.put(Table.EXTENT, bytes("a"), bytes("1"));
    transaction.delete(Table.EXTENT, bytes("a"));
    transaction.delete(Table.EXTENT, bytes("never"));
    transaction.keep();
    WriteBatch batch = transaction.finish();
    assertThat(batch.writes()).isEmpty();
    assertThat(batch.applied()).isEqualTo(new Applied(1, 1, StoreDigest.EMPTY));
  }

  @Test
  void writesBelongToACommand() {
    Transaction transaction = new Transaction(store, 1, 1);
    assertThatThrownBy(() -> transaction.put(Table.EXTENT, bytes("a"), bytes("1")))
        .isInstanceOf(IllegalStateException.class);
    transaction.begin();
    assertThatThrownBy(transaction::begin).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(transaction::finish).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> transaction.addTo(Counter.FILES, -1))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void randomCommandsGiveWhatAMapGives() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(11);
    TreeMap<String, String> model = new TreeMap<>();
    for (long index = 1; index <= 200; index++) {
      Transaction transaction = new Transaction(store, index, 1);
      for (int command = 0; command < 5; command++) {
        transaction.begin();
        TreeMap<String, String> changed = new TreeMap<>(model);
        for (int i = 0; i < 6; i++) {
          String key = Integer.toString(random.nextInt(40));
          if (random.nextBoolean()) {
            String value = Integer.toString(random.nextInt(3));
            transaction.put(Table.EXTENT, bytes(key), bytes(value));
            changed.put(key, value);
          } else {
            transaction.delete(Table.EXTENT, bytes(key));
            changed.remove(key);
          }
        }
        if (random.nextInt(3) == 0) {
          transaction.discard();
        } else {
          model = changed;
        }
        transaction.keep();
        assertThat(scan(transaction)).isEqualTo(text(model));
      }
      store.write(transaction.finish());
      assertThat(StoreDigest.recompute(store)).isEqualTo(store.applied().digest());
    }
  }

  private static String text(Map<String, String> model) {
    List<String> parts = new ArrayList<>();
    model.forEach((key, value) -> parts.add(key + "=" + value));
    return String.join(" ", parts);
  }
}
