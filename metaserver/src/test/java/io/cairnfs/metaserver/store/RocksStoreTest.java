package io.cairnfs.metaserver.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
      Optional<Long> found = Optional.empty();
      for (int crash = 0; crash < 500 && !found.equals(Optional.of(11L)); crash++) {
        found = afterCrash(where, directory.resolve("crash-" + crash), options);
        found.ifPresent(index -> assertThat(index).isIn(0L, 11L));
      }
      assertThat(found).hasValue(11L);
    }
  }

  /** A flush deletes the file that it made for a table without changes. */
  private static void copyIfThere(Path file, Path to) throws IOException {
    try {
      Files.copy(file, to);
    } catch (NoSuchFileException e) {
      assertThat(file.toString()).endsWith(".sst");
    }
  }

  /**
   * The index at which a copy of the files of this moment opens; nothing if they were changed while
   * they were copied.
   */
  private static Optional<Long> afterCrash(Path where, Path copy, RocksOptions options)
      throws IOException {
    Files.createDirectory(copy);
    // The manifest first: whatever it names is there already.
    for (boolean manifest : new boolean[] {true, false}) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(where)) {
        for (Path file : files) {
          String name = file.getFileName().toString();
          if (name.startsWith("MANIFEST") == manifest && !name.equals("LOCK")) {
            copyIfThere(file, copy.resolve(name));
          }
        }
      }
    }
    try (MetadataStore found = RocksStore.open(copy, options)) {
      return Optional.of(found.applied().index());
    } catch (CairnException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT);
      return Optional.empty();
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
