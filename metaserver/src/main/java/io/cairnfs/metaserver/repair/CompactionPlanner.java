package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ExtentMap;
import io.cairnfs.metaserver.chunk.ExtentRecord;
import io.cairnfs.metaserver.chunk.ReferenceTable;
import io.cairnfs.metaserver.chunk.Stripe;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.CompactPiece;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which bytes are worth copying into a new chunk: those of a part of a file that lies in many small
 * extents, in the order of the file, so that they become few; and those that files still need of a
 * chunk most of which nothing refers to; and those that lie on another class of volumes than the
 * file's storage policy asks for. Only what lies in SEALED chunks is copied.
 */
public final class CompactionPlanner {
  /** Where a file begins in a chunk that it shares. */
  private static final long CELL_BYTES = 4096;

  private static final int MAX_REFERENCES = 65_536;

  private final RecordReader state;
  private final Limits limits;

  /**
   * @param extents pieces of one copy at most
   * @param bytes of one copy at most
   * @param largeBytes an extent of so many bytes is left where it is, unless its chunk is mostly
   *     dead
   * @param averageBytes extents that are shorter on average become one
   * @param fewest so many extents at least must become fewer
   * @param deadBytes a chunk may have so many dead bytes, however few others it has
   */
  public record Limits(
      int extents, long bytes, long largeBytes, long averageBytes, int fewest, long deadBytes) {
    /** With a given average. */
    public static Limits of(long averageBytes) {
      return new Limits(
          4096, 64L << 20, Math.max(averageBytes, 1L << 20), averageBytes, 16, 256L << 10);
    }
  }

  /**
   * A copy to be made.
   *
   * @param file whose order the bytes have; 0 = that of a chunk
   * @param inode the one that all its chunks were opened for; 0 = SHARED
   * @param pool of the copy: a replicated one
   */
  public record Plan(
      long file, long inode, PoolId pool, int replication, long length, List<CompactPiece> pieces) {
    public Plan {
      pieces = List.copyOf(pieces);
    }
  }

  /**
   * A part of a file was looked at.
   *
   * @param plan its copy, if it is worth one
   * @param next where the next part begins; empty = this was the last one
   * @param live bytes that it has of each SEALED chunk
   * @param extents that it has
   * @param waits some of it lies on the wrong volumes, and cannot be copied before its chunk is
   *     SEALED
   */
  public record Part(
      Optional<Plan> plan,
      OptionalLong next,
      Map<ChunkId, Long> live,
      int extents,
      boolean waits) {}

  public CompactionPlanner(RecordReader state, Limits limits) {
    this.state = state;
    this.limits = limits;
  }

  /** Looks at the part of a file that may lie anywhere. */
  public Part part(InodeId file, long from) {
    return part(file, from, PoolId.REPLICATED);
  }

  /**
   * Looks at the part of a file that begins at an offset.
   *
   * @param place a replicated pool for copies; where it is of a class, all of the file's replicated
   *     chunks should be of that class
   */
  public Part part(InodeId file, long from, PoolId place) {
    List<ExtentRecord> extents =
        ExtentMap.overlapping(state, file, from, Long.MAX_VALUE, limits.extents() + 1);
    Map<ChunkId, Optional<ChunkRecord>> sealed = new HashMap<>();
    Map<ChunkId, Long> live = new HashMap<>();
    List<ExtentRecord> run = new ArrayList<>();
    long bytes = 0;
    int seen = 0;
    boolean misplaced = false;
    boolean waits = false;
    for (ExtentRecord extent : extents) {
      boolean isSealed = sealed.computeIfAbsent(extent.chunk(), this::sealed).isPresent();
      boolean isElsewhere = isElsewhere(extent.chunk(), place);
      boolean movable =
          isSealed
              && !extent.chunk().isCell()
              && (isElsewhere || extent.length() < limits.largeBytes());
      boolean isLast = !movable && !run.isEmpty();
      boolean isFull = movable && !run.isEmpty() && bytes + extent.length() > limits.bytes();
      if (isLast || seen == limits.extents() || isFull) {
        return new Part(
            plan(file, run, bytes, sealed, place, misplaced),
            next(extent, from),
            live,
            seen,
            waits);
      }
      misplaced |= isSealed && isElsewhere;
      waits |= !isSealed && isElsewhere;
      if (sealed.get(extent.chunk()).isPresent()) {
        live.merge(extent.chunk(), extent.length(), Long::sum);
      }
      if (movable) {
        run.add(extent);
        bytes += extent.length();
      }
      seen++;
    }
    return new Part(
        plan(file, run, bytes, sealed, place, misplaced), OptionalLong.empty(), live, seen, waits);
  }

  /** Cells of stripes stay where they are. */
  private static boolean isElsewhere(ChunkId chunk, PoolId place) {
    StorageClass wanted = place.storageClass();
    return wanted != StorageClass.ANY
        && !chunk.isCell()
        && new PoolId(chunk.pool()).storageClass() != wanted;
  }

  private static OptionalLong next(ExtentRecord extent, long from) {
    return OptionalLong.of(Math.max(extent.fileOffset(), from + 1));
  }

  private Optional<ChunkRecord> sealed(ChunkId id) {
    return ChunkTable.find(state, id).filter(chunk -> chunk.isSealed() && !chunk.isLost());
  }

  private Optional<Plan> plan(
      InodeId file,
      List<ExtentRecord> run,
      long bytes,
      Map<ChunkId, Optional<ChunkRecord>> sealed,
      PoolId place,
      boolean misplaced) {
    int fewer = 0;
    for (int i = 1; i < run.size(); i++) {
      fewer += run.get(i - 1).end() == run.get(i).fileOffset() ? 1 : 0;
    }
    boolean fragmented = fewer >= limits.fewest() && run.size() * limits.averageBytes() > bytes;
    if (!fragmented && !misplaced) {
      return Optional.empty();
    }
    List<ChunkRecord> sources = new ArrayList<>();
    run.forEach(extent -> sources.add(sealed.get(extent.chunk()).orElseThrow()));
    Layout layout = new Layout(sources);
    ExtentRecord before = null;
    for (ExtentRecord extent : run) {
      boolean goesOn = before != null && before.end() == extent.fileOffset();
      layout.add(extent.chunk(), extent.chunkOffset(), extent.length(), goesOn);
      before = extent;
    }
    return Optional.of(layout.plan(file.value(), place));
  }

  /**
   * The copy of what files still need of a chunk, if most of it is dead; of a cell, if most of its
   * stripe is.
   */
  public Optional<Plan> rest(ChunkId id) {
    ChunkRecord chunk = sealed(id).orElse(null);
    if (chunk == null || (id.isCell() && !isMostlyDead(id))) {
      return Optional.empty();
    }
    List<ReferenceTable.Reference> references = ReferenceTable.ofChunk(state, id, MAX_REFERENCES);
    if (references.size() == MAX_REFERENCES) {
      return Optional.empty();
    }
    List<Range> ranges = union(references);
    long needed = 0;
    for (Range range : ranges) {
      needed = (chunk.isShared() ? toCell(needed) : needed) + range.end() - range.from();
    }
    boolean isWorthIt =
        id.isCell() ? needed > 0 : chunk.length() - needed > Math.max(limits.deadBytes(), needed);
    if (!isWorthIt) {
      return Optional.empty();
    }
    Layout layout =
        new Layout(List.of(chunk), id.isCell() ? replicationOf(references) : chunk.replication());
    for (Range range : ranges) {
      long length = range.end() - range.from();
      if (layout.pieces.size() == limits.extents()
          || (layout.length > 0 && layout.length + length > limits.bytes())) {
        break;
      }
      layout.add(id, range.from(), length, false);
    }
    PoolId pool = PoolId.replicated(new PoolId(id.pool()).storageClass());
    return Optional.of(layout.plan(0, pool));
  }

  /** Files need less than half of the bytes that the stripe has of them: the rest goes with it. */
  public boolean isMostlyDead(ChunkId cell) {
    long bytes = 0;
    long needed = 0;
    Stripe stripe = Stripe.of(state, cell);
    for (ChunkRecord each : stripe.cells()) {
      if (each.id().cell() < stripe.policy().dataCells()) {
        bytes += each.length();
        List<ReferenceTable.Reference> references =
            ReferenceTable.ofChunk(state, each.id(), MAX_REFERENCES);
        for (Range range : union(references)) {
          needed += range.end() - range.from();
        }
      }
    }
    return stripe.isSealed() && 2 * needed < bytes;
  }

  /** What the files ask for that are to be on ordinary chunks again. */
  private int replicationOf(List<ReferenceTable.Reference> references) {
    Namespace namespace = new Namespace(state);
    return references.stream()
        .map(ReferenceTable.Reference::inode)
        .distinct()
        .flatMap(inode -> namespace.inode(inode).stream())
        .mapToInt(InodeRecord::replication)
        .max()
        .orElse(1);
  }

  private static long toCell(long length) {
    return (length + CELL_BYTES - 1) / CELL_BYTES * CELL_BYTES;
  }

  private record Range(long from, long end) {}

  private static List<Range> union(List<ReferenceTable.Reference> references) {
    List<Range> ranges = new ArrayList<>();
    for (ReferenceTable.Reference reference : references) {
      Range last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
      if (last != null && reference.chunkOffset() <= last.end()) {
        long end = Math.max(last.end(), reference.chunkEnd());
        ranges.set(ranges.size() - 1, new Range(last.from(), end));
      } else {
        ranges.add(new Range(reference.chunkOffset(), reference.chunkEnd()));
      }
    }
    return ranges;
  }

  /** Pieces one behind the other. In a chunk that files share none begins inside a cell. */
  private static final class Layout {
    private final List<CompactPiece> pieces = new ArrayList<>();
    private final long inode;
    private final int replication;
    private long length;

    Layout(List<ChunkRecord> sources) {
      this(sources, sources.stream().mapToInt(ChunkRecord::replication).max().orElseThrow());
    }

    Layout(List<ChunkRecord> sources, int replication) {
      long of = sources.get(0).inode();
      for (ChunkRecord source : sources) {
        of = source.inode() == of ? of : 0;
      }
      this.inode = of;
      this.replication = replication;
    }

    /**
     * @param goesOn follows the piece before in its file
     */
    void add(ChunkId chunk, long offset, long bytes, boolean goesOn) {
      if (inode == 0 && !goesOn) {
        length = toCell(length);
      }
      pieces.add(
          CompactPiece.newBuilder()
              .setChunk(chunk.value())
              .setOffset(offset)
              .setLength(bytes)
              .setTargetOffset(length)
              .build());
      length += bytes;
    }

    Plan plan(long file, PoolId pool) {
      return new Plan(file, inode, pool, replication, length, pieces);
    }
  }
}
