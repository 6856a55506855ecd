package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ExtentMap;
import io.cairnfs.metaserver.chunk.ExtentRecord;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Which bytes of a file are to be coded: those in SEALED chunks that do not lie in its pool. */
public final class StripePlanner {
  private final RecordReader state;
  private final int maxExtents;
  private final long maxBytes;

  /**
   * Bytes [from, from + length) of a chunk, which follow those of the range before in their file.
   */
  public record Range(ChunkId chunk, long from, long length, boolean goesOn) {
    Range cut(long bytes) {
      return new Range(chunk, from, bytes, goesOn);
    }

    Range rest(long bytes) {
      return new Range(chunk, from + bytes, length - bytes, true);
    }
  }

  /**
   * A part of a file.
   *
   * @param coded bytes that lie in the pool already
   * @param next where the next part begins; empty = this was the last one
   */
  public record Part(List<Range> ranges, long coded, OptionalLong next) {
    public Part {
      ranges = List.copyOf(ranges);
    }

    public long bytes() {
      return ranges.stream().mapToLong(Range::length).sum();
    }
  }

  /**
   * @param maxExtents of one part
   * @param maxBytes of one part, or one extent
   */
  public StripePlanner(RecordReader state, int maxExtents, long maxBytes) {
    this.state = state;
    this.maxExtents = maxExtents;
    this.maxBytes = maxBytes;
  }

  /** Looks at the part of a file that begins at an offset. */
  public Part part(InodeId file, long from, PoolId pool) {
    List<ExtentRecord> extents =
        ExtentMap.overlapping(state, file, from, Long.MAX_VALUE, maxExtents + 1);
    Map<ChunkId, Boolean> movable = new HashMap<>();
    List<Range> ranges = new ArrayList<>();
    long bytes = 0;
    long coded = 0;
    int seen = 0;
    ExtentRecord before = null;
    for (ExtentRecord extent : extents) {
      if (seen == maxExtents || bytes >= maxBytes) {
        return new Part(ranges, coded, OptionalLong.of(extent.fileOffset()));
      }
      seen++;
      if (extent.chunk().pool() == pool.value()) {
        coded += extent.length();
      } else if (movable.computeIfAbsent(extent.chunk(), this::isMovable)) {
        boolean goesOn = before != null && before.end() == extent.fileOffset();
        ranges.add(new Range(extent.chunk(), extent.chunkOffset(), extent.length(), goesOn));
        bytes += extent.length();
        before = extent;
        continue;
      }
      before = null;
    }
    return new Part(ranges, coded, OptionalLong.empty());
  }

  private boolean isMovable(ChunkId id) {
    Optional<ChunkRecord> chunk = ChunkTable.find(state, id);
    return chunk
        .filter(row -> row.isSealed() && !row.isLost() && !ChunkTable.isHeld(state, row))
        .isPresent();
  }
}
