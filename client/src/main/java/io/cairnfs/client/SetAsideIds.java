package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.proto.metadata.InodeRange;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;

/**
 * Inode ids that the cluster has set aside for one session, used in ascending order. It is asked
 * for more once at a time, so that ranges come in their order. Safe for any thread.
 */
final class SetAsideIds {
  private static final int AT_ONCE = 4_096;
  private static final int FEW = 1_024;

  @GuardedBy("this")
  private final Deque<InodeRange> ranges = new ArrayDeque<>();

  @GuardedBy("this")
  private int usedOfFirst;

  @GuardedBy("this")
  private boolean asked;

  /**
   * How many to ask for, now: {@link #add} or {@link #notGiven} is to follow.
   *
   * @return 0 where there are enough, or somebody has asked
   */
  synchronized int wanted() {
    if (asked || left() >= FEW) {
      return 0;
    }
    asked = true;
    return AT_ONCE;
  }

  @GuardedBy("this")
  private int left() {
    int left = -usedOfFirst;
    for (InodeRange range : ranges) {
      left += range.getCount();
    }
    return left;
  }

  synchronized void add(InodeRange range) {
    asked = false;
    if (range.getCount() > 0) {
      ranges.add(range);
    }
  }

  synchronized void notGiven() {
    asked = false;
  }

  /** An id that nobody has; empty where the cluster is to give one. */
  synchronized OptionalLong next() {
    if (ranges.isEmpty()) {
      return OptionalLong.empty();
    }
    InodeRange first = ranges.element();
    long id = first.getFirst() + usedOfFirst++;
    if (usedOfFirst == first.getCount()) {
      InodeRange unused = ranges.remove();
      usedOfFirst = 0;
    }
    return OptionalLong.of(id);
  }
}
