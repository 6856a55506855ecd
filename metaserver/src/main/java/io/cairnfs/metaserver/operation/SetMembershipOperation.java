package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ServerRegistration;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.ServerMembership;

/** A superuser takes a data server in or out; the slots' targets follow. */
final class SetMembershipOperation {
  private SetMembershipOperation() {}

  static OperationResult apply(CommandContext context, SetMembership request)
      throws CairnException {
    if (!context.principal().superuser()) {
      throw new CairnException(
          ErrorCode.PERMISSION_DENIED,
          "user="
              + context.principal().user()
              + " is not the superuser, who alone takes servers in and out");
    }
    if (request.getMembership() == ServerMembership.SERVER_MEMBERSHIP_UNSPECIFIED) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "server=" + request.getServer() + ": no membership is given");
    }
    new ServerRegistration(context.transaction())
        .change(
            SetServer.newBuilder()
                .setServer(request.getServer())
                .setMembership(request.getMembership())
                .build());
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }
}
