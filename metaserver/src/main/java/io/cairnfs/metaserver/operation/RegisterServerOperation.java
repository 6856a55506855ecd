package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.chunk.ServerRegistration;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RegisterServer;

/** A data server starts. */
final class RegisterServerOperation {
  private RegisterServerOperation() {}

  static CommandReply.Builder apply(CommandContext context, RegisterServer request)
      throws CairnException {
    context.cluster();
    int server = new ServerRegistration(context.namespace()).register(request);
    return CommandReply.newBuilder().setServer(server).setChanged(true);
  }
}
