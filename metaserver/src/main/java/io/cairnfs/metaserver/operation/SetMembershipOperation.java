package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.ServerRegistration;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.ServerMembership;

/** A superuser changes a data server or takes it away; the slots' targets follow. */
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
    SetServer change =
        SetServer.newBuilder()
            .setServer(request.getServer())
            .setMembership(request.getMembership())
            .setMaintenanceMillis(request.getMaintenanceMillis())
            .setWeight(request.getWeight())
            .addAllLostVolumes(request.getLostVolumesList())
            .build();
    boolean changes =
        request.getMembership() != ServerMembership.SERVER_MEMBERSHIP_UNSPECIFIED
            || request.getWeight() != 0
            || request.getLostVolumesCount() > 0;
    if (changes == request.getRemove()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "server="
              + request.getServer()
              + (changes ? ": changed and removed at once" : ": no membership is given"));
    }
    ServerRegistration servers = new ServerRegistration(context.namespace());
    if (request.getRemove()) {
      servers.remove(request.getServer());
    } else {
      var unused = servers.change(change);
    }
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }
}
