package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.chunk.SlotJoins;
import io.cairnfs.proto.command.AdvanceJoin;
import io.cairnfs.proto.command.CommandReply;

/**
 * The next chunks of a slot get repair entries for its joiner. How far a step goes is decided here;
 * the reply's count is 0 at the end and 1 before.
 */
final class AdvanceJoinOperation {
  private AdvanceJoinOperation() {}

  static CommandReply.Builder apply(CommandContext context, AdvanceJoin request)
      throws CairnException {
    boolean atEnd =
        new SlotJoins(context.namespace())
            .advance(
                request.getPool(), request.getSlot(), request.getPosition(), request.getServer());
    return CommandReply.newBuilder().setCount(atEnd ? 0 : 1).setChanged(true);
  }
}
