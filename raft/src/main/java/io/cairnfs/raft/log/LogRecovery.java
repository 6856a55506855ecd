package io.cairnfs.raft.log;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.log.MemberState.Step;
import io.cairnfs.raft.log.MemberState.StepKind;
import io.cairnfs.raft.log.SegmentFormat.Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Reads a log as a process that may have ended at any instant left it: carries an unfinished step
 * through, tells a torn tail from damage (see the package's description), and forces what it keeps.
 */
final class LogRecovery {
  private final SegmentFiles files;
  private final StateFile state;
  private final List<Segment> segments;
  private long lastIndex;
  private long lastTerm;

  /** The highest index that a record says was forced: that much is on the disk, whatever failed. */
  private long vouched;

  private TermRuns terms;
  private final List<Long> memberships = new ArrayList<>();

  private LogRecovery(SegmentFiles files, StateFile state, List<Segment> segments) {
    this.files = files;
    this.state = state;
    this.segments = segments;
  }

  /**
   * What there is: at least one segment, all of it forced.
   *
   * @param segments by index
   * @param memberships indexes of the entries that change the membership
   */
  record Recovered(
      List<Segment> segments,
      TermRuns terms,
      long lastIndex,
      long lastTerm,
      List<Long> memberships) {}

  static Recovered recover(SegmentFiles files, StateFile state) throws IOException {
    files.cleanUp();
    if (state.current().unfinished().kind() == StepKind.RESET) {
      return reset(files, state);
    }
    List<Segment> segments = files.openAll(Disk.OpenMode.WRITE);
    try {
      return new LogRecovery(files, state, segments).recover();
    } catch (IOException | RuntimeException e) {
      for (Segment segment : segments) {
        segment.close();
      }
      throw e;
    }
  }

  /** Replaces whatever segments there are by an empty one, as the state file's step says. */
  static Recovered reset(SegmentFiles files, StateFile state) throws IOException {
    Step base = state.current().unfinished();
    // Their content no longer matters, so damaged ones go the same way.
    files.deleteAll();
    Segment first = files.create(base.index() + 1, base.term(), 0);
    state.write(state.current().withStep(Step.NONE, base.index()));
    List<Segment> segments = new ArrayList<>(List.of(first));
    return new Recovered(
        segments, new TermRuns(base.index(), base.term()), base.index(), base.term(), List.of());
  }

  private Recovered recover() throws IOException {
    Step step = state.current().unfinished();
    long lastWanted = step.kind() == StepKind.CUT ? step.index() : Long.MAX_VALUE;
    removeSegmentsBehind(lastWanted);
    if (segments.isEmpty()) {
      throw new CorruptionException(
          files.describeDirectory(), 0, "a segment of the log", "no segment");
    }
    Segment first = segments.get(0);
    lastIndex = first.firstIndex() - 1;
    lastTerm = first.previousTerm();
    terms = new TermRuns(lastIndex, lastTerm);
    for (int i = 0; i < segments.size() - 1; i++) {
      recoverForced(segments.get(i), segments.get(i + 1));
    }
    recoverLast(segments.get(segments.size() - 1), step.kind(), lastWanted);
    return new Recovered(segments, terms, lastIndex, lastTerm, memberships);
  }

  /** From the last one down, so that a crash between leaves no gap. */
  private void removeSegmentsBehind(long lastWanted) throws IOException {
    Deque<Segment> left = new ArrayDeque<>(segments);
    while (left.size() > 1 && left.getLast().firstIndex() > lastWanted) {
      files.delete(left.removeLast());
    }
    segments.retainAll(left);
  }

  /** A segment behind which there is another one, and whose records were all forced therefore. */
  private void recoverForced(Segment segment, Segment next) throws IOException {
    int stopped = scan(segment, Long.MAX_VALUE);
    if (next.firstIndex() != lastIndex + 1) {
      throw corrupt(segment, stopped, "a later segment begins at " + next.firstIndex());
    }
    if (next.previousTerm() != lastTerm) {
      throw new CorruptionException(
          files.describe(next), 24, "previous term " + lastTerm, "" + next.previousTerm());
    }
  }

  /**
   * The segment whose newest records may never have reached the disk, though they can be read: if a
   * force failed and only the process ended, the operating system takes them for written. So what
   * nothing vouches for is written again, from the bytes that were verified, before it counts.
   */
  private void recoverLast(Segment segment, StepKind step, long lastWanted) throws IOException {
    vouched = Math.max(state.current().forcedMark(), segment.firstIndex() - 1);
    int stopped = scan(segment, lastWanted);
    int dirtyEnd = lookBehind(segment, stopped, lastIndex < lastWanted);
    if (lastIndex < lastWanted && state.current().forcedMark() > lastIndex) {
      throw corrupt(
          segment, stopped, "the state file's forced mark is " + state.current().forcedMark());
    }
    writeAgain(segment, stopped);
    if (step == StepKind.CUT) {
      // Zeros may be seen that were never forced: all that may have been cut is zeroed once more.
      segment.zero(stopped, segment.capacity());
    } else if (dirtyEnd > stopped) {
      state.write(state.current().withStep(new Step(StepKind.CUT, lastIndex, 0), lastIndex));
      segment.zero(stopped, dirtyEnd);
    }
    if (state.current().unfinished().kind() == StepKind.CUT) {
      state.write(state.current().withStep(Step.NONE, lastIndex));
    }
  }

  private void writeAgain(Segment segment, int end) throws IOException {
    int start =
        vouched < segment.firstIndex()
            ? SegmentFormat.HEADER_BYTES
            : segment.offsetOf(Math.min(vouched, lastIndex));
    if (start == end) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocateDirect(end - start);
    int read = segment.file().read(bytes, start);
    bytes.flip();
    for (int at = 0; at < end - start; ) {
      Optional<Header> record = SegmentFormat.decode(bytes, at, segment.salt());
      if (record.isEmpty()) {
        throw new CorruptionException(
            files.describe(segment),
            (long) start + at,
            "the record that was read there a moment ago",
            read < end - start ? "end" : "no valid record");
      }
      at += record.get().recordBytes();
    }
    segment.file().write(bytes, start);
    segment.file().force();
  }

  /** Takes records in until one is bad or not wanted; returns where. */
  private int scan(Segment segment, long lastWanted) throws IOException {
    SegmentWindow window = new SegmentWindow(segment);
    while (true) {
      int position = segment.end();
      Optional<Header> found = decode(segment, window, position);
      if (found.isEmpty()) {
        return position;
      }
      Header header = found.get();
      if (header.isMark()) {
        if (header.index() != lastIndex) {
          return position;
        }
        vouched = Math.max(vouched, header.forced());
        segment.addMark(header.recordBytes());
        continue;
      }
      if (header.index() != lastIndex + 1
          || header.term() < lastTerm
          || header.index() > lastWanted) {
        return position;
      }
      vouched = Math.max(vouched, header.forced());
      segment.addRecord(header.recordBytes());
      lastIndex = header.index();
      lastTerm = header.term();
      terms.append(lastIndex, lastTerm);
      if (header.kind() == EntryKind.MEMBERSHIP.number()) {
        memberships.add(lastIndex);
      }
    }
  }

  static Optional<Header> decode(Segment segment, SegmentWindow window, int position)
      throws IOException {
    if (segment.capacity() - position < SegmentFormat.RECORD_HEADER_BYTES) {
      return Optional.empty();
    }
    int at = window.load(position, SegmentFormat.RECORD_HEADER_BYTES);
    if (!SegmentFormat.hasMagic(window.bytes(), at)) {
      return Optional.empty();
    }
    int length = SegmentFormat.lengthAt(window.bytes(), at);
    if (length < 0 || length > segment.capacity() - position - SegmentFormat.RECORD_HEADER_BYTES) {
      return Optional.empty();
    }
    at = window.load(position, SegmentFormat.recordBytes(length));
    return SegmentFormat.decode(window.bytes(), at, segment.salt());
  }

  /**
   * Looks through everything behind the last record kept: the end of what is not zero, having made
   * sure (if asked) that no valid record there vouches for the one that is bad.
   */
  private int lookBehind(Segment segment, int stopped, boolean mayBeDamage) throws IOException {
    SegmentWindow scan = new SegmentWindow(segment);
    SegmentWindow records = new SegmentWindow(segment);
    int dirtyEnd = stopped;
    for (int position = stopped; position + 8 <= segment.capacity(); position += 8) {
      int at = scan.load(position, 8);
      if (scan.bytes().getLong(at) == 0) {
        continue;
      }
      dirtyEnd = position + 8;
      if (mayBeDamage && SegmentFormat.hasMagic(scan.bytes(), at)) {
        Optional<Header> later = decode(segment, records, position);
        if (later.isPresent() && later.get().forced() > lastIndex) {
          throw corrupt(
              segment,
              stopped,
              "the record at offset "
                  + position
                  + " says that "
                  + later.get().forced()
                  + " was forced");
        }
      }
    }
    return dirtyEnd;
  }

  private CorruptionException corrupt(Segment segment, int offset, String evidence)
      throws IOException {
    return new CorruptionException(
        files.describe(segment),
        offset,
        "the record of index " + (lastIndex + 1) + ", which was forced (" + evidence + ")",
        found(segment, offset));
  }

  private static String found(Segment segment, int offset) throws IOException {
    SegmentWindow window = new SegmentWindow(segment);
    int at = window.load(offset, SegmentFormat.RECORD_HEADER_BYTES);
    int length =
        SegmentFormat.plausibleLength(window.bytes(), at, segment.capacity() - offset).orElse(0);
    at = window.load(offset, SegmentFormat.recordBytes(length));
    return SegmentFormat.describe(window.bytes(), at, segment.salt());
  }
}
