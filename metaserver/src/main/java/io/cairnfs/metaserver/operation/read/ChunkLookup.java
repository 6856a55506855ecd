package io.cairnfs.metaserver.operation.read;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.List;
import java.util.Optional;

/** What reads of names need of the chunk side. Any thread. */
public interface ChunkLookup {
  /** Extents of a file that overlap [from, to), in order; at most so many. */
  List<Extent> extents(RecordReader state, InodeId file, long from, long to, int limit);

  /**
   * Where a chunk's bytes are, with what only the leader knows (who is up) and mints (tokens, which
   * the caller may add later); empty if there is no such chunk.
   */
  Optional<ChunkLocation> locate(RecordReader state, ChunkId chunk);
}
