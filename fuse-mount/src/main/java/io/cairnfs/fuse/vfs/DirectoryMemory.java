package io.cairnfs.fuse.vfs;

import io.cairnfs.client.FileStatus;
import io.cairnfs.common.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What directories are like. The kernel forgets a directory's attributes whenever a name is made in
 * it and asks for them before the next one; but what a new name changes of its directory is known.
 * What this mount does otherwise to a directory is forgotten. Any thread.
 */
final class DirectoryMemory {
  private static final int MAX_DIRECTORIES = 10_000;

  private final Clock clock;
  private final Map<Long, Known> known = new ConcurrentHashMap<>();

  /** Counts what this mount changes. */
  private final AtomicLong changes = new AtomicLong();

  /** The count when a directory was changed last. */
  private final Map<Long, Long> changed = new ConcurrentHashMap<>();

  /** What was asked for before this count does not hold any more. */
  private final AtomicLong floor = new AtomicLong();

  /** What a directory was like when it was asked for, with the names that were made since. */
  private record Known(FileStatus status, long sinceNanos) {}

  /**
   * What a directory is like.
   *
   * @param age since when others may have changed it
   */
  record Found(FileStatus status, Duration age) {}

  DirectoryMemory(Clock clock) {
    this.clock = clock;
  }

  /**
   * @param oldest what is as old is not found
   */
  Optional<Found> find(long directory, Duration oldest) {
    Known found = known.get(directory);
    if (found == null) {
      return Optional.empty();
    }
    Duration age = Duration.ofNanos(clock.monotonicNanos() - found.sinceNanos);
    if (age.compareTo(oldest) >= 0) {
      boolean unused = known.remove(directory, found);
      return Optional.empty();
    }
    return Optional.of(new Found(found.status, age));
  }

  /** To be asked for before the cluster is. */
  long count() {
    return changes.get();
  }

  /**
   * The cluster has said what a directory is like.
   *
   * @param asOf the {@link #count} before it was asked
   * @param askedNanos when, by the monotonic clock
   */
  void learn(FileStatus status, long asOf, long askedNanos) {
    if (status.isDirectory()) {
      put(asOf, new Known(status, askedNanos));
    }
  }

  private void put(long asOf, Known directory) {
    if (known.size() >= MAX_DIRECTORIES) {
      changed();
      return;
    }
    long inode = directory.status.inode();
    Known unused =
        known.compute(
            inode,
            (key, before) -> {
              boolean holds = asOf >= floor.get() && asOf >= changed.getOrDefault(inode, 0L);
              return holds ? directory : before;
            });
  }

  /** Anything may be different. */
  void changed() {
    long count = changes.incrementAndGet();
    long unused = floor.accumulateAndGet(count, Math::max);
    known.clear();
    changed.values().removeIf(each -> each <= count);
  }

  /** This directory may be different. */
  void changed(long directory) {
    Naming unused = naming(directory);
  }

  /** A name that is being made in a directory. */
  final class Naming {
    private final Optional<Known> before;
    private final long asOf;

    private Naming(Optional<Known> before, long asOf) {
      this.before = before;
      this.asOf = asOf;
    }

    /** The name was made at that time, by the cluster's clock. */
    void done(long nanos) {
      before.ifPresent(
          directory ->
              put(asOf, new Known(changedAt(directory.status, nanos), directory.sinceNanos)));
    }
  }

  private static FileStatus changedAt(FileStatus status, long nanos) {
    return new FileStatus(
        status.path(),
        status.inode(),
        status.type(),
        status.mode(),
        status.owner(),
        status.group(),
        status.length(),
        Math.max(status.modificationTimeNanos(), nanos),
        status.accessTimeNanos(),
        Math.max(status.changeTimeNanos(), nanos),
        status.linkCount(),
        status.replication(),
        status.chunkBytes(),
        status.changeIndex(),
        status.symlinkTarget(),
        status.beingWritten(),
        status.hasAcl(),
        status.device());
  }

  /** Forgets the directory until the name is known to have been made. */
  Naming naming(long directory) {
    if (changed.size() >= MAX_DIRECTORIES) {
      changed();
    }
    long count = changes.incrementAndGet();
    long unused = changed.merge(directory, count, Math::max);
    return new Naming(Optional.ofNullable(known.remove(directory)), count);
  }
}
