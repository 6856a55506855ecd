package io.cairnfs.metaserver.operation;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RevokeLease;
import java.util.Optional;

/**
 * The leader takes a lease away from a session that was asked for it and did not give it back in
 * time.
 */
final class RevokeLeaseOperation {
  private RevokeLeaseOperation() {}

  static CommandReply.Builder apply(CommandContext context, RevokeLease request) {
    if (request.getInode() <= 0) {
      return CommandReply.newBuilder();
    }
    InodeId inode = new InodeId(request.getInode());
    Optional<LeaseRecord> ofDirectory =
        DirectoryLeaseTable.find(context.transaction(), inode)
            .filter(held -> held.grant() == request.getLease());
    if (ofDirectory.isPresent()) {
      DirectoryLeaseTable.end(context.transaction(), inode);
      return CommandReply.newBuilder().setChanged(true);
    }
    Optional<LeaseRecord> lease =
        context.namespace().lease(inode).filter(held -> held.grant() == request.getLease());
    lease.ifPresent(held -> WriteLeases.revoke(context, inode, held));
    return CommandReply.newBuilder().setChanged(lease.isPresent());
  }
}
