package io.cairnfs.fuse.vfs;

import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.time.Clock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
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
 * page, and is forgotten as soon as this mount changes anything. Any thread.
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

  private final Clock clock;
  private final Map<Long, Directory> directories = new ConcurrentHashMap<>();

  /** Counts what this mount does that a listing made before would not show. */
  private final AtomicLong changes = new AtomicLong();

  /**
   * What a name leads to.
   *
   * @param age since when that may have changed
   */
  record Found(FileStatus status, Duration age) {}

  LookAhead(Clock clock) {
    this.clock = clock;
  }

  /** Called before a change is made, and again after it. */
  void changed() {
    long unused = changes.incrementAndGet();
    if (!directories.isEmpty()) {
      directories.clear();
    }
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
    return known.status(name).map(status -> new Found(status, Duration.ofNanos(age)));
  }

  /**
   * A name that was not listed had to be looked up, and leads to something: lists more if that has
   * been so often enough.
   */
  void lookedUp(CairnNodes nodes, long directory) {
    if (directories.size() >= MAX_DIRECTORIES) {
      directories.clear();
    }
    long before = changes.get();
    Directory known =
        directories.computeIfAbsent(directory, key -> new Directory(clock.monotonicNanos()));
    int page = known.beginPage();
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
      if (changes.get() == before) {
        listed = answer.entries();
        more = answer.more();
      }
    } catch (CairnException e) {
      // The lookup itself has its answer. Who may look names up need not be allowed to list them.
      LOG.debug("inode={} is not listed: {}", directory, e.getMessage());
    } finally {
      known.endPage(listed, more);
    }
    if (changes.get() != before) {
      directories.remove(directory, known);
    }
  }

  /** Names of one directory, and how many were looked up. */
  private static final class Directory {
    private final long sinceNanos;
    private final Map<ByteBuffer, FileStatus> entries = new HashMap<>();
    private int lookedUp;
    private byte[] last = new byte[0];
    private boolean complete;

    Directory(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }

    synchronized Optional<FileStatus> status(byte[] name) {
      return Optional.ofNullable(entries.get(ByteBuffer.wrap(name)));
    }

    synchronized int size() {
      return entries.size();
    }

    synchronized byte[] last() {
      return last;
    }

    /** How many entries are to be listed now, by the caller alone; 0 for none. */
    synchronized int beginPage() {
      lookedUp++;
      if (complete || lookedUp < BEGIN || lookedUp * LISTED_PER_LOOKUP < entries.size()) {
        return 0;
      }
      complete = true;
      return Math.min(LARGEST_PAGE, Math.max(FIRST_PAGE, entries.size()));
    }

    synchronized void endPage(List<FileStatus> listed, boolean more) {
      for (FileStatus status : listed) {
        last = status.nameBytes();
        entries.put(ByteBuffer.wrap(last), status);
      }
      complete = !more;
    }
  }
}
