package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.chunk.SlotJoins;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.Promote;

/** A joiner that has everything serves its position from now on. */
final class PromoteOperation {
  private PromoteOperation() {}

  static CommandReply.Builder apply(CommandContext context, Promote request) throws CairnException {
    new SlotJoins(context.namespace())
        .promote(
            request.getPool(),
            request.getSlot(),
            request.getPosition(),
            request.getServer(),
            request.getSlotEpoch());
    return CommandReply.newBuilder().setChanged(true);
  }
}
