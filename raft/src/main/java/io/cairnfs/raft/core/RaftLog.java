package io.cairnfs.raft.core;

import io.cairnfs.raft.Membership;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The core's picture of its log: what lies below {@code tailFirst} is read through the {@link
 * LogView}; the tail (everything not forced or not committed, and a cache of what is) is in memory.
 * Four positions move along it:
 *
 * <pre>
 * first ........ forced ........ handed ........ last
 *        commit may stand anywhere up to last
 * </pre>
 *
 * {@code handed} entries were given to the driver to write; {@code forced} ones are known durable.
 */
final class RaftLog {
  private static final int SMALLEST_RING = 256;

  private final LogView view;
  private final int cacheBytes;
  private final CoreCounters counters;
  private final TermRuns terms = new TermRuns();
  private final MembershipHistory memberships;
  private final ArrayDeque<Writing> writing = new ArrayDeque<>();

  private LogEntry[] ring = new LogEntry[SMALLEST_RING];
  private long tailFirst;
  private long tailBytes;
  private long first;
  private long last;
  private long handed;
  private long forced;
  private long commit;
  private long checkpoint;
  private long unsettledBytes;

  private List<LogEntry> slice = List.of();
  private long sliceFrom;
  private int sliceMaxBytes;

  RaftLog(LogView view, int cacheBytes, CoreCounters counters) {
    this.view = view;
    this.cacheBytes = cacheBytes;
    this.counters = counters;
    first = view.firstIndex();
    last = view.lastIndex();
    handed = last;
    forced = last;
    tailFirst = last + 1;
    checkpoint = view.checkpointIndex();
    commit = checkpoint;
    if (checkpoint < first - 1 || checkpoint > last) {
      throw new IllegalStateException(
          "log [" + first + ", " + last + "] does not follow the checkpoint at " + checkpoint);
    }
    readTerms();
    memberships = new MembershipHistory(checkpoint, view.checkpointMembership());
    view.memberships().forEach(memberships::append);
  }

  /** Finds the runs by halving: a log of millions of entries has few terms. */
  private void readTerms() {
    terms.reset(first - 1, view.term(first - 1));
    long at = first - 1;
    while (true) {
      long low = at;
      long high = last;
      long term = view.term(at);
      while (low < high) {
        long middle = low + (high - low + 1) / 2;
        if (view.term(middle) == term) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      if (low >= last) {
        return;
      }
      at = low + 1;
      terms.append(at, view.term(at));
    }
  }

  long first() {
    return first;
  }

  long last() {
    return last;
  }

  long lastTerm() {
    return terms.term(last);
  }

  long forced() {
    return forced;
  }

  long commit() {
    return commit;
  }

  long checkpoint() {
    return checkpoint;
  }

  Membership membership() {
    return memberships.current();
  }

  long membershipIndex() {
    return memberships.currentIndex();
  }

  Membership membershipAt(long index) {
    return memberships.at(index);
  }

  /** The term is known here. */
  boolean knows(long index) {
    return index >= first - 1 && index <= last;
  }

  long term(long index) {
    return terms.term(index);
  }

  boolean contains(long index, long term) {
    return knows(index) && term(index) == term;
  }

  /** Everything appended has been forced: the next batch may go out. */
  boolean isQuiet() {
    return forced == last;
  }

  /** Payload appended since this member's last restart that is not committed. */
  long uncommittedBytes() {
    return unsettledBytes;
  }

  /**
   * The highest index at or below {@code index} whose term is not above {@code term}: where two
   * logs may still agree. May be one below the first known index.
   */
  long latestWithTermAtMost(long index, long term) {
    long at = Math.min(index, last);
    while (at >= first - 1 && terms.term(at) > term) {
      at = terms.start(at) - 1;
    }
    return at;
  }

  void append(LogEntry entry) {
    if (entry.index() != last + 1) {
      throw new IllegalStateException("entry " + entry + " after " + last);
    }
    if (last + 1 - tailFirst == ring.length) {
      growRing();
    }
    terms.append(entry.index(), entry.term());
    last = entry.index();
    ring[slot(last)] = entry;
    tailBytes += entry.payload().length;
    unsettledBytes += entry.payload().length;
    if (entry.kind() == EntryKind.MEMBERSHIP) {
      memberships.append(entry);
    }
  }

  /** Cuts everything from the index on. */
  void truncate(long from) {
    if (from <= commit) {
      throw new IllegalStateException("cutting from " + from + " would undo commit " + commit);
    }
    counters.count(CoreEvent.CONFLICT_TRUNCATION);
    for (long index = Math.max(from, tailFirst); index <= last; index++) {
      LogEntry cut = ring[slot(index)];
      tailBytes -= cut.payload().length;
      unsettledBytes -= cut.payload().length;
      ring[slot(index)] = null;
    }
    tailFirst = Math.min(tailFirst, from);
    last = from - 1;
    handed = Math.min(handed, last);
    forced = Math.min(forced, last);
    terms.truncate(from);
    slice = List.of();
    for (Writing batch : writing) {
      if (batch.upTo > last) {
        batch.upTo = last;
        counters.count(CoreEvent.STALE_FORCE);
      }
    }
    if (memberships.truncate(from)) {
      counters.count(CoreEvent.MEMBERSHIP_ROLLED_BACK);
    }
  }

  /** Moves the commit index; returns whether it moved. */
  boolean commitTo(long index) {
    if (index <= commit) {
      return false;
    }
    if (index > last) {
      throw new IllegalStateException("commit of " + index + " beyond the end " + last);
    }
    for (long settled = Math.max(commit + 1, tailFirst); settled <= index; settled++) {
      unsettledBytes -= ring[slot(settled)].payload().length;
    }
    commit = index;
    if (commit > forced) {
      counters.count(CoreEvent.COMMITTED_BEFORE_FORCED);
    }
    evict();
    return true;
  }

  /** What may be applied: committed and forced. */
  long applicable() {
    return Math.min(commit, forced);
  }

  boolean hasUnwritten() {
    return handed < last;
  }

  /** The entries to be written next, which become part of the batch of that sequence. */
  List<LogEntry> takeUnwritten(long sequence) {
    if (handed == last) {
      return List.of();
    }
    LogEntry[] entries = new LogEntry[(int) (last - handed)];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = ring[slot(handed + 1 + i)];
    }
    handed = last;
    writing.add(new Writing(sequence, last));
    return Arrays.asList(entries);
  }

  /** Batches up to this sequence are durable. */
  void forcedTo(long sequence) {
    while (!writing.isEmpty() && writing.peekFirst().sequence <= sequence) {
      forced = Math.max(forced, writing.removeFirst().upTo);
    }
    evict();
  }

  /**
   * Entries from {@code from} to at most {@code upTo}: at least one, no more beyond it than fit
   * into {@code maxBytes}.
   */
  List<LogEntry> entries(long from, long upTo, int maxBytes) {
    if (from > upTo) {
      return List.of();
    }
    if (from < first || upTo > last) {
      throw new IllegalArgumentException(
          "entries [" + from + ", " + upTo + "] of [" + first + ", " + last + "]");
    }
    if (from < tailFirst) {
      return view.entries(from, Math.min(upTo, tailFirst - 1), maxBytes);
    }
    if (upTo == last && from == sliceFrom && maxBytes == sliceMaxBytes && endsAtLast()) {
      return slice;
    }
    long bytes = 0;
    long end = from;
    while (end <= upTo) {
      bytes += ring[slot(end)].payload().length;
      if (bytes > maxBytes && end > from) {
        break;
      }
      end++;
    }
    LogEntry[] entries = new LogEntry[(int) (end - from)];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = ring[slot(from + i)];
    }
    slice = Arrays.asList(entries);
    sliceFrom = from;
    sliceMaxBytes = maxBytes;
    return slice;
  }

  /** All followers usually get the same entries: the last slice is kept for the next one. */
  private boolean endsAtLast() {
    return !slice.isEmpty() && slice.get(slice.size() - 1).index() == last;
  }

  /** Notes a checkpoint; returns up to where entries may be deleted, or 0. */
  long checkpointed(long index, int trailingEntries, long beyond) {
    if (index > forced) {
      throw new IllegalStateException(
          "checkpoint at " + index + " beyond what could be applied, " + this);
    }
    if (index <= checkpoint) {
      return 0;
    }
    // After a restart the store may be ahead of what the core knows to be committed.
    commitTo(index);
    checkpoint = index;
    memberships.compact(index);
    long deletable = Math.max(index - trailingEntries, Math.min(index, beyond));
    if (deletable < first) {
      return 0;
    }
    first = deletable + 1;
    terms.compact(deletable);
    while (tailFirst < first) {
      dropFirst();
    }
    return deletable;
  }

  /** The log was replaced by a checkpoint: it is empty behind it. */
  void reset(long index, long term, Membership membership) {
    Arrays.fill(ring, null);
    slice = List.of();
    tailBytes = 0;
    unsettledBytes = 0;
    first = index + 1;
    last = index;
    handed = index;
    forced = index;
    commit = index;
    checkpoint = index;
    tailFirst = index + 1;
    terms.reset(index, term);
    memberships.reset(index, membership);
    writing.forEach(batch -> batch.upTo = 0);
  }

  private void evict() {
    while (tailBytes > cacheBytes && tailFirst <= applicable()) {
      dropFirst();
    }
  }

  private void dropFirst() {
    if (tailFirst > last) {
      tailFirst++;
      return;
    }
    int slot = slot(tailFirst);
    tailBytes -= ring[slot].payload().length;
    ring[slot] = null;
    tailFirst++;
  }

  private void growRing() {
    LogEntry[] larger = new LogEntry[ring.length * 2];
    for (long index = tailFirst; index <= last; index++) {
      larger[(int) (index & (larger.length - 1))] = ring[slot(index)];
    }
    ring = larger;
  }

  private int slot(long index) {
    return (int) (index & (ring.length - 1));
  }

  /** A batch of entries on its way to the disk. */
  private static final class Writing {
    private final long sequence;
    private long upTo;

    Writing(long sequence, long upTo) {
      this.sequence = sequence;
      this.upTo = upTo;
    }
  }

  /** For messages of failed checks. */
  @Override
  public String toString() {
    return "log first="
        + first
        + " forced="
        + forced
        + " handed="
        + handed
        + " last="
        + last
        + " commit="
        + commit
        + " checkpoint="
        + checkpoint
        + " in flight="
        + new ArrayList<>(writing).size();
  }
}
