package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.RecoverLease;
import io.cairnfs.proto.metadata.RecoverLeaseResult;
import io.cairnfs.proto.types.NodeRef;
import java.util.Optional;

/**
 * Ends somebody's writing of a file in one command: his chunks are fenced, so that its length is
 * settled from what their members have, and he has no lease any more.
 */
final class RecoverLeaseOperation {
  private RecoverLeaseOperation() {}

  static OperationResult apply(CommandContext context, RecoverLease request) throws CairnException {
    if (!request.getFile().getHandle().isEmpty()) {
      throw new CairnException(ErrorCode.UNSUPPORTED, "a lease is recovered by path");
    }
    NodeRef target = request.getFile().getTarget();
    InodeRecord file =
        new Tree(context).paths().locate(target, LastLink.FOLLOWED).requireTarget(target);
    Tree.requireFile(file, target);
    Permissions.require(
        file, context.principal(), Permissions.WRITE, () -> PathResolver.describe(target));
    NamespaceEditor namespace = context.namespace();
    Optional<LeaseRecord> lease = namespace.lease(file.id());
    lease.ifPresent(held -> WriteLeases.revoke(context, file.id(), held));
    InodeRecord now = namespace.requireInode(file.id());
    return OperationResult.newBuilder()
        .setRecoverLease(
            RecoverLeaseResult.newBuilder()
                .setAttributes(namespace.attributes(now))
                .setClosed(isSettled(context, now)))
        .build();
  }

  private static boolean isSettled(CommandContext context, InodeRecord file) throws CairnException {
    try {
      context.extents().requireSettled(context.namespace(), file);
      return true;
    } catch (CairnException e) {
      if (e.code() != ErrorCode.RETRY) {
        throw e;
      }
      return false;
    }
  }
}
