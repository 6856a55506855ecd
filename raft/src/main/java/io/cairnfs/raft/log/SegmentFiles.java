package io.cairnfs.raft.log;

import static io.cairnfs.raft.log.SegmentFormat.HEADER_BYTES;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The files behind the segments. {@link #allocateSpare} may run in a thread of its own beside all
 * others.
 */
final class SegmentFiles {
  static final int VERSION = 1;

  private static final String PREFIX = "log-";
  private static final String SUFFIX = ".segment";
  private static final String SPARE = "spare.segment";
  private static final String SPARE_TEMPORARY = "spare.tmp";
  private static final int FIXED_HEADER_BYTES = 48;
  private static final int CHECKED_OFFSET = 12;
  private static final int ALLOCATION_PIECE_BYTES = 1 << 20;

  private final Disk disk;
  private final String directory;
  private final String group;
  private final int segmentBytes;
  private final RandomGenerator random;
  private final Object allocation = new Object();

  /** Length of the spare; 0 = there is none. Written under {@link #allocation}. */
  private volatile int spareBytes;

  /** The last attempt to allocate failed because the disk is full. */
  private volatile boolean full;

  SegmentFiles(
      Disk disk, String directory, String group, int segmentBytes, RandomGenerator random) {
    this.disk = disk;
    this.directory = directory;
    this.group = group;
    this.segmentBytes = segmentBytes;
    this.random = random;
  }

  static boolean isSegment(String name) {
    return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
  }

  String describe(Segment segment) {
    return disk.describe(segment.name());
  }

  String describeDirectory() {
    return disk.describe(directory);
  }

  /** Removes what an interrupted allocation left and takes note of a spare. */
  void cleanUp() throws IOException {
    synchronized (allocation) {
      if (disk.exists(path(SPARE_TEMPORARY))) {
        disk.delete(path(SPARE_TEMPORARY));
      }
      if (disk.exists(path(SPARE))) {
        try (DiskFile spare = disk.open(path(SPARE), Disk.OpenMode.READ)) {
          spareBytes = Math.toIntExact(spare.size());
        }
      }
    }
  }

  /** All segments by index, with their headers checked and without their records. */
  List<Segment> openAll(Disk.OpenMode mode) throws IOException {
    List<Segment> segments = new ArrayList<>();
    try {
      for (String name : disk.list(directory)) {
        if (isSegment(name)) {
          segments.add(open(path(name), mode));
        }
      }
    } catch (IOException | RuntimeException e) {
      for (Segment segment : segments) {
        segment.close();
      }
      throw e;
    }
    return segments;
  }

  private Segment open(String name, Disk.OpenMode mode) throws IOException {
    DiskFile file = disk.open(name, mode);
    try {
      return new Segment(name, file, readHead(name, file));
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private Segment.Head readHead(String name, DiskFile file) throws IOException {
    String where = disk.describe(name);
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES);
    int read = file.read(bytes, 0);
    if (read < HEADER_BYTES) {
      throw new CorruptionException(where, read, "a header of " + HEADER_BYTES + " bytes", "end");
    }
    if (bytes.getInt(0) != SegmentFormat.SEGMENT_MAGIC) {
      throw new CorruptionException(
          where,
          0,
          "magic " + MemberState.hex(SegmentFormat.SEGMENT_MAGIC),
          MemberState.hex(bytes.getInt(0)));
    }
    MemberState.requireVersion(where, bytes.getInt(4), VERSION);
    int groupBytes = bytes.getInt(12);
    if (groupBytes < 0 || groupBytes > HEADER_BYTES - FIXED_HEADER_BYTES) {
      throw new CorruptionException(where, 12, "length of a group id", groupBytes + "");
    }
    int crc =
        Crc32c.of(bytes.array(), CHECKED_OFFSET, FIXED_HEADER_BYTES + groupBytes - CHECKED_OFFSET);
    if (crc != bytes.getInt(8)) {
      throw new CorruptionException(
          where, 8, "CRC " + MemberState.hex(bytes.getInt(8)), MemberState.hex(crc));
    }
    String foundGroup =
        new String(bytes.array(), FIXED_HEADER_BYTES, groupBytes, StandardCharsets.UTF_8);
    if (!foundGroup.equals(group)) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER, where + ": belongs to group " + foundGroup + ", not " + group);
    }
    Segment.Head head =
        new Segment.Head(
            group,
            bytes.getLong(16),
            bytes.getLong(24),
            bytes.getLong(32),
            Math.toIntExact(bytes.getLong(40)));
    if (!name.equals(nameOf(head.firstIndex()))) {
      throw new CorruptionException(
          where, 16, "the index in the file's name", Long.toString(head.firstIndex()));
    }
    if (file.size() != head.capacity()) {
      throw new CorruptionException(
          where, file.size(), "a file of " + head.capacity() + " bytes", file.size() + " bytes");
    }
    return head;
  }

  private static void putHead(ByteBuffer target, Segment.Head head) {
    byte[] groupId = head.group().getBytes(StandardCharsets.UTF_8);
    target.putInt(SegmentFormat.SEGMENT_MAGIC).putInt(VERSION).putInt(0).putInt(groupId.length);
    target.putLong(head.firstIndex()).putLong(head.previousTerm());
    target.putLong(head.salt()).putLong(head.capacity()).put(groupId);
    int length = FIXED_HEADER_BYTES + groupId.length - CHECKED_OFFSET;
    target.putInt(8, Crc32c.of(target.slice(CHECKED_OFFSET, length)));
    target.position(HEADER_BYTES);
  }

  /** Bytes of records that what is allocated ahead can take. */
  int spareRoom() {
    return Math.max(0, spareBytes - HEADER_BYTES);
  }

  boolean isFull() {
    return full;
  }

  /**
   * Makes sure that a spare of at least so many bytes of records exists, forced.
   *
   * @throws CairnException {@code NO_SPACE} if the disk is full; nothing has changed then
   */
  void allocateSpare(int recordBytes) throws IOException {
    synchronized (allocation) {
      int wanted = Math.max(segmentBytes, HEADER_BYTES + roundUp(recordBytes));
      if (spareBytes >= wanted) {
        return;
      }
      try {
        writeZeros(wanted);
      } catch (IOException e) {
        if (!StateFile.isNoSpace(e)) {
          throw e;
        }
        full = true;
        if (disk.exists(path(SPARE_TEMPORARY))) {
          disk.delete(path(SPARE_TEMPORARY));
        }
        throw new CairnException(
            ErrorCode.NO_SPACE,
            disk.describe(directory) + ": no room for a log segment of " + wanted + " bytes",
            e);
      }
      disk.rename(path(SPARE_TEMPORARY), path(SPARE));
      disk.forceDirectory(directory);
      spareBytes = wanted;
      full = false;
    }
  }

  /**
   * In pieces that are forced one by one, so that the log's own forces are not held up for long.
   */
  private void writeZeros(int bytes) throws IOException {
    if (disk.exists(path(SPARE_TEMPORARY))) {
      disk.delete(path(SPARE_TEMPORARY));
    }
    if (disk.usableBytes() < bytes) {
      throw new CairnException(
          ErrorCode.NO_SPACE, disk.usableBytes() + " bytes are usable of " + bytes + " wanted");
    }
    ByteBuffer zeros = ByteBuffer.allocateDirect(Math.min(bytes, ALLOCATION_PIECE_BYTES));
    try (DiskFile file = disk.open(path(SPARE_TEMPORARY), Disk.OpenMode.CREATE)) {
      for (int at = 0; at < bytes; at += zeros.capacity()) {
        file.write(zeros.clear().limit(Math.min(zeros.capacity(), bytes - at)), at);
        file.force();
      }
    }
  }

  /**
   * Turns the spare (allocated here if need be) into the segment from an index on. Its header is
   * durable before its name is.
   */
  Segment create(long firstIndex, long previousTerm, int recordBytes) throws IOException {
    synchronized (allocation) {
      allocateSpare(recordBytes);
      Segment.Head head =
          new Segment.Head(group, firstIndex, previousTerm, random.nextLong(), spareBytes);
      try (DiskFile file = disk.open(path(SPARE), Disk.OpenMode.WRITE)) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        putHead(header, head);
        file.write(header.flip(), 0);
        file.force();
      }
      String name = nameOf(firstIndex);
      disk.rename(path(SPARE), name);
      disk.forceDirectory(directory);
      spareBytes = 0;
      return new Segment(name, disk.open(name, Disk.OpenMode.WRITE), head);
    }
  }

  /** Closes and deletes the segment's file and forces the directory. */
  void delete(Segment segment) throws IOException {
    segment.close();
    disk.delete(segment.name());
    disk.forceDirectory(directory);
    full = false;
  }

  /** Deletes all segments, readable or not, and forces the directory. */
  void deleteAll() throws IOException {
    for (String name : disk.list(directory)) {
      if (isSegment(name)) {
        disk.delete(path(name));
      }
    }
    disk.forceDirectory(directory);
  }

  private static int roundUp(int bytes) {
    return (bytes + 4095) & -4096;
  }

  private String nameOf(long firstIndex) {
    return path(String.format("%s%020d%s", PREFIX, firstIndex, SUFFIX));
  }

  private String path(String name) {
    return StateFile.path(directory, name);
  }
}
