package io.cairnfs.nio;

import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The ranges of files that channels of this process have locked, or wait to lock: of one file no
 * two overlap, since in Java locks are a process's, not a channel's. Any thread.
 */
final class LockedRanges {
  private final Map<Long, List<Range>> byFile = new HashMap<>();

  /** Bytes [start, end) of a file. */
  static final class Range {
    private final long inode;
    private final long start;
    private final long end;

    private Range(long inode, long start, long end) {
      this.inode = inode;
      this.start = start;
      this.end = end;
    }

    private boolean overlaps(Range other) {
      return start < other.end && other.start < end;
    }
  }

  /**
   * @param length 0 = to the end
   * @throws OverlappingFileLockException if a channel has part of it, or waits for it
   */
  synchronized Range reserve(long inode, long start, long length) {
    long end = length == 0 || start > Long.MAX_VALUE - length ? Long.MAX_VALUE : start + length;
    Range added = new Range(inode, start, end);
    List<Range> ranges = byFile.computeIfAbsent(inode, key -> new ArrayList<>());
    if (ranges.stream().anyMatch(added::overlaps)) {
      throw new OverlappingFileLockException();
    }
    ranges.add(added);
    return added;
  }

  /** Idempotent. */
  synchronized void free(Range range) {
    byFile.computeIfPresent(
        range.inode,
        (inode, ranges) -> {
          ranges.remove(range);
          return ranges.isEmpty() ? null : ranges;
        });
  }
}
