package io.cairnfs.simulation.model;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.operation.read.ChunkLookup;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.List;
import java.util.Optional;

/** The model's files have inline content only. */
final class NoExtents implements ChunkLookup {
  @Override
  public List<Extent> extents(RecordReader state, InodeId file, long from, long to, int limit) {
    return List.of();
  }

  @Override
  public Optional<ChunkLocation> locate(RecordReader state, ChunkId chunk) {
    return Optional.empty();
  }
}
