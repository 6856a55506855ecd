package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.time.Clock;
import java.util.Map;

/**
 * Which directories are worth a lease: those in which this client has made a few things, unless
 * others wanted them a moment ago. Safe for any thread.
 */
final class LeaseCandidates {
  private static final int REMEMBERED = 1_024;

  /** So often something is made in a directory of others before it is worth a lease. */
  private static final int MADE_BEFORE_LEASE = 3;

  private static final long REFUSED_NANOS = 2_000_000_000L;

  private final Clock clock;

  @GuardedBy("this")
  private final Map<Long, Integer> made = new LostChanges.Remembering<>(REMEMBERED);

  /** Directories that were not to be had, or were wanted back, and when. */
  @GuardedBy("this")
  private final Map<Long, Long> refused = new LostChanges.Remembering<>(REMEMBERED);

  LeaseCandidates(Clock clock) {
    this.clock = clock;
  }

  /** Something is about to be made there. */
  synchronized boolean isWorthLeasing(long directory) {
    Long since = refused.get(directory);
    if (since != null && clock.monotonicNanos() - since < REFUSED_NANOS) {
      return false;
    }
    return made.merge(directory, 1, Integer::sum) >= MADE_BEFORE_LEASE;
  }

  /** The directory was made by this client just now, and more will follow. */
  synchronized void madeDirectory(long directory) {
    Integer unused = made.put(directory, MADE_BEFORE_LEASE);
  }

  synchronized void refused(long directory) {
    Long unused = refused.put(directory, clock.monotonicNanos());
  }
}
