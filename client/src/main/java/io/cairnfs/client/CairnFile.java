package io.cairnfs.client;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A file that is open for reading, writing or both, at any position: POSIX pread, pwrite and their
 * kin. Made by {@link CairnFileSystem#openFile}. Safe for any number of threads; reads do not wait
 * for one another. It has no position of its own.
 *
 * <p><b>Rights</b> are checked when the file is opened and hold until it is closed, whatever
 * becomes of its mode or its names: a file that was removed meanwhile can be read and written on.
 *
 * <p><b>Writing</b> takes no lease: any number of clients write one file. Written bytes are
 * gathered and sent a little later (a second at most, if nothing else makes it happen), many ranges
 * together; what is gathered at once becomes part of the file at once, and where ranges overlap the
 * later one wins. A single write of at most {@link ClientOptions#packetBytes} becomes part of the
 * file as a whole, also against other clients' writes of the same bytes. All handles that one
 * {@link CairnFileSystem} has open on a file see each other's writes at once; other clients see
 * them after {@link #flush}. A stream of {@link CairnFileSystem#create} or {@link
 * CairnFileSystem#append} that has the file for itself is asked to share it: what becomes part of
 * the file waits that long, which is milliseconds, or up to a third of the session's time-out where
 * the stream's client does not answer.
 *
 * <p><b>Reading</b> sees what this client has written, and of other clients' writes at least all
 * that was flushed before {@link #length} or {@link #status} was last called here, or more than a
 * second ago ({@link OpenOptions.Freshness#EACH_READ}: before the read); a read that would reach
 * the end of the file asks where that is now, so that a growing file can be followed. One read of
 * at most 1 MiB shows the content of one instant.
 *
 * <p><b>Errors</b> of bytes that were written but not yet part of the file are thrown once per
 * handle, by its next call that writes, flushes, syncs or closes; those bytes are lost, and the
 * handle works on. A file's failed data servers are not errors: writing goes on elsewhere by
 * itself. Once the cluster has ended the client's session, everything but reading fails with {@code
 * SESSION_EXPIRED}; after {@link #close} everything fails with {@code STALE_HANDLE}. A call that
 * the file was not opened for is {@code INVALID_ARGUMENT}.
 */
public interface CairnFile extends Closeable {
  /** A range of a file to be read. */
  record Range(long position, int length) {
    public Range {
      if (position < 0 || length < 0) {
        throw new IllegalArgumentException(
            "range of " + length + " bytes at " + position + " has a negative bound");
      }
    }

    /** The position after the last byte. */
    public long end() {
      return position + length;
    }
  }

  /** How {@link #allocate} treats the length. */
  enum Allocate {
    /** The file is at least as long as the range reaches, afterwards: posix_fallocate(). */
    GROW,
    /** Only space is asked for: fallocate(FALLOC_FL_KEEP_SIZE). */
    KEEP_LENGTH
  }

  /**
   * Reads as much of {@code [position, position + target.remaining())} as the file has: POSIX
   * pread(). Holes read as zeros.
   *
   * @return bytes read, less than asked only at the end of the file; −1 at or beyond it; 0 for a
   *     full buffer
   */
  int read(long position, ByteBuffer target) throws IOException;

  /** As {@link #read(long, ByteBuffer)}, into one buffer after the other: preadv(). */
  long read(long position, ByteBuffer[] targets) throws IOException;

  /**
   * Reads several ranges, which may come in any order. Ranges near each other are fetched together.
   *
   * @return for each range, in the order of {@code ranges}, its bytes between position and limit; a
   *     range that reaches beyond the end of the file fails with {@link java.io.EOFException}
   * @throws IllegalArgumentException if two ranges overlap
   */
  List<CompletableFuture<ByteBuffer>> readVectored(List<Range> ranges) throws IOException;

  /**
   * Writes all remaining bytes at the position, beyond the end too; what lies between becomes a
   * hole: POSIX pwrite(). A file opened to append takes the bytes at its end instead, as Linux
   * does.
   *
   * @return bytes written: all of them
   */
  int write(long position, ByteBuffer source) throws IOException;

  /**
   * As {@link #write(long, ByteBuffer)}, from one buffer after the other: pwritev(). All of them
   * together are one write.
   */
  long write(long position, ByteBuffer[] sources) throws IOException;

  /**
   * Writes all remaining bytes at the end that the file has when the cluster orders the write, and
   * waits for that: they are part of the file, whole and once, when this returns. Of several
   * clients that append each record lands on its own, none over another.
   *
   * @return where the first byte landed
   */
  long append(ByteBuffer source) throws IOException;

  /** Bytes of the file now, as the cluster and this client's own writes have it. */
  long length() throws IOException;

  /**
   * Attributes now, with the length as {@link #length} tells it. The path is the one the file was
   * opened by, also if it has another name by now, or none.
   */
  FileStatus status() throws IOException;

  /**
   * Makes the file so long: ftruncate(). What is cut off is gone, what is added is a hole. Bytes
   * written before are taken into account.
   */
  void truncate(long length) throws IOException;

  /**
   * Makes sure that there is space for the range. Space is not set aside: a later write can still
   * find the cluster full.
   *
   * @throws io.cairnfs.common.error.CairnException {@code NO_SPACE} for more than the cluster has;
   *     {@code INVALID_ARGUMENT} for an empty range
   */
  void allocate(long offset, long length, Allocate growth) throws IOException;

  /** Makes the range a hole; the length of the file stays: fallocate(FALLOC_FL_PUNCH_HOLE). */
  void punchHole(long offset, long length) throws IOException;

  /**
   * The first position at or after {@code offset} that is not in a hole: lseek(SEEK_DATA).
   *
   * @return −1 where there is none, or the offset is at or beyond the end (ENXIO)
   */
  long seekData(long offset) throws IOException;

  /**
   * The first position at or after {@code offset} that is in a hole; the end of the file counts as
   * one: lseek(SEEK_HOLE).
   *
   * @return −1 where the offset is at or beyond the end (ENXIO)
   */
  long seekHole(long offset) throws IOException;

  /**
   * When it returns, all bytes written so far are in the memory of every member of their pipelines,
   * and part of the file: whoever opens it from now on, or asks again, sees them.
   */
  void flush() throws IOException;

  /**
   * As {@link #flush}, and all bytes that this client has written since the last sync are on the
   * disks of every member that holds them: fsync().
   */
  void sync() throws IOException;

  /** As {@link #sync}: what a file consists of is always committed with its length. */
  default void dataSync() throws IOException {
    sync();
  }

  /**
   * Flushes and ends the use of this handle. Idempotent; an error is thrown once. What was written
   * becomes durable within 30 s, or before this returns if {@link ClientOptions#syncOnClose} says
   * so.
   */
  @Override
  void close() throws IOException;
}
