package io.cairnfs.metaserver.operation.read;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.metaserver.store.Bytes;

/** Where a check stands, and what it has counted so far: travels with the client between pages. */
final class CheckCursor {
  private static final int FORMAT = 1;

  /** What is counted over the whole store and compared at the end. */
  enum Tally {
    FILES,
    DIRECTORIES,
    /** Sum of the link counts of files and symlinks. */
    FILE_LINKS,
    /** Names of files and symlinks. */
    FILE_NAMES,
    /** Names of files and symlinks beside the first, as their link counts say. */
    FURTHER_LINKS,
    LINK_ROWS,
    /** Inodes whose last name is gone. */
    NAMELESS,
    DELETED_ROWS,
    SESSIONS,
    /** The directory whose names are being counted. */
    CURRENT_DIRECTORY,
    /** Directories found in it so far. */
    CURRENT_SUBDIRECTORIES,
    CHUNKS_OPEN,
    CHUNKS_SETTLING,
    CHUNKS_SEALED,
    CHUNKS_GARBAGE,
    CHUNK_BYTES,
    LEASED_DIRECTORIES;

    @SuppressWarnings("EnumOrdinal") // a cursor lives as long as one check by one version
    private int position() {
      return ordinal();
    }
  }

  private final long[] tallies = new long[Tally.values().length];

  /** Number of the phase. */
  int phase;

  /** Key to go on behind; empty at the begin of a phase. */
  byte[] key = Bytes.EMPTY;

  /**
   * Applied index of the first page; 0 once a page saw another one: totals are not compared then.
   */
  long index;

  private CheckCursor(long index) {
    this.index = index;
  }

  static CheckCursor start(long index) {
    return new CheckCursor(index);
  }

  /**
   * @throws CairnException INVALID_ARGUMENT if these bytes are no cursor
   */
  static CheckCursor decode(ByteString bytes) throws CairnException {
    try {
      RecordInput in = new RecordInput("cursor", bytes.toByteArray(), FORMAT);
      CheckCursor cursor = new CheckCursor(in.readVarint());
      cursor.phase = in.readByte();
      cursor.key = in.readBytes();
      for (int i = 0; i < cursor.tallies.length; i++) {
        cursor.tallies[i] = in.readVarint();
      }
      in.requireEnd();
      return cursor;
    } catch (CorruptRecord e) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "not a cursor of a check", e);
    }
  }

  ByteString encode() {
    RecordOutput out = new RecordOutput(FORMAT).writeVarint(index).writeByte(phase).writeBytes(key);
    for (long tally : tallies) {
      out.writeVarint(tally);
    }
    return ByteString.copyFrom(out.toByteArray());
  }

  long get(Tally tally) {
    return tallies[tally.position()];
  }

  void set(Tally tally, long value) {
    tallies[tally.position()] = value;
  }

  void add(Tally tally, long delta) {
    tallies[tally.position()] += delta;
  }
}
