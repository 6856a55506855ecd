package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.repair.StripePlanner.Range;
import io.cairnfs.proto.types.CompactPiece;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Bytes that wait for a stripe of their pool, in the order in which they came: files of one
 * directory come to lie together, so that they may go together.
 *
 * <p>Each file begins where a reader can verify it alone. A small file lies in one cell; a larger
 * one is cut where a cell ends. Cells of a stripe that is not full are filled alike, since its
 * parity cells are as long as the longest.
 */
public final class StripeDraft {
  /** What readers verify at once. */
  private static final long CHECKED_BYTES = 4096;

  /** A file of so many bytes is small; cells are cut at multiples of it. */
  private static final long UNIT = 1L << 20;

  private final PoolId pool;
  private final int dataCells;
  private final long cellBytes;
  private final int maxPieces;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private long bytes;

  /** Ranges of one file that come one after the other. */
  private record Waiting(InodeId file, List<Range> ranges) {
    Waiting {
      ranges = List.copyOf(ranges);
    }

    /** With what is lost where a range begins a cell of its own. */
    long bytes() {
      long end = 0;
      for (Range range : ranges) {
        end = (range.goesOn() ? end : aligned(end)) + range.length();
      }
      return aligned(end);
    }

    boolean isSmall() {
      return bytes() <= UNIT;
    }
  }

  /** What a stripe is to have. */
  public record Plan(PoolId pool, List<Cell> cells, Set<InodeId> files) {
    public Plan {
      cells = List.copyOf(cells);
      files = Set.copyOf(files);
    }

    /** Of the longest data cell, and of each parity cell. */
    public long longest() {
      return cells.stream().mapToLong(Cell::length).max().orElseThrow();
    }

    /** Of all data cells. */
    public long bytes() {
      return cells.stream().mapToLong(Cell::length).sum();
    }
  }

  /** What a data cell is to have. */
  public record Cell(List<CompactPiece> pieces, long length) {
    public Cell {
      pieces = List.copyOf(pieces);
    }
  }

  /**
   * @param pool a coded one
   * @param cellBytes of a cell at most: at least 1 MiB
   * @param maxPieces of a cell
   */
  public StripeDraft(PoolId pool, long cellBytes, int maxPieces) {
    this.pool = pool;
    this.dataCells = pool.policy().orElseThrow().dataCells();
    this.cellBytes = Math.max(UNIT, cellBytes / UNIT * UNIT);
    this.maxPieces = maxPieces;
  }

  private static long aligned(long length) {
    return (length + CHECKED_BYTES - 1) / CHECKED_BYTES * CHECKED_BYTES;
  }

  public void add(InodeId file, List<Range> ranges) {
    if (!ranges.isEmpty()) {
      Waiting added = new Waiting(file, ranges);
      waiting.add(added);
      bytes += added.bytes();
    }
  }

  public boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Forgets what waits. */
  public void clear() {
    waiting.clear();
    bytes = 0;
  }

  /** A stripe can be made that has as much as one can have. */
  public boolean isFull() {
    return bytes >= dataCells * cellBytes;
  }

  public long bytes() {
    return bytes;
  }

  /** The next stripe, which is taken out; to be called when {@link #isEmpty} is false. */
  public Plan take() {
    long share = (bytes + dataCells - 1) / dataCells;
    Layout layout = new Layout(Math.min(cellBytes, (share + UNIT - 1) / UNIT * UNIT));
    Set<InodeId> files = new HashSet<>();
    while (!waiting.isEmpty() && !layout.isOver()) {
      Waiting next = waiting.poll();
      List<Range> left = layout.add(next);
      bytes -= next.bytes();
      files.add(next.file());
      if (!left.isEmpty()) {
        Waiting rest = new Waiting(next.file(), left);
        waiting.addFirst(rest);
        bytes += rest.bytes();
        break;
      }
    }
    return new Plan(pool, layout.cells(), files);
  }

  /** Cells being filled, one after the other. */
  private final class Layout {
    private final long capacity;
    private final List<Cell> done = new ArrayList<>();
    private List<CompactPiece> pieces = new ArrayList<>();
    private long length;

    /** No byte of a chunk may be in a stripe twice: files may share some. */
    private final Map<ChunkId, TreeMap<Long, Long>> taken = new HashMap<>();

    Layout(long capacity) {
      this.capacity = capacity;
    }

    boolean isOver() {
      return done.size() == dataCells;
    }

    /** Returns what has no room any more. */
    List<Range> add(Waiting file) {
      boolean hasRoom =
          aligned(length) + file.bytes() <= capacity
              && pieces.size() + file.ranges().size() <= maxPieces;
      if (file.isSmall() && !hasRoom) {
        close();
      }
      List<Range> left = new ArrayList<>(file.ranges());
      boolean goesOn = false;
      while (!left.isEmpty() && !isOver()) {
        Range range = left.get(0);
        long start = goesOn && range.goesOn() ? length : aligned(length);
        long room = Math.min(range.length(), capacity - start);
        if (room <= 0 || pieces.size() == maxPieces) {
          close();
          goesOn = false;
          continue;
        }
        if (claim(range.cut(room))) {
          put(range.cut(room), start);
          goesOn = true;
        } else {
          goesOn = false;
        }
        if (room == range.length()) {
          left.remove(0);
        } else {
          left.set(0, range.rest(room));
        }
      }
      return left;
    }

    private boolean claim(Range range) {
      TreeMap<Long, Long> ofChunk = taken.computeIfAbsent(range.chunk(), chunk -> new TreeMap<>());
      Map.Entry<Long, Long> before = ofChunk.lowerEntry(range.from() + range.length());
      if (before != null && before.getValue() > range.from()) {
        return false;
      }
      ofChunk.put(range.from(), range.from() + range.length());
      return true;
    }

    private void put(Range range, long start) {
      pieces.add(
          CompactPiece.newBuilder()
              .setChunk(range.chunk().value())
              .setOffset(range.from())
              .setLength(range.length())
              .setTargetOffset(start)
              .build());
      length = start + range.length();
    }

    private void close() {
      if (!pieces.isEmpty()) {
        done.add(new Cell(pieces, length));
        pieces = new ArrayList<>();
        length = 0;
      }
    }

    List<Cell> cells() {
      if (!isOver()) {
        close();
      }
      return done;
    }
  }
}
