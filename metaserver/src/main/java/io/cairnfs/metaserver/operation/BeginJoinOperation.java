package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.chunk.SlotJoins;
import io.cairnfs.proto.command.BeginJoin;
import io.cairnfs.proto.command.CommandReply;

/** The target member of a slot's position begins to be filled. */
final class BeginJoinOperation {
  private BeginJoinOperation() {}

  static CommandReply.Builder apply(CommandContext context, BeginJoin request)
      throws CairnException {
    new SlotJoins(context.namespace())
        .begin(request.getPool(), request.getSlot(), request.getPosition(), request.getServer());
    return CommandReply.newBuilder().setChanged(true);
  }
}
