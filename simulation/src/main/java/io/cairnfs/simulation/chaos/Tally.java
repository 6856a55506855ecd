package io.cairnfs.simulation.chaos;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts what happened, and keeps what must not have happened. Safe for any thread. */
final class Tally {
  /** What is counted. */
  enum Count {
    FILES_WRITTEN,
    BLOCKS_ACKNOWLEDGED,
    SYNCS,
    FLUSHES,
    RENAMES,
    DELETIONS,
    LISTINGS,
    FILES_READ,
    FILES_OF_OTHERS_READ,
    BLOCKS_VERIFIED,
    CALLS_FAILED,
    CALLS_FAILED_OVER,
    PIPELINES_FAILED_OVER,
    READS_FAILED_OVER,
    CUTS,
    ONE_WAY_CUTS,
    TROUBLED_LINKS,
    POWER_CUTS,
    FULL_DISKS,
    FLIPPED_REPLICAS,
    DAMAGED_METASERVERS,
    REPLACED_METASERVERS
  }

  private static final int VIOLATIONS_KEPT = 50;

  private final Map<Count, Long> counts = new EnumMap<>(Count.class);
  private final List<String> violations = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();

  synchronized void add(Count count, long more) {
    counts.merge(count, more, Long::sum);
  }

  synchronized long of(Count count) {
    return counts.getOrDefault(count, 0L);
  }

  /** A promise was broken. */
  synchronized void violated(String what) {
    if (violations.size() < VIOLATIONS_KEPT) {
      violations.add(what);
    }
  }

  synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /** A call ended with an error that the faults may explain. */
  synchronized void failed(String what) {
    counts.merge(Count.CALLS_FAILED, 1L, Long::sum);
    if (failures.size() < VIOLATIONS_KEPT) {
      failures.add(what);
    }
  }

  synchronized List<String> failures() {
    return List.copyOf(failures);
  }

  synchronized Map<Count, Long> counts() {
    return new EnumMap<>(counts);
  }
}
