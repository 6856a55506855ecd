package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.atomic.AtomicLongArray;

/** The open files of a SEALED replica; immutable. Safe for any thread. */
final class SealedReplica {
  private static final int REGION_BYTES = 64 << 10;

  private final SealedName name;
  private final int epoch;
  private final Volume volume;
  private final ReplicaFiles files;
  private final ScratchBuffers scratch;

  /**
   * A bit for each region that was read and verified since the files were opened: it is in the page
   * cache, most likely, so that an event loop may send it without waiting for the disk.
   */
  private final AtomicLongArray verified;

  private SealedReplica(
      SealedName name, int epoch, Volume volume, ReplicaFiles files, ScratchBuffers scratch) {
    this.scratch = scratch;
    this.name = name;
    this.epoch = epoch;
    this.volume = volume;
    this.files = files;
    this.verified =
        new AtomicLongArray(Math.toIntExact(name.length() / REGION_BYTES / Long.SIZE + 1));
  }

  /**
   * Opens the files and checks headers and sizes.
   *
   * @throws CairnException CHUNK_CORRUPT when they are not what the name says, or not there
   */
  static SealedReplica open(SealedName name, Volume volume, ScratchBuffers scratch)
      throws CairnException {
    volume.requireHealthy();
    Disk disk = volume.disk();
    String dataName = ReplicaPath.sealedData(name);
    String sumsName = ReplicaPath.sealedSums(name.chunk());
    DiskFile data = null;
    try {
      data = disk.open(dataName, Disk.OpenMode.READ);
      DiskFile sums = disk.open(sumsName, Disk.OpenMode.READ);
      ReplicaFiles files = new ReplicaFiles(data, sums);
      data = null;
      return checked(name, volume, files, scratch);
    } catch (NoSuchFileException e) {
      throw corrupt(name, "file is missing: " + e.getMessage(), e);
    } catch (CairnException e) {
      throw e.code() == ErrorCode.WRONG_VERSION ? e : corrupt(name, e.getMessage(), e);
    } catch (IOException e) {
      throw corrupt(name, "cannot be opened: " + e, e);
    } finally {
      closeQuietly(name, data);
    }
  }

  private static SealedReplica checked(
      SealedName name, Volume volume, ReplicaFiles files, ScratchBuffers scratch)
      throws IOException {
    boolean good = false;
    try {
      SealedChecksums sums =
          requireHeaders(volume.disk(), name, files, SealedChecksums.HEADER_BYTES);
      good = true;
      return new SealedReplica(name, sums.epoch(), volume, files, scratch);
    } finally {
      if (!good) {
        files.release();
      }
    }
  }

  /** Sizes and headers of both files, and so many bytes from the start of the data file. */
  private static SealedChecksums requireHeaders(
      Disk disk, SealedName name, ReplicaFiles files, int dataBytes) throws IOException {
    String dataName = disk.describe(ReplicaPath.sealedData(name));
    String sumsName = disk.describe(ReplicaPath.sealedSums(name.chunk()));
    requireSize(files.data(), DataFileHeader.BYTES + name.length(), dataName);
    requireSize(
        files.sums(), SealedChecksums.HEADER_BYTES + 4L * Cells.count(name.length()), sumsName);
    ByteBuffer dataHead = head(files.data(), dataBytes);
    ByteBuffer sumsHead = head(files.sums(), SealedChecksums.HEADER_BYTES);
    DataFileHeader header = DataFileHeader.decode(dataHead, dataName);
    SealedChecksums sums = SealedChecksums.decode(sumsHead, sumsName);
    FileHeaders.requireChunk(name.chunk(), header.chunk(), dataName);
    FileHeaders.requireChunk(name.chunk(), sums.chunk(), sumsName);
    FileHeaders.requireZeros(dataHead, dataName);
    FileHeaders.requireZeros(sumsHead, sumsName);
    if (sums.length() != name.length()) {
      throw new CorruptionException(
          sumsName, 24, "length " + name.length(), "length " + sums.length());
    }
    return sums;
  }

  private static void requireSize(DiskFile file, long expected, String name) throws IOException {
    long size = file.size();
    if (size != expected) {
      throw new CorruptionException(
          name, Math.min(size, expected), expected + " bytes", size + " bytes");
    }
  }

  private static ByteBuffer head(DiskFile file, int bytes) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(bytes);
    ReplicaRead.readFully(file, head, 0);
    return head.flip();
  }

  private static void closeQuietly(SealedName name, DiskFile file) throws CairnException {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      throw corrupt(name, "cannot be closed: " + e, e);
    }
  }

  private static CairnException corrupt(SealedName name, String problem, IOException cause) {
    return new CairnException(ErrorCode.CHUNK_CORRUPT, name.chunk() + " " + problem, cause);
  }

  SealedName name() {
    return name;
  }

  int epoch() {
    return epoch;
  }

  Volume volume() {
    return volume;
  }

  /** False if the files were closed already. */
  boolean retain() {
    return files.retain();
  }

  void release() throws CairnException {
    try {
      files.release();
    } catch (IOException e) {
      throw corrupt(name, "cannot be closed: " + e, e);
    }
  }

  /** The answer holds one use of the files; the caller has one meanwhile. */
  ReplicaRead read(ReadRange range) throws CairnException {
    ChunkId chunk = name.chunk();
    try {
      requireUncut();
      long start = Math.min(range.alignedOffset(), name.length());
      long end = range.alignedEnd(name.length());
      int[] sums = new int[0];
      if (range.offset() < end) {
        int first = Cells.indexOf(start);
        sums = checksums(first, Cells.count(end) - first);
        int last = first + sums.length - 1;
        int whole = Cells.bytesIn(last, name.length());
        int wanted = Cells.bytesIn(last, end);
        verifyFirstRead(start, end, first, sums);
        if (wanted < whole) {
          sums[sums.length - 1] =
              CutCell.checksum(files.data(), chunk, last, whole, sums[sums.length - 1], wanted);
        }
      }
      if (!files.retain()) {
        throw new IllegalStateException(chunk + " was closed under its reader");
      }
      return new ReplicaRead(
          files, start, sums.length == 0 ? 0 : (int) (end - start), sums, name.length());
    } catch (IOException e) {
      throw CutCell.readRefusal(chunk, e);
    }
  }

  /** A file that was cut while it was open would break the reader's connection halfway. */
  private void requireUncut() throws IOException {
    long size = files.data().size();
    long expected = DataFileHeader.BYTES + name.length();
    if (size != expected) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          name.chunk() + " file has " + size + " bytes, expected are " + expected);
    }
  }

  /**
   * The first read of a region is compared with the checksums here, before anything is sent: that
   * brings it into the page cache by a disk thread, and finds what is corrupt at the source.
   */
  private void verifyFirstRead(long start, long end, int firstCell, int[] sums) throws IOException {
    if (isVerified(start, end)) {
      return;
    }
    ByteBuffer buffer = scratch.take(ScratchBuffers.BYTES);
    try {
      for (long at = start; at < end; at += ScratchBuffers.BYTES) {
        int bytes = (int) Math.min(ScratchBuffers.BYTES, end - at);
        buffer.clear().limit(bytes);
        ReplicaRead.readFully(files.data(), buffer, DataFileHeader.BYTES + at);
        requireGood(buffer.flip(), at, sums, firstCell);
      }
    } finally {
      scratch.give(buffer);
    }
    long firstWhole = (start + REGION_BYTES - 1) / REGION_BYTES;
    long beyond = end == name.length() ? end / REGION_BYTES + 1 : end / REGION_BYTES;
    for (long region = firstWhole; region < beyond; region++) {
      long bit = 1L << (region % Long.SIZE);
      verified.getAndUpdate((int) (region / Long.SIZE), bits -> bits | bit);
    }
  }

  /** Compares the cells that are whole in the buffer. */
  private void requireGood(ByteBuffer bytes, long at, int[] sums, int firstCell)
      throws CairnException {
    for (int from = 0; from < bytes.limit(); from += Cells.SIZE) {
      int cell = Cells.indexOf(at + from);
      int whole = Cells.bytesIn(cell, name.length());
      if (bytes.limit() - from < whole) {
        return;
      }
      int found = Crc32c.of(bytes.slice(from, whole));
      if (found != sums[cell - firstCell]) {
        throw new CairnException(
            ErrorCode.CHUNK_CORRUPT,
            String.format(
                "%s cell at %d has checksum %08x, expected %08x",
                name.chunk(), at + from, found, sums[cell - firstCell]));
      }
    }
  }

  private boolean isVerified(long start, long end) {
    for (long region = start / REGION_BYTES; region * REGION_BYTES < end; region++) {
      if ((verified.get((int) (region / Long.SIZE)) & 1L << (region % Long.SIZE)) == 0) {
        return false;
      }
    }
    return true;
  }

  private int[] checksums(int first, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * count);
    ReplicaRead.readFully(files.sums(), bytes, SealedChecksums.HEADER_BYTES + 4L * first);
    int[] result = new int[count];
    bytes.flip().asIntBuffer().get(result);
    return result;
  }

  private void requireHeadersAgain() throws IOException {
    try {
      SealedChecksums unused = requireHeaders(volume.disk(), name, files, DataFileHeader.BYTES);
    } catch (CorruptionException e) {
      throw corrupt(name, e.getMessage(), e);
    }
  }

  /**
   * Reads every byte of both files; {@code pace} is told of each piece before it is read. What was
   * looked at when the files were opened is read again: they may have been open for weeks.
   */
  Verification verify(ReadPace pace) throws CairnException {
    long length = name.length();
    ByteBuffer buffer = scratch.take(ScratchBuffers.BYTES);
    try {
      pace.beforeRead((int) (Volume.sealedBytes(length) - length));
      requireHeadersAgain();
      for (long at = 0; at < length; at += ScratchBuffers.BYTES) {
        int bytes = (int) Math.min(ScratchBuffers.BYTES, length - at);
        pace.beforeRead(bytes);
        buffer.clear().limit(bytes);
        ReplicaRead.readFully(files.data(), buffer, DataFileHeader.BYTES + at);
        int first = Cells.indexOf(at);
        requireGood(buffer.flip(), at, checksums(first, Cells.count(bytes)), first);
      }
      return new Verification(true, true, length, "");
    } catch (IOException e) {
      throw CutCell.readRefusal(name.chunk(), e);
    } finally {
      scratch.give(buffer);
    }
  }
}
