package io.cairnfs.fuse.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;

/**
 * Open files that are coming to their end: the kernel tells of it when close(2) has returned
 * already. Any thread.
 */
final class Endings {
  @GuardedBy("this")
  private final Set<Long> underWay = new HashSet<>();

  @GuardedBy("this")
  private long ended;

  synchronized void begin(long handle) {
    underWay.add(handle);
  }

  synchronized void end(long handle) {
    underWay.remove(handle);
    ended++;
    notifyAll();
  }

  /** How many have come to their end. */
  synchronized long ended() {
    return ended;
  }

  /**
   * Waits for those that are under way now.
   *
   * @param before an earlier answer of {@link #ended}
   * @return whether any has ended since
   */
  synchronized boolean await(long before) throws InterruptedException {
    Set<Long> awaited = Set.copyOf(underWay);
    while (!Collections.disjoint(underWay, awaited)) {
      wait();
    }
    return ended > before;
  }
}
