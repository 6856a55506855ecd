package io.cairnfs.metaserver.operation;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RevokeLease;
import java.util.Optional;

/**
 * The leader takes a write lease away from a session that was asked for it and did not give it back
 * in time.
 */
final class RevokeLeaseOperation {
  private RevokeLeaseOperation() {}

  static CommandReply.Builder apply(CommandContext context, RevokeLease request) {
    Optional<LeaseRecord> lease =
        request.getInode() <= 0
            ? Optional.empty()
            : context
                .namespace()
                .lease(new InodeId(request.getInode()))
                .filter(held -> held.grant() == request.getLease());
    lease.ifPresent(held -> WriteLeases.revoke(context, new InodeId(request.getInode()), held));
    return CommandReply.newBuilder().setChanged(lease.isPresent());
  }
}
