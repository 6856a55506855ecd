package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkLifecycle;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.SettleChunk;

/**
 * The length of a chunk whose writer died, as its fenced members told it. Another epoch than the
 * chunk's changes nothing.
 */
final class SettleChunkOperation {
  private SettleChunkOperation() {}

  static CommandReply.Builder apply(CommandContext context, SettleChunk request)
      throws CairnException {
    ChunkId id = new ChunkId(request.getChunk());
    ChunkRecord chunk =
        ChunkTable.find(context.transaction(), id)
            .orElseThrow(() -> new CairnException(ErrorCode.CHUNK_NOT_FOUND, id + " is no more"));
    boolean settled =
        new ChunkLifecycle(context.namespace())
            .settle(
                chunk,
                request.getEpoch(),
                request.getLength(),
                request.getHoldersList(),
                context.nowNanos());
    return CommandReply.newBuilder().setChanged(settled);
  }
}
