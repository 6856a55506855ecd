package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.chunk.SlotMembership;
import io.cairnfs.proto.command.AddPool;
import io.cairnfs.proto.command.CommandReply;

/** A pool is needed for the first time. */
final class AddPoolOperation {
  private AddPoolOperation() {}

  static CommandReply.Builder apply(CommandContext context, AddPool request) throws CairnException {
    boolean isNew = new SlotMembership(context.transaction()).addPool(request.getPool());
    return CommandReply.newBuilder().setChanged(isNew);
  }
}
