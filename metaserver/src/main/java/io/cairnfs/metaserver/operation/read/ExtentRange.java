package io.cairnfs.metaserver.operation.read;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Extents of a range of one file and where their chunks are.
 *
 * @param until everything of the range that lies before was answered
 */
record ExtentRange(List<Extent> extents, List<ChunkLocation> chunks, long until) {
  private static final int MAX_EXTENTS = 1024;

  static ExtentRange read(
      RecordReader state, ChunkLookup lookup, InodeId file, long offset, long length)
      throws CairnException {
    if (offset < 0 || length < 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "offset " + offset + ", length " + length);
    }
    long end = Long.MAX_VALUE - offset < length ? Long.MAX_VALUE : offset + length;
    List<Extent> extents = lookup.extents(state, file, offset, end, MAX_EXTENTS);
    long until = end;
    if (extents.size() == MAX_EXTENTS) {
      Extent last = extents.get(MAX_EXTENTS - 1);
      until = last.getFileOffset() + last.getLength();
    }
    return new ExtentRange(extents, locate(state, lookup, extents), until);
  }

  /** Each chunk that extents name, once. */
  static List<ChunkLocation> locate(RecordReader state, ChunkLookup lookup, List<Extent> extents) {
    Set<Long> ids = new LinkedHashSet<>();
    extents.forEach(extent -> ids.add(extent.getChunk()));
    List<ChunkLocation> chunks = new ArrayList<>(ids.size());
    for (long id : ids) {
      lookup.locate(state, new ChunkId(id)).ifPresent(chunks::add);
    }
    return chunks;
  }
}
