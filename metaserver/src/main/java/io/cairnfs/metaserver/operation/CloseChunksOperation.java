package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.chunk.ChunkCommit;
import io.cairnfs.metaserver.chunk.ChunkLifecycle;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.List;

/**
 * A client has done with chunks of its session: they are sealed at the length that was
 * acknowledged, and a file's open tail ends there: what was flushed may have been read. Those that
 * are sealed or gone already stay as they are, but that one which was held is held no more.
 */
final class CloseChunksOperation {
  private static final int MAX_CHUNKS = 1024;

  private CloseChunksOperation() {}

  static OperationResult apply(CommandContext context, CloseChunks request) throws CairnException {
    if (request.getChunksCount() > MAX_CHUNKS) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          request.getChunksCount() + " chunks; at most " + MAX_CHUNKS + " are possible");
    }
    SessionId session = context.requireSession().id();
    for (ChunkProgress progress : request.getChunksList()) {
      ChunkRecord chunk =
          ChunkTable.find(context.transaction(), new ChunkId(progress.getChunk())).orElse(null);
      if (chunk == null || chunk.isGarbage()) {
        continue;
      }
      if (!chunk.isSealed()) {
        // Of a shared chunk no file is named, and none is needed: no extent is made.
        InodeId inode = new InodeId(chunk.isShared() ? 1 : chunk.inode());
        ChunkCommit commit = new ChunkCommit(context.namespace(), session, inode);
        commit.advance(List.of(progress.toBuilder().setClosed(true).build()));
        commit.growTail(chunk.id(), context.nowNanos());
        if (request.getHold()) {
          commit.hold();
        } else {
          commit.finish();
        }
      } else if (!request.getHold() && chunk.session() == session.value()) {
        new ChunkLifecycle(context.namespace()).release(chunk);
      }
    }
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }
}
