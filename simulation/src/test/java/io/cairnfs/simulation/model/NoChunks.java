package io.cairnfs.simulation.model;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.FileExtents;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.operation.read.ChunkLookup;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.List;
import java.util.Optional;

/** A cluster without chunks: the model knows none. */
final class NoChunks implements FileExtents, ChunkLookup {
  @Override
  public void adopt(
      NamespaceEditor namespace, SessionId session, InodeRecord file, ExtentContent content)
      throws CairnException {
    throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, "there are no chunks");
  }

  @Override
  public int release(NamespaceEditor namespace, InodeId file, int limit) {
    return 0;
  }

  @Override
  public void requireSettled(NamespaceEditor namespace, InodeRecord file) {}

  @Override
  public void endWriting(NamespaceEditor namespace, InodeId file, SessionId session) {}

  @Override
  public void changeReplication(NamespaceEditor namespace, InodeRecord file, int replication) {}

  @Override
  public void endSession(NamespaceEditor namespace, SessionId session) {}

  @Override
  public List<Extent> extents(RecordReader state, InodeId file, long from, long to, int limit) {
    return List.of();
  }

  @Override
  public Optional<ChunkLocation> locate(RecordReader state, ChunkId chunk) {
    return Optional.empty();
  }
}
