package io.cairnfs.raft.core;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.raft.Membership;
import java.util.ArrayList;
import java.util.List;

/**
 * The memberships along the log: each is in force from its entry's append on, and undone when the
 * entry is cut (section 4.1).
 */
final class MembershipHistory {
  private final List<Step> steps = new ArrayList<>();

  MembershipHistory(long baseIndex, Membership base) {
    steps.add(new Step(baseIndex, base));
  }

  void reset(long index, Membership membership) {
    steps.clear();
    steps.add(new Step(index, membership));
  }

  void append(LogEntry entry) {
    try {
      steps.add(new Step(entry.index(), MembershipCodec.decode(entry.payload())));
    } catch (CairnException e) {
      throw new IllegalStateException("entry " + entry + " is no membership", e);
    }
  }

  /** Returns whether a membership was undone. */
  boolean truncate(long from) {
    boolean undone = false;
    while (steps.size() > 1 && last().index >= from) {
      steps.remove(steps.size() - 1);
      undone = true;
    }
    return undone;
  }

  void compact(long index) {
    while (steps.size() > 1 && steps.get(1).index <= index) {
      steps.remove(0);
    }
  }

  Membership current() {
    return last().membership;
  }

  /** Index of the entry that brought the membership in force. */
  long currentIndex() {
    return last().index;
  }

  Membership at(long index) {
    for (int i = steps.size() - 1; i > 0; i--) {
      if (steps.get(i).index <= index) {
        return steps.get(i).membership;
      }
    }
    return steps.get(0).membership;
  }

  private Step last() {
    return steps.get(steps.size() - 1);
  }

  private record Step(long index, Membership membership) {}
}
