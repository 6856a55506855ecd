package io.cairnfs.metaserver.operation;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRepairs;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RepairDone;

/** A data server has copied a chunk that it lacked. */
final class RepairDoneOperation {
  private RepairDoneOperation() {}

  static CommandReply.Builder apply(CommandContext context, RepairDone request) {
    boolean cleared =
        new ChunkRepairs(context.transaction())
            .done(
                new ChunkId(request.getChunk()),
                request.getServer(),
                request.getSince(),
                request.getLength());
    return CommandReply.newBuilder().setChanged(cleared);
  }
}
