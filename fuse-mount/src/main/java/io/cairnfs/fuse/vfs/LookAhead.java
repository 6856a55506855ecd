package io.cairnfs.fuse.vfs;

import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.time.Clock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists a directory whose names are looked up one after the other, and finds the next ones there: a
 * round trip for hundreds of them instead of one for each. A listing counts as old as its first
 * page; what this mount changes of it is not found there any more. Any thread.
 *
 * <p>What is listed is in proportion to what was looked up, so that looking up a few names of a
 * large directory costs little more than it would without.
 */
final class LookAhead {
  private static final Logger LOG = LoggerFactory.getLogger(LookAhead.class);

  /** Looking up so many names begins a listing. */
  private static final int BEGIN = 8;

  private static final int FIRST_PAGE = 256;
  private static final int LARGEST_PAGE = 4096;

  /** So many names are listed for one that was looked up, at most. */
  private static final int LISTED_PER_LOOKUP = 4;

  private static final int MAX_DIRECTORIES = 256;
  private static final int MAX_NAMES = 50_000;
  private static final int MAX_CHANGES = 50_000;

  /** So many names of a directory are remembered that were looked up last. */
  private static final int LOOKED_UP_LATELY = 64;

  private final Clock clock;
  private final Map<Long, Directory> directories = new ConcurrentHashMap<>();

  /** Counts what this mount does that a listing made before would not show. */
  private final AtomicLong changes = new AtomicLong();

  /** The count when an inode, or what a name leads to, was changed last. */
  private final Map<Object, Long> changed = new ConcurrentHashMap<>();

  /** What was asked for before this count does not hold any more. */
  private final AtomicLong floor = new AtomicLong();

  private record Name(long directory, ByteBuffer name) {}

  /**
   * What a name leads to.
   *
   * @param age since when that may have changed
   */
  record Found(FileStatus status, Duration age) {}

  LookAhead(Clock clock) {
    this.clock = clock;
  }

  /** Anything may be different: called before a change is made, and again after it. */
  void changed() {
    forgetAll(changes.incrementAndGet());
  }

  private void forgetAll(long count) {
    long unused = floor.accumulateAndGet(count, Math::max);
    directories.clear();
    changed.values().removeIf(each -> each <= count);
  }

  /** As {@link #changed()}, where only this inode can be different. */
  void changed(long inode) {
    long count = changes.incrementAndGet();
    if (!directories.isEmpty()) {
      note(inode, count);
    }
  }

  /** As {@link #changed()}, where the name leads to something else, or to something for once. */
  void changed(long directory, byte[] name) {
    long count = changes.incrementAndGet();
    if (!directories.isEmpty()) {
      note(new Name(directory, ByteBuffer.wrap(name)), count);
      note(directory, count);
    }
  }

  /** As {@link #changed(long, byte[])}, where what the name led to may have other names. */
  void removed(long directory, byte[] name) {
    Directory known = directories.get(directory);
    Optional<Listed> listed =
        known == null
            ? Optional.empty()
            : known.lately(name).filter(each -> holds(directory, name, each));
    if (listed.isEmpty() && !directories.isEmpty()) {
      changed();
      return;
    }
    listed.ifPresent(each -> changed(each.status.inode()));
    changed(directory, name);
  }

  private void note(Object what, long count) {
    if (changed.size() >= MAX_CHANGES) {
      forgetAll(count);
    } else {
      long unused = changed.merge(what, count, Math::max);
    }
  }

  /** What this mount does from now on is not in an answer that is asked for from now on. */
  long count() {
    return changes.get();
  }

  private boolean holds(long directory, byte[] name, Listed listed) {
    return listed.asOf >= floor.get()
        && (changed.isEmpty()
            || (listed.asOf >= changedAt(listed.status.inode())
                && listed.asOf >= changedAt(new Name(directory, ByteBuffer.wrap(name)))));
  }

  private long changedAt(Object what) {
    return changed.getOrDefault(what, 0L);
  }

  /**
   * What a name was found to lead to when its directory was listed.
   *
   * @param oldest what is as old is not found
   */
  Optional<Found> find(long directory, byte[] name, Duration oldest) {
    Directory known = directories.get(directory);
    if (known == null) {
      return Optional.empty();
    }
    long age = clock.monotonicNanos() - known.sinceNanos;
    if (age >= oldest.toNanos()) {
      directories.remove(directory, known);
      return Optional.empty();
    }
    return known
        .find(name)
        .filter(listed -> holds(directory, name, listed))
        .map(listed -> new Found(listed.status, Duration.ofNanos(age)));
  }

  /**
   * A name that was not listed had to be looked up, and leads to something: lists more if that has
   * been so often enough.
   *
   * @param found with its name
   * @param asOf the {@link #count} before it was asked for
   */
  void lookedUp(CairnNodes nodes, long directory, FileStatus found, long asOf) {
    if (directories.size() >= MAX_DIRECTORIES) {
      directories.clear();
    }
    long before = changes.get();
    Directory known =
        directories.computeIfAbsent(directory, key -> new Directory(clock.monotonicNanos()));
    int page = known.beginPage(new Listed(found, asOf));
    if (page == 0) {
      return;
    }
    if (directories.values().stream().mapToInt(Directory::size).sum() + page > MAX_NAMES) {
      directories.clear();
    }
    List<FileStatus> listed = List.of();
    boolean more = false;
    try {
      CairnNodes.Page answer = nodes.list(directory, known.last(), page);
      listed = answer.entries();
      more = answer.more();
    } catch (CairnException e) {
      // The lookup itself has its answer. Who may look names up need not be allowed to list them.
      LOG.debug("inode={} is not listed: {}", directory, e.getMessage());
    } finally {
      known.endPage(listed, more, before);
    }
  }

  /**
   * What a name led to.
   *
   * @param asOf the count before it was asked for
   */
  private record Listed(FileStatus status, long asOf) {}

  /** Names of one directory, and how many were looked up. */
  private static final class Directory {
    private final long sinceNanos;
    private final Map<ByteBuffer, Listed> entries = new HashMap<>();

    private final Map<ByteBuffer, Listed> lately =
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Listed> eldest) {
            return size() > LOOKED_UP_LATELY;
          }
        };

    private int lookedUp;
    private byte[] last = new byte[0];
    private boolean complete;

    Directory(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }

    synchronized Optional<Listed> find(byte[] name) {
      return Optional.ofNullable(entries.get(ByteBuffer.wrap(name)));
    }

    /** As {@link #find}, also of names that had to be looked up. */
    synchronized Optional<Listed> lately(byte[] name) {
      Listed last = lately.get(ByteBuffer.wrap(name));
      return last == null ? find(name) : Optional.of(last);
    }

    synchronized int size() {
      return entries.size();
    }

    synchronized byte[] last() {
      return last;
    }

    /** How many entries are to be listed now, by the caller alone; 0 for none. */
    synchronized int beginPage(Listed found) {
      Listed unused = lately.put(ByteBuffer.wrap(found.status.nameBytes()), found);
      lookedUp++;
      if (complete || lookedUp < BEGIN || lookedUp * LISTED_PER_LOOKUP < entries.size()) {
        return 0;
      }
      complete = true;
      return Math.min(LARGEST_PAGE, Math.max(FIRST_PAGE, entries.size()));
    }

    synchronized void endPage(List<FileStatus> listed, boolean more, long asOf) {
      for (FileStatus status : listed) {
        last = status.nameBytes();
        entries.put(ByteBuffer.wrap(last), new Listed(status, asOf));
      }
      complete = !more;
    }
  }
}
