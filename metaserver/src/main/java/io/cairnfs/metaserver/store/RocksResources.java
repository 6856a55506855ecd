package io.cairnfs.metaserver.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.DataBlockIndexType;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;

/**
 * The native options and memory pools of one open store. RocksDB's objects have no finalizers: they
 * are closed here, in the reverse order of their making, after the database.
 */
final class RocksResources implements AutoCloseable {
  /** The view byte and an id: what the keys of one inode, chunk or session have in common. */
  static final int PREFIX_BYTES = 1 + Long.BYTES;

  private static final int BLOOM_BITS = 10;
  private static final long BUSY_WRITE_BUFFER = 32L << 20;
  private static final long QUIET_WRITE_BUFFER = 2L << 20;

  /**
   * Share of a write buffer that knows which keys are not in it: eight bits for each of 100,000
   * records or more, as many as are there when all of them are flushed.
   */
  private static final double MEMTABLE_BLOOM = 0.005;

  private static final long ARENA_BLOCK = 128L << 10;
  private static final long LOG_FILE_BYTES = 4L << 20;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final DBOptions dbOptions;
  private final LRUCache cache;
  private final BloomFilter bloom;

  RocksResources(RocksOptions options) {
    RocksDB.loadLibrary();
    cache = keep(new LRUCache(options.cacheBytes()));
    bloom = keep(new BloomFilter(BLOOM_BITS, false));
    WriteBufferManager buffers = keep(new WriteBufferManager(options.writeBufferBytes(), cache));
    dbOptions =
        keep(new DBOptions())
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setAtomicFlush(true)
            .setManualWalFlush(true)
            .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
            // An opened store is durable as it stands.
            .setAvoidFlushDuringRecovery(false)
            .setWriteBufferManager(buffers)
            .setMaxOpenFiles(options.maxOpenFiles())
            .setMaxBackgroundJobs(2)
            .setBytesPerSync(1 << 20)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(2)
            .setMaxLogFileSize(LOG_FILE_BYTES)
            .setStatsDumpPeriodSec(0);
  }

  private <T extends AutoCloseable> T keep(T resource) {
    opened.push(resource);
    return resource;
  }

  DBOptions dbOptions() {
    return dbOptions;
  }

  /** The default family first, then one of each table, in the order of {@link Table}. */
  List<ColumnFamilyDescriptor> families() {
    List<ColumnFamilyDescriptor> families = new ArrayList<>();
    families.add(
        new ColumnFamilyDescriptor(
            RocksDB.DEFAULT_COLUMN_FAMILY, familyOptions(QUIET_WRITE_BUFFER)));
    for (Table table : Table.values()) {
      families.add(new ColumnFamilyDescriptor(nameOf(table), optionsOf(table)));
    }
    return families;
  }

  static byte[] nameOf(Table table) {
    return table.familyName().getBytes(StandardCharsets.US_ASCII);
  }

  private ColumnFamilyOptions optionsOf(Table table) {
    return switch (table) {
      case DENTRY, REPLY -> prefixed(familyOptions(BUSY_WRITE_BUFFER));
      case INODE, CONTENT -> familyOptions(BUSY_WRITE_BUFFER);
      case EXTENT, REFERENCE -> prefixed(familyOptions(BUSY_WRITE_BUFFER));
      case CHUNK -> familyOptions(BUSY_WRITE_BUFFER);
      case LINK, XATTR -> prefixed(familyOptions(QUIET_WRITE_BUFFER));
      case SESSION, LEASE, DELETED, OPEN_CHUNK, REPAIR, GARBAGE, CLUSTER, LOCK ->
          familyOptions(QUIET_WRITE_BUFFER);
    };
  }

  /** True for tables whose files can be skipped by the prefix of the keys asked for. */
  static boolean isPrefixed(Table table) {
    return switch (table) {
      case DENTRY, REPLY, EXTENT, REFERENCE, LINK, XATTR -> true;
      case INODE,
          CONTENT,
          CHUNK,
          SESSION,
          LEASE,
          DELETED,
          OPEN_CHUNK,
          REPAIR,
          GARBAGE,
          CLUSTER,
          LOCK ->
          false;
    };
  }

  private static ColumnFamilyOptions prefixed(ColumnFamilyOptions options) {
    return options.useFixedLengthPrefixExtractor(PREFIX_BYTES);
  }

  private ColumnFamilyOptions familyOptions(long writeBuffer) {
    BlockBasedTableConfig blocks =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setFilterPolicy(bloom)
            .setWholeKeyFiltering(true)
            .setIndexType(IndexType.kTwoLevelIndexSearch)
            .setPartitionFilters(true)
            .setCacheIndexAndFilterBlocks(true)
            .setCacheIndexAndFilterBlocksWithHighPriority(true)
            .setPinL0FilterAndIndexBlocksInCache(true)
            .setPinTopLevelIndexAndFilter(true)
            .setDataBlockIndexType(DataBlockIndexType.kDataBlockBinaryAndHash)
            .setFormatVersion(5);
    return keep(new ColumnFamilyOptions())
        .setTableFormatConfig(blocks)
        .setMemtablePrefixBloomSizeRatio(MEMTABLE_BLOOM)
        .setMemtableWholeKeyFiltering(true)
        .setWriteBufferSize(writeBuffer)
        .setArenaBlockSize(ARENA_BLOCK)
        .setLevelCompactionDynamicLevelBytes(true)
        .setCompressionType(CompressionType.LZ4_COMPRESSION);
  }

  @Override
  public void close() {
    while (!opened.isEmpty()) {
      closeOne(opened.pop());
    }
  }

  private static void closeOne(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      throw new StoreFailure("closing " + resource.getClass().getSimpleName(), e);
    }
  }
}
