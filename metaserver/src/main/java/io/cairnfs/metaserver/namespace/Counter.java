package io.cairnfs.metaserver.namespace;

import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;

/**
 * Numbers of which the cluster has one each: the sources of ids, the logged times, the totals. Read
 * and written through {@link Transaction}; all of them are one record, {@code counters} of table
 * CLUSTER, in this order: new ones are added at the end, none is ever removed.
 */
public enum Counter {
  /** The last inode id given. */
  INODE_ID,
  /** The last session id given. */
  SESSION_ID,
  /** The last server id given. */
  SERVER_ID,
  /** The last chunk counter given (the low 40 bits of a chunk id). */
  CHUNK_COUNTER,
  /** The time of the last command, in nanoseconds since the epoch. */
  TIME_NANOS,
  /** The cluster's logged time. */
  TICK_MILLIS,
  /** Inode records of files and symlinks, with those that wait for their purge. */
  FILES,
  /** Inode records of directories, with those that wait for their purge. */
  DIRECTORIES,
  /** Open sessions. */
  SESSIONS,
  CHUNKS_OPEN,
  CHUNKS_SETTLING,
  CHUNKS_SEALED,
  CHUNKS_GARBAGE,
  REPAIR_ENTRIES,
  GARBAGE_ENTRIES,
  /**
   * Committed bytes of all chunks that are not garbage, counted once whatever their replication.
   */
  CHUNK_BYTES,
  /** The last write lease granted: its number is the fencing token. */
  LEASE_ID,
  /** Chunks with at least one repair entry. */
  CHUNKS_UNDER_REPLICATED,
  /** Chunks that no member is known to hold. */
  CHUNKS_LOST,
  /** Slots whose acting members are not the target's. */
  SLOTS_MOVING,
  /** The last lock token or ticket given. */
  LOCK_NUMBER,
  /** Directories that sessions have leased. */
  DIRECTORY_LEASES;

  private static final int FORMAT = 1;
  private static final int COUNT = values().length;

  /** Key of the record that holds all counters. */
  public static byte[] recordKey() {
    return Keys.cluster("counters");
  }

  /** The counters of any readable state. */
  public static long[] read(RecordReader reader) {
    long[] counters = new long[COUNT];
    byte[] value = reader.get(Table.CLUSTER, recordKey()).orElse(Bytes.EMPTY);
    if (value.length > 0) {
      RecordInput in = new RecordInput("counters", value, FORMAT);
      int stored = in.readInt();
      if (stored > COUNT) {
        throw new CorruptRecord(stored + " counters; this version knows " + COUNT);
      }
      for (int i = 0; i < stored; i++) {
        counters[i] = in.readVarint();
      }
      in.requireEnd();
    }
    return counters;
  }

  /** This counter in any readable state. */
  public long in(RecordReader reader) {
    return read(reader)[position()];
  }

  /** This counter among those that {@link #read} answered. */
  public long in(long[] counters) {
    return counters[position()];
  }

  @SuppressWarnings("EnumOrdinal") // the order is the format, as the class comment says
  int position() {
    return ordinal();
  }

  static byte[] encode(long[] counters) {
    RecordOutput out = new RecordOutput(FORMAT).writeVarint(counters.length);
    for (long counter : counters) {
      out.writeVarint(counter);
    }
    return out.toByteArray();
  }
}
