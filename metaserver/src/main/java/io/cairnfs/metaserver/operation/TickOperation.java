package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ServerRegistration;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.Tick;

/** Lets the cluster's logged time pass. */
final class TickOperation {
  private TickOperation() {}

  static CommandReply.Builder apply(CommandContext context, Tick request) throws CairnException {
    long elapsed = request.getElapsedMillis();
    if (elapsed < 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "a tick back in time: " + elapsed);
    }
    context.transaction().addTo(Counter.TICK_MILLIS, elapsed);
    new ServerRegistration(context.namespace()).endMaintenance();
    return CommandReply.newBuilder().setChanged(true);
  }
}
