package io.cairnfs.metaserver.store;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * An open database, counted: views and cursors hold it, so that it is closed by whoever lets go
 * last and no reader ever meets a closed one. Any thread.
 *
 * <p>The default column family holds two records about the whole: {@code format} (u32, {@value
 * #FORMAT}) and {@code applied} (index u64, term u64, digest 16 bytes; big-endian).
 */
final class RocksHandle {
  private static final int FORMAT = 1;
  private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] APPLIED_KEY = "applied".getBytes(StandardCharsets.US_ASCII);
  private static final int APPLIED_BYTES = 2 * Long.BYTES + StoreDigest.BYTES;

  private final Path directory;
  private final RocksResources resources;
  private final RocksDB db;
  private final List<ColumnFamilyHandle> allFamilies;
  private final Map<Table, ColumnFamilyHandle> families = new EnumMap<>(Table.class);
  private final Map<Table, Integer> familyNumbers = new EnumMap<>(Table.class);
  private final AtomicInteger references = new AtomicInteger(1);

  private enum Mode {
    READ_WRITE,
    READ_ONLY
  }

  private RocksHandle(Path directory, RocksOptions options, Mode mode) throws RocksDBException {
    this.directory = directory;
    resources = new RocksResources(options);
    allFamilies = new ArrayList<>();
    RocksDB opened;
    try {
      opened =
          mode == Mode.READ_WRITE
              ? RocksDB.open(
                  resources.dbOptions(), directory.toString(), resources.families(), allFamilies)
              : RocksDB.openReadOnly(
                  resources.dbOptions(), directory.toString(), resources.families(), allFamilies);
    } catch (RocksDBException e) {
      resources.close();
      throw e;
    }
    db = opened;
    for (Table table : Table.values()) {
      // The default family comes first.
      ColumnFamilyHandle family = allFamilies.get(families.size() + 1);
      families.put(table, family);
      familyNumbers.put(table, family.getID());
    }
  }

  /** Opens a database for writing; makes an empty one if there is none. */
  static RocksHandle open(Path directory, RocksOptions options) throws IOException {
    return open(directory, options, Mode.READ_WRITE);
  }

  /** Opens a database that nobody writes. */
  static RocksHandle openReadOnly(Path directory, RocksOptions options) throws IOException {
    return open(directory, options, Mode.READ_ONLY);
  }

  private static RocksHandle open(Path directory, RocksOptions options, Mode mode)
      throws IOException {
    try {
      RocksHandle handle = new RocksHandle(directory, options, mode);
      try {
        handle.checkFormat(mode);
      } catch (IOException | RocksDBException e) {
        handle.release();
        throw e;
      }
      return handle;
    } catch (RocksDBException e) {
      throw new CairnException(
          ErrorCode.CORRUPT, "cannot open the store in " + directory + ": " + e.getMessage(), e);
    }
  }

  private void checkFormat(Mode mode) throws IOException, RocksDBException {
    byte[] format = db.get(FORMAT_KEY);
    if (format == null && mode == Mode.READ_WRITE && db.get(APPLIED_KEY) == null) {
      db.put(FORMAT_KEY, ByteBuffer.allocate(Integer.BYTES).putInt(FORMAT).array());
      return;
    }
    int found = format == null ? 0 : ByteBuffer.wrap(format).getInt();
    if (found != FORMAT) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          "the store in "
              + directory
              + " has format "
              + found
              + "; this version reads "
              + FORMAT
              + ": use the version that wrote it");
    }
  }

  RocksDB db() {
    return db;
  }

  /**
   * Reads every block and compares it with its checksum.
   *
   * @throws CairnException {@code CORRUPT} if one differs, naming file, offset and both checksums
   */
  void verify() throws CairnException {
    try {
      db.verifyChecksum();
    } catch (RocksDBException e) {
      throw new CairnException(
          ErrorCode.CORRUPT, "the store in " + directory + ": " + e.getMessage(), e);
    }
  }

  ColumnFamilyHandle family(Table table) {
    return families.get(table);
  }

  /** RocksDB's number of a table's column family: the default one has 0. */
  int familyNumber(Table table) {
    return familyNumbers.get(table);
  }

  Optional<byte[]> get(Table table, byte[] key, ReadOptions options) {
    try {
      return Optional.ofNullable(db.get(families.get(table), options, key));
    } catch (RocksDBException e) {
      throw new StoreFailure(
          "reading table " + table.familyName() + " in " + directory + ": " + e.getMessage(), e);
    }
  }

  List<ColumnFamilyHandle> allFamilies() {
    return allFamilies;
  }

  static byte[] appliedKey() {
    return APPLIED_KEY;
  }

  static byte[] encode(Applied applied) {
    return ByteBuffer.allocate(APPLIED_BYTES)
        .putLong(applied.index())
        .putLong(applied.term())
        .put(applied.digest().bytes())
        .array();
  }

  Applied readApplied() throws IOException {
    try {
      byte[] value = db.get(APPLIED_KEY);
      if (value == null) {
        return Applied.NOTHING;
      }
      if (value.length != APPLIED_BYTES) {
        throw new CairnException(
            ErrorCode.CORRUPT,
            directory + ": the record of the applied index has " + value.length + " bytes");
      }
      ByteBuffer in = ByteBuffer.wrap(value);
      long index = in.getLong();
      long term = in.getLong();
      return new Applied(index, term, new StoreDigest(in.getLong(), in.getLong()));
    } catch (RocksDBException e) {
      throw new CairnException(
          ErrorCode.CORRUPT, "reading the store in " + directory + ": " + e.getMessage(), e);
    }
  }

  /** One more holder; false if the last one has let go. */
  boolean tryAcquire() {
    int count = references.get();
    while (count > 0) {
      if (references.compareAndSet(count, count + 1)) {
        return true;
      }
      count = references.get();
    }
    return false;
  }

  void release() {
    int left = references.decrementAndGet();
    if (left < 0) {
      throw new IllegalStateException("a store was let go once too often");
    }
    if (left == 0) {
      allFamilies.forEach(ColumnFamilyHandle::close);
      db.close();
      resources.close();
    }
  }
}
