package io.cairnfs.metaserver.operation;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRepairs;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RepairNeeded;

/** A data server found, by looking itself, that it has no good replica of a chunk. */
final class RepairNeededOperation {
  private RepairNeededOperation() {}

  static CommandReply.Builder apply(CommandContext context, RepairNeeded request) {
    boolean noted =
        new ChunkRepairs(context.transaction())
            .needed(new ChunkId(request.getChunk()), request.getServer());
    return CommandReply.newBuilder().setChanged(noted);
  }
}
