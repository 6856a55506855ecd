package io.cairnfs.metaserver.operation;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.GarbageSteps;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.GarbageDone;

/** A data server has deleted replicas that it was told to. */
final class GarbageDoneOperation {
  private GarbageDoneOperation() {}

  static CommandReply.Builder apply(CommandContext context, GarbageDone request) {
    new GarbageSteps(context.namespace())
        .done(request.getServer(), request.getChunksList().stream().map(ChunkId::new).toList());
    return CommandReply.newBuilder().setChanged(request.getChunksCount() > 0);
  }
}
