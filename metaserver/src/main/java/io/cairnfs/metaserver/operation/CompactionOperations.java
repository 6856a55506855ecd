package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ChunkCompaction;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.proto.command.BeginCompaction;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.Compact;

/** The leader has live bytes of fragmented chunks copied into a new one. */
final class CompactionOperations {
  private CompactionOperations() {}

  static CommandReply.Builder begin(CommandContext context, BeginCompaction request)
      throws CairnException {
    Command command = context.command();
    if (command.getChosenSlotsCount() != 1 || command.getPipelinesCount() != 1) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, command.getChosenSlotsCount() + " slots for one chunk");
    }
    FileLimits.requireReplication(request.getReplication());
    ChunkRecord chunk =
        new ChunkCompaction(context.namespace())
            .begin(
                request,
                command.getChosenPool(),
                command.getChosenSlots(0),
                command.getPipelines(0).getServersList(),
                context.cluster().minReplicas());
    return CommandReply.newBuilder().setChunk(chunk.id().value()).setChanged(true);
  }

  static CommandReply.Builder commit(CommandContext context, Compact request)
      throws CairnException {
    int moved = new ChunkCompaction(context.namespace()).commit(request);
    return CommandReply.newBuilder().setCount(moved).setChanged(true);
  }
}
