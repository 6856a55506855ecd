package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

/**
 * An answered range of a replica: its checksums, and its bytes in an open file that stays readable
 * until this is closed. Closed once, by any thread.
 */
public final class ReplicaRead implements Closeable {
  private final ReplicaFiles files;
  private final long offset;
  private final int length;
  private final int[] checksums;
  private final long replicaLength;

  /** Takes over one use of the files. */
  ReplicaRead(ReplicaFiles files, long offset, int length, int[] checksums, long replicaLength) {
    this.files = files;
    this.offset = offset;
    this.length = length;
    this.checksums = checksums;
    this.replicaLength = replicaLength;
  }

  /** Of the first answered byte, a multiple of {@link Cells#SIZE}. */
  public long offset() {
    return offset;
  }

  public int length() {
    return length;
  }

  /** CRC-32C of each cell that overlaps the range; the last one of the range's part of its cell. */
  public int[] checksums() {
    return checksums.clone();
  }

  /** Length of the replica, as far as it may be read. */
  public long replicaLength() {
    return replicaLength;
  }

  /** For zero-copy transfers, where the file is a real one. */
  public Optional<FileChannel> channel() {
    return files.data().channel();
  }

  /** Where the range starts in the file. */
  public long filePosition() {
    return DataFileHeader.BYTES + offset;
  }

  /** Appends the range's bytes from {@code from} on to the target until it is full. */
  public void read(ByteBuffer target, int from) throws IOException {
    readFully(files.data(), target, filePosition() + from);
  }

  static void readFully(DiskFile file, ByteBuffer target, long position) throws IOException {
    int wanted = target.remaining();
    int bytes = file.read(target, position);
    if (bytes < wanted) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          "file ends at " + (position + bytes) + ", expected " + (position + wanted));
    }
  }

  @Override
  public void close() throws IOException {
    files.release();
  }
}
