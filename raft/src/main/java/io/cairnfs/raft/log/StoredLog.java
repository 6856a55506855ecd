package io.cairnfs.raft.log;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.log.MemberState.StepKind;
import io.cairnfs.raft.log.SegmentFormat.Header;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The entries of a member's directory, for tools: nothing is repaired, forced or locked, so the
 * member may run meanwhile. What was torn, or is just being written, ends the log; whether the last
 * entries were ever committed the log does not say. For one thread.
 */
public final class StoredLog {
  private final Disk disk;
  private final String directory;

  /** Takes entries in the order of their indexes. */
  public interface Sink {
    void take(LogEntry entry) throws IOException;
  }

  /**
   * What was read.
   *
   * @param firstIndex of the first entry that is still there
   * @param lastIndex one less than the first if there is none
   */
  public record Extent(long firstIndex, long lastIndex, long lastTerm) {}

  /**
   * @param directory with the file {@code state} and the segments
   */
  public StoredLog(Disk disk, String directory) {
    this.disk = disk;
    this.directory = directory;
  }

  /**
   * Reads all entries.
   *
   * @throws CairnException NOT_FOUND if the directory is no member's
   * @throws CorruptionException if a segment other than the last ends before the next one begins
   */
  public Extent read(Sink sink) throws IOException {
    if (!RaftStorage.isFormatted(disk, directory)) {
      throw new CairnException(
          ErrorCode.NOT_FOUND, disk.describe(directory) + ": holds no member of a Raft group");
    }
    MemberState state = StateFile.open(disk, directory).current();
    long lastWanted = Long.MAX_VALUE;
    if (state.unfinished().kind() == StepKind.RESET) {
      lastWanted = 0;
    } else if (state.unfinished().kind() == StepKind.CUT) {
      lastWanted = state.unfinished().index();
    }
    SegmentFiles files =
        new SegmentFiles(disk, directory, state.identity().group(), 0, new SplittableRandom(0));
    List<Segment> segments = files.openAll(Disk.OpenMode.READ);
    try {
      return read(files, segments, lastWanted, sink);
    } finally {
      for (Segment segment : segments) {
        segment.close();
      }
    }
  }

  private static Extent read(SegmentFiles files, List<Segment> segments, long lastWanted, Sink sink)
      throws IOException {
    if (segments.isEmpty()) {
      return new Extent(1, 0, 0);
    }
    Segment first = segments.get(0);
    Extent extent = new Extent(first.firstIndex(), first.firstIndex() - 1, first.previousTerm());
    for (Segment segment : segments) {
      if (extent.lastIndex() >= lastWanted) {
        break;
      }
      if (segment.firstIndex() != extent.lastIndex() + 1) {
        throw new CorruptionException(
            files.describe(segment),
            16,
            "first index " + (extent.lastIndex() + 1) + ", behind the segment before",
            Long.toString(segment.firstIndex()));
      }
      extent = read(segment, extent, lastWanted, sink);
    }
    return extent;
  }

  private static Extent read(Segment segment, Extent before, long lastWanted, Sink sink)
      throws IOException {
    SegmentWindow window = new SegmentWindow(segment);
    long lastIndex = before.lastIndex();
    long lastTerm = before.lastTerm();
    int position = segment.end();
    while (true) {
      Optional<Header> found = LogRecovery.decode(segment, window, position);
      if (found.isEmpty()) {
        break;
      }
      Header header = found.get();
      boolean next =
          header.isMark()
              ? header.index() == lastIndex
              : header.index() == lastIndex + 1
                  && header.term() >= lastTerm
                  && header.index() <= lastWanted;
      if (!next) {
        break;
      }
      if (!header.isMark()) {
        lastIndex = header.index();
        lastTerm = header.term();
        int at = window.load(position, header.recordBytes());
        sink.take(SegmentFormat.getEntry(header, window.bytes(), at));
      }
      position += header.recordBytes();
    }
    return new Extent(before.firstIndex(), lastIndex, lastTerm);
  }
}
