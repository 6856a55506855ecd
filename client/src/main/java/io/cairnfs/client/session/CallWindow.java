package io.cairnfs.client.session;

import java.util.BitSet;

/**
 * Numbers of a session's calls: which are on their way, and the low-water mark below which all have
 * been answered. A number is given out only while fewer than {@code capacity} lie above the mark,
 * because the metaservers keep the results of so many. Not safe for several threads.
 */
final class CallWindow {
  private final int capacity;
  private final BitSet outstanding;
  private long next = 1;
  private long lowWater = 1;

  CallWindow(int capacity) {
    this.capacity = capacity;
    outstanding = new BitSet(capacity);
  }

  boolean hasRoom() {
    return next - lowWater < capacity;
  }

  long begin() {
    if (!hasRoom()) {
      throw new IllegalStateException("all " + capacity + " calls are outstanding");
    }
    outstanding.set((int) (next % capacity));
    return next++;
  }

  void end(long call) {
    if (call < lowWater || call >= next || !outstanding.get((int) (call % capacity))) {
      throw new IllegalStateException("call " + call + " is not outstanding");
    }
    outstanding.clear((int) (call % capacity));
    while (lowWater < next && !outstanding.get((int) (lowWater % capacity))) {
      lowWater++;
    }
  }

  long lowWater() {
    return lowWater;
  }
}
