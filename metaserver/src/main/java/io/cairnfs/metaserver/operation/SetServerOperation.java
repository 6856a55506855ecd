package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.chunk.ServerRegistration;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.SetServer;

/** A data server's membership, weight or volumes change. */
final class SetServerOperation {
  private SetServerOperation() {}

  static CommandReply.Builder apply(CommandContext context, SetServer request)
      throws CairnException {
    boolean changed = new ServerRegistration(context.namespace()).change(request);
    return CommandReply.newBuilder().setServer(request.getServer()).setChanged(changed);
  }
}
