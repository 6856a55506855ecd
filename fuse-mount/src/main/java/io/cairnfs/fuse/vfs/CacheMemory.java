package io.cairnfs.fuse.vfs;

import io.cairnfs.client.FileStatus;
import io.cairnfs.common.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the kernel was told of files: so that an open can tell whether it may go on with that. What
 * is not remembered counts as outdated. Any thread.
 */
final class CacheMemory {
  private static final int MAX_FILES = 100_000;

  /** For so long a file that had no ACL, or no set-id bits, has none. */
  private static final long KNOWN_NANOS = 1_000_000_000L;

  private static final int SET_ID = LinuxFlags.S_ISUID | LinuxFlags.S_ISGID;

  private final Clock clock;

  /** What the kernel was told last. */
  private final Map<Long, Told> told = new ConcurrentHashMap<>();

  /** Modification time of the content that pages of the kernel may be of. */
  private final Map<Long, Long> kept = new ConcurrentHashMap<>();

  /** When a file was last known to have no set-id bits. */
  private final Map<Long, Long> withoutSetId = new ConcurrentHashMap<>();

  private record Told(long changedNanos, boolean hasAcl, long atNanos) {}

  CacheMemory(Clock clock) {
    this.clock = clock;
  }

  /** The kernel hears these attributes. */
  void tell(FileStatus status) {
    tell(status, Duration.ZERO);
  }

  /** The kernel hears attributes as they were some time ago. */
  void tell(FileStatus status, Duration age) {
    long asOf = clock.monotonicNanos() - age.toNanos();
    Told unused =
        put(told, status.inode(), new Told(status.changeTimeNanos(), status.hasAcl(), asOf));
    learn(status, asOf);
  }

  /** What a file is like just now, of which the kernel does not hear. */
  void learn(FileStatus status) {
    learn(status, clock.monotonicNanos());
  }

  private void learn(FileStatus status, long asOf) {
    if ((status.mode() & SET_ID) == 0) {
      Long unused = put(withoutSetId, status.inode(), asOf);
    } else {
      Long unused = withoutSetId.remove(status.inode());
    }
  }

  /** A program that writes a lot loses its bits once, and no other client's chmod is old. */
  boolean isKnownWithoutSetId(long inode) {
    Long known = withoutSetId.get(inode);
    return known != null && clock.monotonicNanos() - known < KNOWN_NANOS;
  }

  /** A listing asks for the ACL of everything that it has just heard of. */
  boolean isKnownWithoutAcl(long inode) {
    Told known = told.get(inode);
    return known != null
        && !known.hasAcl()
        && clock.monotonicNanos() - known.atNanos() < KNOWN_NANOS;
  }

  /** Whether the kernel may know other attributes than these, which it does not hear now. */
  boolean isOutdated(FileStatus status) {
    Told known = told.get(status.inode());
    return known == null || known.changedNanos() != status.changeTimeNanos();
  }

  /** The kernel was told something newer. */
  boolean isOlderThanTold(FileStatus status) {
    Told known = told.get(status.inode());
    return known != null && known.changedNanos() > status.changeTimeNanos();
  }

  /**
   * A file is opened: whether pages that were read before are still its content. They are from now
   * on.
   */
  boolean isKept(FileStatus status) {
    Long known = put(kept, status.inode(), status.modificationTimeNanos());
    return known != null && known == status.modificationTimeNanos();
  }

  private static <T> T put(Map<Long, T> map, long inode, T value) {
    if (map.size() >= MAX_FILES) {
      map.clear();
    }
    return map.put(inode, value);
  }
}
