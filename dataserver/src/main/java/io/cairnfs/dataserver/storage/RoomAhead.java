package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How long the files of a replica are, and the zeros behind what they hold. Whoever appends a
 * little and forces it, again and again, finds room that is on the disk already: no file changes
 * its length, and no force waits for the file system's journal. Zeros are no valid record, and no
 * record vouches for zeros in the data file, so that a restart leaves them out. Not shared between
 * threads.
 */
final class RoomAhead {
  /** So much room is made in the data file at once: as much as it holds, within these bounds. */
  static final int MIN_DATA_BYTES = 32 << 10;

  static final int MAX_DATA_BYTES = 512 << 10;

  /** So much room is made in the checksum file at once. */
  static final int RECORD_BYTES = 8 << 10;

  /** A forced append of more gains little. */
  private static final int SMALL_BYTES = 64 << 10;

  /** Who forces once may do so only at the end. */
  private static final int FORCES_BEFORE = 2;

  /** A volume that has less left than this many rooms keeps it for bytes. */
  private static final int SPARE_ROOMS = 64;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

  private long dataEnd;
  private long recordsEnd;
  private int smallForces;

  /** With the lengths of both files. */
  RoomAhead(long dataEnd, long recordsEnd) {
    this.dataEnd = dataEnd;
    this.recordsEnd = recordsEnd;
  }

  /**
   * Both files are about to be written up to these ends.
   *
   * @return by how much that makes them longer
   */
  long extend(long newDataEnd, long newRecordsEnd) {
    long growth = Math.max(0, newDataEnd - dataEnd) + Math.max(0, newRecordsEnd - recordsEnd);
    dataEnd = Math.max(dataEnd, newDataEnd);
    recordsEnd = Math.max(recordsEnd, newRecordsEnd);
    return growth;
  }

  /**
   * Bytes are about to be appended up to these ends, and then forced: makes room behind them where
   * that will be worth it.
   *
   * @param maxDataEnd the data file never becomes longer
   */
  void beforeForce(
      Volume volume,
      ReplicaFiles files,
      long bytes,
      long newDataEnd,
      long newRecordsEnd,
      long maxDataEnd)
      throws IOException {
    if (bytes > SMALL_BYTES || smallForces++ < FORCES_BEFORE) {
      return;
    }
    long held = newDataEnd - DataFileHeader.BYTES;
    long worthIt = Math.max(MIN_DATA_BYTES, Math.min(MAX_DATA_BYTES, held));
    long dataRoom = newDataEnd > dataEnd ? Math.min(maxDataEnd, newDataEnd + worthIt) : dataEnd;
    long recordRoom = newRecordsEnd > recordsEnd ? newRecordsEnd + RECORD_BYTES : recordsEnd;
    boolean enough = dataRoom == dataEnd && recordRoom == recordsEnd;
    if (enough || volume.availableBytes() < (long) SPARE_ROOMS * MAX_DATA_BYTES) {
      return;
    }
    long dataFrom = Math.max(dataEnd, newDataEnd);
    long recordsFrom = Math.max(recordsEnd, newRecordsEnd);
    volume.claim(extend(dataRoom, recordRoom));
    writeZeros(files.data(), dataFrom, dataRoom);
    writeZeros(files.sums(), recordsFrom, recordRoom);
  }

  private static void writeZeros(DiskFile file, long from, long until) throws IOException {
    long at = from;
    while (at < until) {
      ByteBuffer zeros = ZEROS.duplicate();
      zeros.limit((int) Math.min(zeros.capacity(), until - at));
      int bytes = zeros.remaining();
      file.write(zeros, at);
      at += bytes;
    }
  }
}
