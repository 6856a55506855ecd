package io.cairnfs.raft.log;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.log.LogRecovery.Recovered;
import io.cairnfs.raft.log.MemberState.Step;
import io.cairnfs.raft.log.MemberState.StepKind;
import io.cairnfs.raft.log.SegmentFormat.Header;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The entries of a member's log on disk, at contiguous indexes.
 *
 * <p>One thread calls what changes the log, {@link #preallocate} apart, which may run beside it in
 * another. Readers ({@link #term}, {@link #read}, the sizes) may be on any thread, as long as they
 * ask for no index that is being cut at that moment.
 *
 * <p>An entry is durable once {@link #force} has returned after {@link #append}; nothing may be
 * acknowledged before. After an {@link IOException} other than {@code NO_SPACE} the log refuses
 * every further change: what is on the disk is no longer known, and the process must stop.
 */
public final class SegmentedLog implements Closeable {
  private static final int KEPT_BUFFER_BYTES = 4 << 20;

  private final SegmentFiles files;
  private final StateFile state;
  private final LogOptions options;

  // Written by the owner under the monitor; read by the owner without, by others under it.
  private List<Segment> segments;
  private TermRuns terms;
  private long lastIndex;
  private long lastTerm;
  private long forcedIndex;
  private final TreeSet<Long> memberships = new TreeSet<>();

  private ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);
  private boolean markIsLast;
  private boolean failed;

  private SegmentedLog(SegmentFiles files, StateFile state, LogOptions options, Recovered content) {
    this.files = files;
    this.state = state;
    this.options = options;
    take(content);
  }

  static SegmentedLog open(SegmentFiles files, StateFile state, LogOptions options)
      throws IOException {
    return new SegmentedLog(files, state, options, LogRecovery.recover(files, state));
  }

  private synchronized void take(Recovered content) {
    segments = content.segments();
    terms = content.terms();
    lastIndex = content.lastIndex();
    lastTerm = content.lastTerm();
    forcedIndex = lastIndex;
    memberships.clear();
    memberships.addAll(content.memberships());
    markIsLast = false;
  }

  /** Index of the oldest entry; one behind {@link #lastIndex} if there is none. */
  public synchronized long firstIndex() {
    return segments.get(0).firstIndex();
  }

  /** Index of the newest entry, forced or not; the base's if there is none. */
  public synchronized long lastIndex() {
    return lastIndex;
  }

  public synchronized long lastTerm() {
    return lastTerm;
  }

  /** All entries up to this one survive a power cut. */
  public synchronized long forcedIndex() {
    return forcedIndex;
  }

  /**
   * The term of an entry, or of the one before the first.
   *
   * @throws IllegalArgumentException if the index is not within [first - 1, last]
   */
  public synchronized long term(long index) {
    if (index < firstIndex() - 1 || index > lastIndex) {
      throw new IllegalArgumentException(
          "index " + index + " is not within [" + (firstIndex() - 1) + ", " + lastIndex + "]");
    }
    return index == lastIndex ? lastTerm : terms.term(index);
  }

  /** Bytes of all records and headers kept. */
  public synchronized long sizeBytes() {
    long bytes = 0;
    for (Segment segment : segments) {
      bytes += segment.end();
    }
    return bytes;
  }

  /**
   * Entries of [from, to) from the disk: at least one, further ones as long as all together have at
   * most {@code maxBytes} of records.
   *
   * @throws IllegalArgumentException if the range is empty or not within the log
   * @throws CorruptionException if a record no longer is what was written
   */
  public List<LogEntry> read(long from, long to, long maxBytes) throws IOException {
    requireRange(from, to);
    List<LogEntry> entries = new ArrayList<>();
    long left = maxBytes;
    for (long next = from; next < to; ) {
      Piece piece = locate(next, to, left, entries.isEmpty());
      if (piece.entries() == 0) {
        break;
      }
      load(piece, next, entries);
      left -= piece.bytes();
      next += piece.entries();
    }
    return entries;
  }

  /** The entries behind an index that change the membership, in order. */
  public List<LogEntry> memberships(long behind) throws IOException {
    List<Long> indexes;
    synchronized (this) {
      indexes = List.copyOf(memberships.tailSet(behind, false));
    }
    List<LogEntry> entries = new ArrayList<>();
    for (long index : indexes) {
      entries.addAll(read(index, index + 1, 0));
    }
    return entries;
  }

  /** Neighbouring records of one segment. */
  private record Piece(Segment segment, int offset, int bytes, int entries) {}

  private synchronized void requireRange(long from, long to) {
    if (from >= to || from < firstIndex() || to > lastIndex + 1) {
      throw new IllegalArgumentException(
          "entries [%d, %d) of a log of [%d, %d]".formatted(from, to, firstIndex(), lastIndex));
    }
  }

  private synchronized Piece locate(long from, long to, long maxBytes, boolean atLeastOne) {
    int position = segments.size() - 1;
    while (segments.get(position).firstIndex() > from) {
      position--;
    }
    Segment segment = segments.get(position);
    int offset = segment.offsetOf(from);
    long stop = Math.min(to, segment.lastIndex() + 1);
    long next = from;
    while (next < stop) {
      boolean fits = segment.offsetOf(next + 1) - offset <= maxBytes;
      if (!fits && !(atLeastOne && next == from)) {
        break;
      }
      next++;
    }
    return new Piece(
        segment, offset, segment.offsetOf(next) - offset, Math.toIntExact(next - from));
  }

  private void load(Piece piece, long from, List<LogEntry> target) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(piece.bytes());
    int read = piece.segment().file().read(bytes, piece.offset());
    bytes.position(0).limit(read);
    int at = 0;
    for (long index = from; index < from + piece.entries(); ) {
      Optional<Header> found = SegmentFormat.decode(bytes, at, piece.segment().salt());
      if (found.isEmpty() || (!found.get().isMark() && found.get().index() != index)) {
        throw new CorruptionException(
            files.describe(piece.segment()),
            (long) piece.offset() + at,
            "the record of index " + index,
            found.isEmpty() ? "no valid record" : "index " + found.get().index());
      }
      Header header = found.get();
      if (!header.isMark()) {
        target.add(SegmentFormat.getEntry(header, bytes, at));
        index++;
      }
      at += header.recordBytes();
    }
  }

  /**
   * Bytes of records that surely fit into what is allocated, less what is kept for elections; may
   * be negative. Entries beyond may still fit, or have a segment allocated for them. Any thread.
   */
  public synchronized long sureRoomBytes() {
    long room = Math.max(active().room(), files.spareRoom());
    return room - options.electionReserveBytes();
  }

  /** The last attempt to allocate a segment found the disk full. Any thread. */
  public boolean isFull() {
    return files.isFull();
  }

  /** Whether {@link #preallocate} has something to do. Any thread. */
  public boolean needsPreallocation() {
    return files.spareRoom() == 0;
  }

  /**
   * Allocates the next segment ahead of need. May run in a thread of its own.
   *
   * @throws CairnException {@code NO_SPACE}, after which the log still works
   */
  public void preallocate() throws IOException {
    files.allocateSpare(0);
  }

  /**
   * Writes entries behind the last one; they are not durable before {@link #force}.
   *
   * @throws IllegalArgumentException if they do not continue the log, or one is too large
   * @throws CairnException {@code NO_SPACE} if they do not fit and no segment can be allocated:
   *     nothing was written, and the log still works
   */
  public void append(List<LogEntry> entries) throws IOException {
    requireUsable();
    requireContinuation(entries);
    int here = 0;
    int bytesHere = 0;
    int bytesBehind = 0;
    for (LogEntry entry : entries) {
      int bytes = SegmentFormat.recordBytes(entry.payload().length);
      if (bytesBehind == 0 && bytesHere + bytes <= active().room()) {
        here++;
        bytesHere += bytes;
      } else {
        bytesBehind = Math.addExact(bytesBehind, bytes);
      }
    }
    if (bytesBehind > 0) {
      files.allocateSpare(bytesBehind);
    }
    try {
      write(entries.subList(0, here), bytesHere);
      if (bytesBehind > 0) {
        roll(bytesBehind);
        write(entries.subList(here, entries.size()), bytesBehind);
      }
    } catch (IOException | RuntimeException e) {
      failed = true;
      throw e;
    }
  }

  private void requireContinuation(List<LogEntry> entries) {
    long index = lastIndex;
    long term = lastTerm;
    for (LogEntry entry : entries) {
      if (entry.index() != index + 1 || entry.term() < term) {
        throw new IllegalArgumentException(
            "entry (index %d, term %d) does not follow (index %d, term %d)"
                .formatted(entry.index(), entry.term(), index, term));
      }
      if (entry.payload().length > options.maxEntryBytes()) {
        throw new IllegalArgumentException(
            "entry %d of %d bytes is larger than %d"
                .formatted(entry.index(), entry.payload().length, options.maxEntryBytes()));
      }
      index = entry.index();
      term = entry.term();
    }
  }

  private void write(List<LogEntry> entries, int bytes) throws IOException {
    if (entries.isEmpty()) {
      return;
    }
    Segment segment = active();
    ByteBuffer target = bufferOf(bytes);
    for (LogEntry entry : entries) {
      SegmentFormat.putEntry(target, entry, forcedIndex, segment.salt());
    }
    segment.file().write(target.flip(), segment.end());
    markIsLast = false;
    synchronized (this) {
      for (LogEntry entry : entries) {
        segment.addRecord(SegmentFormat.recordBytes(entry.payload().length));
        lastIndex = entry.index();
        lastTerm = entry.term();
        terms.append(lastIndex, lastTerm);
        if (entry.kind() == EntryKind.MEMBERSHIP) {
          memberships.add(lastIndex);
        }
      }
    }
  }

  private ByteBuffer bufferOf(int bytes) {
    if (bytes > KEPT_BUFFER_BYTES) {
      return ByteBuffer.allocateDirect(bytes);
    }
    if (buffer.capacity() < bytes) {
      buffer = ByteBuffer.allocateDirect(Integer.highestOneBit(Math.max(1, bytes - 1)) << 1);
    }
    return buffer.clear();
  }

  /** Goes on in a new segment. All before it is forced first: that is what its header states. */
  private void roll(int recordBytes) throws IOException {
    forceActive();
    Segment old = active();
    Segment next = files.create(lastIndex + 1, lastTerm, recordBytes);
    synchronized (this) {
      if (old.firstIndex() == next.firstIndex()) {
        // The old one was empty, and its name now is the new one's.
        segments.remove(segments.size() - 1);
      }
      segments.add(next);
    }
    if (old.firstIndex() == next.firstIndex()) {
      old.close();
    }
  }

  private Segment active() {
    return segments.get(segments.size() - 1);
  }

  /**
   * Makes all appended entries durable; returns the last one's index. A failure is final: it is
   * never tried again, since the operating system may have dropped what it could not write.
   */
  public long force() throws IOException {
    requireUsable();
    try {
      forceActive();
    } catch (IOException | RuntimeException e) {
      failed = true;
      throw e;
    }
    return forcedIndex;
  }

  private void forceActive() throws IOException {
    if (forcedIndex == lastIndex) {
      return;
    }
    active().file().force();
    synchronized (this) {
      forcedIndex = lastIndex;
    }
  }

  /**
   * Writes down behind a log that has come to rest that all of it was forced, so that later damage
   * to its newest record is told from a torn write. Does nothing if that is written already, or if
   * something is not forced yet. The mark itself is not forced.
   */
  public void mark() throws IOException {
    requireUsable();
    int bytes = SegmentFormat.recordBytes(0);
    if (markIsLast
        || forcedIndex != lastIndex
        || lastIndex < active().firstIndex()
        || active().room() < bytes) {
      return;
    }
    ByteBuffer target = bufferOf(bytes);
    SegmentFormat.putMark(target, lastTerm, lastIndex, forcedIndex, active().salt());
    try {
      active().file().write(target.flip(), active().end());
    } catch (IOException | RuntimeException e) {
      failed = true;
      throw e;
    }
    synchronized (this) {
      active().addMark(bytes);
    }
    markIsLast = true;
  }

  /**
   * Removes all entries behind an index, durably: none of them can appear again. A crash in between
   * leaves either log; the next start carries it through.
   *
   * @param lastKept within [first - 1, last]
   */
  public void truncateSuffix(long lastKept) throws IOException {
    requireUsable();
    long newLastTerm = term(lastKept);
    if (lastKept == lastIndex) {
      return;
    }
    long mark = Math.min(forcedIndex, lastKept);
    try {
      state.write(state.current().withStep(new Step(StepKind.CUT, lastKept, 0), mark));
      while (segments.size() > 1 && active().firstIndex() > lastKept) {
        Segment removed = active();
        synchronized (this) {
          segments.remove(removed);
        }
        files.delete(removed);
      }
      active().cutBehind(lastKept);
      synchronized (this) {
        active().forgetBehind(lastKept);
        terms.cutBehind(lastKept);
        memberships.tailSet(lastKept, false).clear();
        lastIndex = lastKept;
        lastTerm = newLastTerm;
        forcedIndex = lastKept;
      }
      markIsLast = false;
      state.write(state.current().withStep(Step.NONE, lastKept));
    } catch (IOException | RuntimeException e) {
      failed = true;
      throw e;
    }
  }

  /**
   * Up to where the log may be cut if it is to keep so many bytes, in whole segments; 0 if it has
   * no more.
   */
  public synchronized long beyond(long keptBytes) {
    long bytes = 0;
    for (int i = segments.size() - 1; i >= 0; i--) {
      bytes += segments.get(i).end();
      if (bytes > keptBytes) {
        return i < segments.size() - 1
            ? segments.get(i).lastIndex()
            : segments.get(i).firstIndex() - 1;
      }
    }
    return 0;
  }

  /**
   * Deletes the segments that hold nothing behind an index; entries of a segment that holds more
   * stay, so {@link #firstIndex} may remain lower than asked.
   *
   * @param upTo an index that a completed checkpoint covers
   */
  public void truncatePrefix(long upTo) throws IOException {
    requireUsable();
    if (upTo > lastIndex) {
      throw new IllegalArgumentException("prefix up to " + upTo + " of a log up to " + lastIndex);
    }
    while (segments.size() > 1 && segments.get(1).firstIndex() <= upTo + 1) {
      Segment removed;
      synchronized (this) {
        removed = segments.remove(0);
        terms.moveBase(segments.get(0).firstIndex() - 1);
        memberships.headSet(segments.get(0).firstIndex()).clear();
      }
      try {
        // In order and each forced, so that a crash leaves no gap.
        files.delete(removed);
      } catch (IOException | RuntimeException e) {
        failed = true;
        throw e;
      }
    }
  }

  /**
   * Replaces the log, durably, by an empty one that goes on behind an installed checkpoint. A crash
   * in between leaves the old log or the new one.
   */
  public void reset(long baseIndex, long baseTerm) throws IOException {
    requireUsable();
    if (baseIndex < 0 || baseTerm < 0) {
      throw new IllegalArgumentException("base (" + baseIndex + ", " + baseTerm + ")");
    }
    try {
      state.write(
          state.current().withStep(new Step(StepKind.RESET, baseIndex, baseTerm), baseIndex));
      for (Segment segment : segments) {
        segment.close();
      }
      take(LogRecovery.reset(files, state));
    } catch (IOException | RuntimeException e) {
      failed = true;
      throw e;
    }
  }

  private void requireUsable() {
    if (failed) {
      throw new IllegalStateException(
          files.describeDirectory() + ": a write or force of the log has failed before");
    }
  }

  /** Closes the files; forces nothing. */
  @Override
  public void close() throws IOException {
    for (Segment segment : segments) {
      segment.close();
    }
  }
}
