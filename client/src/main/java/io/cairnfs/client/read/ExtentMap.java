package io.cairnfs.client.read;

import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What is known of where a file's bytes are. Not safe for several threads. */
final class ExtentMap {
  /**
   * A run of the file that lies in one chunk, or nowhere (a hole, which reads as zeros).
   *
   * @param chunkOffset where the run begins in the chunk
   * @param limit where the extent ends in the chunk, if nothing beyond may be read; otherwise 0
   * @param extentStart where the extent that the run is of begins in the chunk
   * @param extentEnd where it ends
   * @param settled its bytes are committed, and never change any more
   */
  record Run(
      long length,
      Optional<ChunkLocation> chunk,
      long chunkOffset,
      long limit,
      long extentStart,
      long extentEnd,
      boolean settled) {
    /** The same, from elsewhere in the extent. */
    Run movedTo(long offset) {
      return new Run(extentEnd - offset, chunk, offset, limit, extentStart, extentEnd, settled);
    }
  }

  private final TreeMap<Long, Extent> extents = new TreeMap<>();
  private final Map<Long, ChunkLocation> chunks = new HashMap<>();

  /** Everything in [knownFrom, knownUntil) is known. */
  private long knownFrom;

  private long knownUntil;

  /** Takes an answer for {@code [from, until)}; a range that does not join on replaces all. */
  void put(long from, long until, List<Extent> answered, List<ChunkLocation> locations) {
    if (from > knownUntil || until < knownFrom) {
      extents.clear();
      chunks.clear();
      knownFrom = from;
      knownUntil = until;
    } else {
      // The newer answer counts where both speak.
      extents
          .values()
          .removeIf(
              extent ->
                  extent.getFileOffset() < until
                      && extent.getFileOffset() + extent.getLength() > from);
      knownFrom = Math.min(from, knownFrom);
      knownUntil = Math.max(until, knownUntil);
    }
    answered.forEach(extent -> extents.put(extent.getFileOffset(), extent));
    locations.forEach(location -> chunks.put(location.getChunk(), location));
  }

  boolean knows(long position) {
    return position >= knownFrom && position < knownUntil;
  }

  /** The run at a known position, at most {@code most} bytes of it. */
  Run runAt(long position, long most) {
    Map.Entry<Long, Extent> before = extents.floorEntry(position);
    if (before != null) {
      Extent extent = before.getValue();
      long skip = position - extent.getFileOffset();
      if (skip < extent.getLength()) {
        return runOf(extent, skip, most);
      }
    }
    Long next = extents.higherKey(position);
    long end = next == null ? knownUntil : Math.min(next, knownUntil);
    return new Run(Math.min(most, end - position), Optional.empty(), 0, 0, 0, 0, false);
  }

  private Run runOf(Extent extent, long skip, long most) {
    ChunkLocation chunk = chunks.get(extent.getChunk());
    if (chunk == null) {
      // Answered without its place: a read of it fails and asks again.
      chunk = ChunkLocation.newBuilder().setChunk(extent.getChunk()).build();
    }
    long end = extent.getChunkOffset() + extent.getLength();
    return new Run(
        Math.min(most, extent.getLength() - skip),
        Optional.of(chunk),
        extent.getChunkOffset() + skip,
        chunk.getShared() ? end : 0,
        extent.getChunkOffset(),
        end,
        !extent.getOpenTail());
  }
}
