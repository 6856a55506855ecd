package io.cairnfs.metaserver.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.MoreFiles;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RocksStoreTest extends MetadataStoreContract {
  private static final WriteBatch.Put RECORD =
      new WriteBatch.Put(Table.INODE, new byte[] {0, 1}, new byte[] {2});

  @Override
  MetadataStore open(Path where) throws IOException {
    return RocksStore.open(where, RocksOptions.SMALL);
  }

  @Override
  MetadataStore openCheckpoint(Path checkpoint) throws IOException {
    return RocksStore.open(checkpoint, RocksOptions.SMALL);
  }

  private static WriteBatch batch(long index) {
    return new WriteBatch(List.of(RECORD), new Applied(index, 1, StoreDigest.EMPTY));
  }

  @Test
  void reopeningFindsWhatWasFlushed() throws IOException {
    Path where = directory.resolve("reopened");
    try (MetadataStore first = open(where)) {
      first.write(batch(5));
      first.flush();
    }
    try (MetadataStore second = open(where)) {
      assertThat(second.applied().index()).isEqualTo(5);
      assertThat(second.durable()).isEqualTo(second.applied());
      assertThat(second.get(Table.INODE, RECORD.key())).isPresent();
    }
  }

  @Test
  void manySmallChangesAreFlushedWithoutBeingAsked() throws IOException {
    Path where = directory.resolve("small");
    RocksOptions options = new RocksOptions(48L << 20, 16L << 20, 256, 10);
    try (MetadataStore store = RocksStore.open(where, options)) {
      for (long index = 2; index <= 11; index++) {
        store.write(batch(index));
      }
      // The flush is others' work: what a crash would leave is looked at until it is there.
      long found = 0;
      for (int crash = 0; crash < 500 && found != 11; crash++) {
        found = afterCrash(where, directory.resolve("crash-" + crash), options);
        assertThat(found).isIn(0L, 11L);
      }
      assertThat(found).isEqualTo(11);
    }
  }

  /** Files of before a flush or a compaction are deleted while others are copied. */
  private static void copyIfThere(Path file, Path to) throws IOException {
    try {
      Files.copy(file, to);
    } catch (NoSuchFileException e) {
      assertThat(file.toString()).matches(".*\\.(sst|log)");
    }
  }

  /** The index at which a copy of the files of this moment opens. */
  private static long afterCrash(Path where, Path copy, RocksOptions options) throws IOException {
    copyOf(where, copy);
    try (MetadataStore found = RocksStore.open(copy, options)) {
      return found.applied().index();
    }
  }

  /**
   * The files as they are at one moment. A compaction may take files away that the manifest has
   * named so far, and writes that to the manifest before: so a copy beside which the manifest
   * stayed as it was has all that it names.
   */
  private static void copyOf(Path where, Path copy) throws IOException {
    for (int attempt = 0; attempt < 100; attempt++) {
      Map<String, Long> before = manifests(where);
      Files.createDirectory(copy);
      try (DirectoryStream<Path> files = Files.newDirectoryStream(where)) {
        for (Path file : files) {
          String name = file.getFileName().toString();
          if (!name.equals("LOCK")) {
            copyIfThere(file, copy.resolve(name));
          }
        }
      }
      if (before.equals(manifests(where)) && before.equals(manifests(copy))) {
        return;
      }
      MoreFiles.deleteRecursively(copy);
    }
    throw new AssertionError("the files of " + where + " were changed beside each of 100 copies");
  }

  /** Their lengths, by name. */
  private static Map<String, Long> manifests(Path store) throws IOException {
    Map<String, Long> lengths = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(store, "MANIFEST-*")) {
      for (Path file : files) {
        lengths.put(file.getFileName().toString(), Files.size(file));
      }
    }
    return lengths;
  }

  private static WriteBatch numbered(long index) {
    byte[] value = ByteBuffer.allocate(Long.BYTES).putLong(index).array();
    return new WriteBatch(
        List.of(
            new WriteBatch.Put(Table.INODE, RECORD.key(), value),
            new WriteBatch.Put(Table.CHUNK, value, value)),
        new Applied(index, 1, StoreDigest.EMPTY));
  }

  private static long readNumber(MetadataStore store) {
    return store.get(Table.INODE, RECORD.key()).map(ByteBuffer::wrap).orElseThrow().getLong();
  }

  @Test
  void whatAKilledProcessHadWrittenIsThereButForTheLastBatches() throws IOException {
    Path where = directory.resolve("killed");
    try (MetadataStore store = open(where)) {
      for (long index = 1; index <= 1_000; index++) {
        store.write(numbered(index));
      }
      assertThat(afterCrash(where, directory.resolve("copy"), RocksOptions.SMALL))
          .isBetween(1_000L - 128, 1_000L);
    }
  }

  /** As a power cut leaves it: nothing of RocksDB's log was ever forced. */
  @Test
  void aLogThatEndsAnywhereLeavesTheStoreAtAnIndexThatItHad() throws IOException {
    Path where = directory.resolve("cut");
    try (MetadataStore store = open(where)) {
      store.write(numbered(1));
      store.flush();
      for (long index = 2; index <= 1_000; index++) {
        store.write(numbered(index));
      }
      SplittableRandom random = new SplittableRandom(11);
      Set<Long> found = new HashSet<>();
      for (int round = 0; round < 40; round++) {
        Path copy = directory.resolve("cut-" + round);
        copyOf(where, copy);
        damageLog(copy, random, round % 2 == 0);
        try (MetadataStore left = open(copy)) {
          long index = left.applied().index();
          assertThat(left.durable()).isEqualTo(left.applied());
          assertThat(index).isBetween(1L, 1_000L);
          assertThat(readNumber(left)).isEqualTo(index);
          try (RecordCursor chunks = left.scan(Table.CHUNK, new byte[] {0}, new byte[] {1})) {
            long count = 0;
            while (chunks.next()) {
              count++;
            }
            assertThat(count).isEqualTo(index);
          }
          left.write(numbered(index + 1));
          left.flush();
          found.add(index);
        }
        try (MetadataStore again = open(copy)) {
          assertThat(readNumber(again)).isEqualTo(again.applied().index());
        }
      }
      assertThat(found).as("that it ended in different places").hasSizeGreaterThan(10);
    }
  }

  /** The end is missing, or one bit in the middle is another. */
  private static void damageLog(Path store, SplittableRandom random, boolean cut)
      throws IOException {
    Path log;
    try (Stream<Path> files = Files.list(store)) {
      log =
          files
              .filter(file -> file.toString().endsWith(".log"))
              .max(Comparator.comparing(Path::toString))
              .orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(log);
    int at = random.nextInt(bytes.length);
    if (cut) {
      Files.write(log, Arrays.copyOf(bytes, at));
    } else {
      bytes[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(log, bytes);
    }
  }

  @Test
  void aStoreOfAnotherFormatIsRefusedByName() throws Exception {
    Path where = directory.resolve("other");
    open(where).close();
    RocksHandle handle = RocksHandle.open(where, RocksOptions.SMALL);
    handle.db().put("format".getBytes(StandardCharsets.US_ASCII), new byte[] {0, 0, 0, 9});
    handle.release();
    assertThatThrownBy(() -> open(where))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("format 9")
        .extracting(e -> ((CairnException) e).code())
        .isEqualTo(ErrorCode.WRONG_VERSION);
  }

  @Test
  void theHomeKeepsItsStoreAndInstallsAnother() throws IOException {
    Path base = directory.resolve("home");
    RocksHome home = new RocksHome(base, RocksOptions.SMALL);
    Path checkpoint = directory.resolve("checkpoint");
    try (MetadataStore source = open(directory.resolve("source"))) {
      source.write(batch(9));
      source.checkpoint(checkpoint);
    }
    MetadataStore old = home.open();
    old.write(batch(1));
    old.flush();
    StoreView view = old.view();
    MetadataStore installed = home.install(checkpoint);
    old.close();
    assertThat(installed.applied().index()).isEqualTo(9);
    assertThat(view.get(Table.INODE, RECORD.key())).isPresent();
    view.close();
    installed.close();
    try (MetadataStore reopened = new RocksHome(base, RocksOptions.SMALL).open()) {
      assertThat(reopened.applied().index()).isEqualTo(9);
    }
    assertThat(Files.exists(base.resolve("store-1"))).isFalse();
  }

  private static Path flipFirstTable(Path store) throws IOException {
    Path table;
    try (Stream<Path> files = Files.list(store)) {
      table =
          files
              .filter(file -> file.toString().endsWith(".sst"))
              .max(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(table);
    bytes[20] ^= 0x10;
    Files.write(table, bytes);
    return table.getFileName();
  }

  /** Records that cannot be compressed, so that a table has more than one block. */
  private static WriteBatch manyRecords(long index) {
    List<WriteBatch.Write> writes = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 200; i++) {
      byte[] value = new byte[1_000];
      random.nextBytes(value);
      writes.add(new WriteBatch.Put(Table.INODE, ByteBuffer.allocate(8).putLong(i).array(), value));
    }
    return new WriteBatch(writes, new Applied(index, 1, StoreDigest.EMPTY));
  }

  @Test
  void aDamagedCheckpointIsNamedAndTheStoreBeforeStaysInForce() throws IOException {
    Path checkpoint = directory.resolve("checkpoint");
    try (MetadataStore source = open(directory.resolve("source"))) {
      source.write(manyRecords(9));
      source.flush();
      source.checkpoint(checkpoint);
    }
    Path base = directory.resolve("home");
    RocksHome home = new RocksHome(base, RocksOptions.SMALL);
    try (MetadataStore old = home.open()) {
      old.write(batch(1));
      old.flush();
    }
    Path damaged = flipFirstTable(checkpoint);
    assertThatThrownBy(() -> home.install(checkpoint).close())
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT))
        .hasMessageContaining("checksum mismatch")
        .hasMessageContaining(damaged.toString());
    try (MetadataStore reopened = new RocksHome(base, RocksOptions.SMALL).open()) {
      assertThat(reopened.applied().index()).isEqualTo(1);
    }
  }

  @Test
  void aDamagedTableIsNamedWhenItIsRead() throws IOException {
    Path where = directory.resolve("damaged");
    try (MetadataStore store = open(where)) {
      store.write(manyRecords(9));
      store.flush();
    }
    Path damaged = flipFirstTable(where);
    try (MetadataStore store = open(where)) {
      assertThatThrownBy(() -> store.get(Table.INODE, new byte[8]))
          .isInstanceOf(StoreFailure.class)
          .hasMessageContaining("checksum mismatch")
          .hasMessageContaining(damaged.toString());
    }
  }

  @Test
  void aHalfInstalledStoreIsForgotten() throws IOException {
    Path base = directory.resolve("half");
    try (MetadataStore store = new RocksHome(base, RocksOptions.SMALL).open()) {
      store.write(batch(3));
      store.flush();
    }
    Files.createDirectory(base.resolve("store-2"));
    Files.writeString(base.resolve("store-2").resolve("000009.sst"), "half");
    try (MetadataStore store = new RocksHome(base, RocksOptions.SMALL).open()) {
      assertThat(store.applied().index()).isEqualTo(3);
    }
    assertThat(Files.exists(base.resolve("store-2"))).isFalse();
  }

  @Test
  void aDamagedPointerIsNamed() throws IOException {
    Path base = directory.resolve("pointer");
    new RocksHome(base, RocksOptions.SMALL).open().close();
    Files.writeString(base.resolve("CURRENT-STORE"), "nonsense");
    assertThatThrownBy(() -> new RocksHome(base, RocksOptions.SMALL).open())
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("CURRENT-STORE");
    Files.writeString(base.resolve("CURRENT-STORE"), "cairn-store 1 7\n");
    assertThatThrownBy(() -> new RocksHome(base, RocksOptions.SMALL).open())
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("store-7");
  }
}
