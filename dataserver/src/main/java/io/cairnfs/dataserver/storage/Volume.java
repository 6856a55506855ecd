package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One directory of replicas: its files, its space and its health.
 *
 * <p>HEALTHY -> FAILED when a write, force or rename fails with anything but "no space": for good,
 * until the process starts anew, since after a failed force nobody knows what is on the disk.
 * Creating a replica may also fail because the directory is not writable; then the volume takes no
 * new replicas for some seconds and is tried again.
 *
 * <p>Safe for any thread.
 */
final class Volume implements Closeable {
  /** New replicas go elsewhere when less than this is left. */
  static final long MIN_FREE_FOR_CREATE = 1 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(Volume.class);
  private static final long FREE_SPACE_AGE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long UNWRITABLE_NANOS = Duration.ofSeconds(5).toNanos();

  private final int ordinal;
  private final TimedDisk disk;
  private final String volumeId;
  private final VolumeOptions options;
  private final Clock clock;
  private final Closeable lock;
  private final Quarantine quarantine;
  private final AtomicLong usedBytes = new AtomicLong();

  /** What open replicas may still grow by; only to spread new replicas. */
  private final AtomicLong promisedBytes = new AtomicLong();

  private final Set<String> durableDirectories = ConcurrentHashMap.newKeySet();
  private volatile String failure;
  private volatile long freeBytes;
  private volatile long freeBytesAtNanos;
  private volatile long unwritableUntilNanos;
  private volatile boolean unwritable;
  private volatile boolean slow;

  /**
   * @param lock what keeps other processes away; closed with the volume
   */
  Volume(
      int ordinal, Disk disk, String volumeId, VolumeOptions options, Clock clock, Closeable lock)
      throws IOException {
    this.ordinal = ordinal;
    this.disk = new TimedDisk(disk, clock);
    this.volumeId = volumeId;
    this.options = options;
    this.clock = clock;
    this.lock = lock;
    this.quarantine = new Quarantine(disk, clock);
    this.freeBytes = disk.usableBytes();
    this.freeBytesAtNanos = clock.monotonicNanos();
  }

  int ordinal() {
    return ordinal;
  }

  Disk disk() {
    return disk;
  }

  String volumeId() {
    return volumeId;
  }

  /** Ends the window in which the disk's latencies were gathered. */
  void endLatencyWindow() {
    disk.endWindow();
  }

  VolumeLatency latency() {
    return disk.latency();
  }

  /** Slow beside the server's other volumes. */
  boolean isSlow() {
    return slow;
  }

  void setSlow(boolean changed) {
    if (slow != changed) {
      slow = changed;
      LOG.warn(
          "volume={} directory={} is {} beside the other volumes",
          volumeId,
          disk.describe(""),
          changed ? "slow" : "slow no more");
    }
  }

  boolean isFailed() {
    return failure != null;
  }

  void requireHealthy() throws CairnException {
    String reason = failure;
    if (reason != null) {
      throw new CairnException(
          ErrorCode.VOLUME_FAILED, "volume " + disk.describe("") + " failed: " + reason);
    }
  }

  /** Whether chunks of pools of this class may lie here. */
  boolean isOf(StorageClass wanted) {
    return wanted == StorageClass.ANY || wanted == options.storage();
  }

  /** Whether a new replica of a pool of this class may be tried here. */
  boolean takesReplicas(StorageClass wanted) {
    return isOf(wanted)
        && failure == null
        && availableBytes() >= MIN_FREE_FOR_CREATE
        && !(unwritable && clock.monotonicNanos() < unwritableUntilNanos);
  }

  /** Space for new replicas, less what the open ones may still take. */
  long unpromisedBytes() {
    return availableBytes() - promisedBytes.get();
  }

  void promise(long bytes) {
    promisedBytes.addAndGet(bytes);
  }

  long availableBytes() {
    long free = freeBytes() - options.reserveBytes();
    if (options.quotaBytes() > 0) {
      free = Math.min(free, options.quotaBytes() - usedBytes.get());
    }
    return Math.max(0, free);
  }

  private long freeBytes() {
    long now = clock.monotonicNanos();
    if (now - freeBytesAtNanos > FREE_SPACE_AGE_NANOS) {
      try {
        freeBytes = disk.usableBytes();
        freeBytesAtNanos = now;
      } catch (IOException e) {
        fail("asking for free space: " + e);
      }
    }
    return freeBytes;
  }

  VolumeStatus status() {
    long available = isFailed() ? 0 : availableBytes();
    long used = usedBytes.get();
    long capacity =
        options.quotaBytes() > 0
            ? Math.min(options.quotaBytes(), used + available)
            : used + available;
    return new VolumeStatus(
        volumeId,
        disk.describe(""),
        capacity,
        used,
        available,
        disk.latency(),
        options.storage(),
        isFailed());
  }

  /** Takes space for bytes about to be appended. */
  void claim(long bytes) throws CairnException {
    requireHealthy();
    long available = availableBytes();
    if (available < bytes) {
      throw new CairnException(
          ErrorCode.NO_SPACE,
          "volume "
              + disk.describe("")
              + " has "
              + available
              + " bytes left for data, "
              + bytes
              + " needed");
    }
    usedBytes.addAndGet(bytes);
  }

  /** Counts bytes that are there, or (negative) are gone. */
  void count(long bytes) {
    usedBytes.addAndGet(bytes);
  }

  static long sealedBytes(long length) {
    return DataFileHeader.BYTES + length + SealedChecksums.HEADER_BYTES + 4L * Cells.count(length);
  }

  /**
   * What the caller of a failed operation on this volume is told. Marks the volume as failed unless
   * it is merely full, or the caller's own refusal passes through.
   */
  CairnException refusal(String what, IOException cause) {
    if (cause instanceof CairnException own) {
      return own;
    }
    if (isNoSpace(cause)) {
      freeBytes = 0;
      freeBytesAtNanos = clock.monotonicNanos();
      return new CairnException(
          ErrorCode.NO_SPACE, what + ": no space left on " + disk.describe(""), cause);
    }
    fail(what + ": " + cause);
    return new CairnException(
        ErrorCode.VOLUME_FAILED, "volume " + disk.describe("") + ": " + what + ": " + cause, cause);
  }

  /** What the caller of a failed creation is told; the volume is tried again in some seconds. */
  CairnException creationRefusal(String what, IOException cause) {
    if (cause instanceof CairnException || isNoSpace(cause)) {
      return refusal(what, cause);
    }
    unwritableUntilNanos = clock.monotonicNanos() + UNWRITABLE_NANOS;
    if (!unwritable) {
      unwritable = true;
      LOG.warn(
          "volume={} directory={} takes no new replicas for now: {}: {}",
          volumeId,
          disk.describe(""),
          what,
          cause.toString());
    }
    return new CairnException(
        ErrorCode.VOLUME_FAILED,
        "volume " + disk.describe("") + " is not writable: " + what + ": " + cause,
        cause);
  }

  private static boolean isNoSpace(IOException cause) {
    String reason =
        cause instanceof FileSystemException e && e.getReason() != null
            ? e.getReason()
            : String.valueOf(cause.getMessage());
    String text = reason.toLowerCase(Locale.ROOT);
    return text.contains("no space left") || text.contains("quota exceeded");
  }

  void fail(String reason) {
    if (failure == null) {
      failure = reason;
      LOG.error("volume={} directory={} failed: {}", volumeId, disk.describe(""), reason);
    }
  }

  /** Creates both files of an OPEN replica with their headers; not forced. */
  ReplicaFiles createOpen(ChunkId chunk, int epoch, long maxLength) throws CairnException {
    claim(DataFileHeader.BYTES + ChecksumRecord.HEADER_BYTES);
    String dataName = ReplicaPath.openData(chunk);
    DiskFile data = null;
    try {
      createSlotDirectory(chunk);
      data = disk.open(dataName, Disk.OpenMode.CREATE);
      DiskFile sums = disk.open(ReplicaPath.openLog(chunk), Disk.OpenMode.CREATE);
      data.write(new DataFileHeader(chunk, epoch, maxLength).encode(), 0);
      sums.write(ChecksumRecord.encodeHeader(chunk), 0);
      unwritable = false;
      return new ReplicaFiles(data, sums);
    } catch (IOException e) {
      count(-(DataFileHeader.BYTES + ChecksumRecord.HEADER_BYTES));
      CairnException refusal = creationRefusal("creating " + dataName, e);
      abandon(chunk, data, refusal);
      throw refusal;
    }
  }

  private void abandon(ChunkId chunk, DiskFile data, CairnException refusal) {
    try {
      if (data != null) {
        data.close();
        deleteIfThere(ReplicaPath.openData(chunk));
        deleteIfThere(ReplicaPath.openLog(chunk));
      }
    } catch (IOException e) {
      refusal.addSuppressed(e);
    }
  }

  @com.google.errorprone.annotations.CanIgnoreReturnValue
  boolean deleteIfThere(String name) throws IOException {
    if (!disk.exists(name)) {
      return false;
    }
    disk.delete(name);
    return true;
  }

  /** So that files can be created in it; durable later. */
  void createSlotDirectory(ChunkId chunk) throws IOException {
    String directory = ReplicaPath.slotDirectory(chunk);
    if (!durableDirectories.contains(directory)) {
      disk.createDirectories(directory);
    }
  }

  /** Makes all names in the slot's directory durable, and the directory itself. */
  void forceSlotDirectory(ChunkId chunk) throws IOException {
    String directory = ReplicaPath.slotDirectory(chunk);
    disk.forceDirectory(directory);
    int end = directory.length();
    while (!durableDirectories.contains(directory.substring(0, end))) {
      int parent = directory.lastIndexOf('/', end - 1);
      if (parent < 0) {
        break;
      }
      disk.forceDirectory(directory.substring(0, parent));
      durableDirectories.add(directory.substring(0, end));
      end = parent;
    }
  }

  /**
   * The end of every seal and copy: the data file is whole and forced under another name of the
   * same directory; afterwards both files have their names, durably. The order is in the package's
   * description.
   */
  void publishSealed(SealedName name, int epoch, int[] cells, String dataName) throws IOException {
    ChunkId chunk = name.chunk();
    String temporary = ReplicaPath.sealingSums(chunk);
    deleteIfThere(temporary);
    try (DiskFile sums = disk.open(temporary, Disk.OpenMode.CREATE)) {
      ByteBuffer content = new SealedChecksums(chunk, epoch, name.length()).encode(cells);
      sums.write(content, 0);
      sums.force();
    }
    disk.rename(temporary, ReplicaPath.sealedSums(chunk));
    disk.rename(dataName, ReplicaPath.sealedData(name));
    forceSlotDirectory(chunk);
  }

  /** Where bad replicas are kept. */
  Quarantine quarantine() {
    return quarantine;
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
