package io.cairnfs.metaserver.operation;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkLifecycle;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.FenceChunk;

/**
 * The leader takes a chunk from its writer. A repeated or late command (another epoch) changes
 * nothing.
 */
final class FenceChunkOperation {
  private FenceChunkOperation() {}

  static CommandReply.Builder apply(CommandContext context, FenceChunk request) {
    ChunkLifecycle chunks = new ChunkLifecycle(context.namespace());
    boolean fenced =
        ChunkTable.find(context.transaction(), new ChunkId(request.getChunk()))
            .filter(chunk -> chunks.fence(chunk, request.getExpectedEpoch()))
            .isPresent();
    return CommandReply.newBuilder().setChanged(fenced);
  }
}
