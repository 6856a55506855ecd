package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.XattrName;
import io.cairnfs.metaserver.namespace.XattrTable;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.RemoveXattr;

/** Takes an extended attribute away: removexattr(2) of Linux. */
final class RemoveXattrOperation {
  private RemoveXattrOperation() {}

  static OperationResult apply(CommandContext context, RemoveXattr request) throws CairnException {
    byte[] asked = request.getName().toByteArray();
    XattrName.requireLength(asked);
    LastLink lastLink = request.getNoFollow() ? LastLink.KEPT : LastLink.FOLLOWED;
    InodeRecord inode = context.paths().resolve(request.getTarget(), lastLink);
    String where = PathResolver.describe(request.getTarget());
    XattrName name =
        Permissions.requireAttributeName(
            inode, context.principal(), asked, Permissions.WRITE, () -> where);
    Permissions.requireMayWriteAttribute(inode, context.principal(), name, () -> where);
    if (XattrTable.get(context.transaction(), inode.id(), name).isEmpty()) {
      throw SetXattrOperation.notFound(name, where);
    }
    XattrTable.remove(context.transaction(), inode.id(), name);
    context.namespace().putInode(inode.edit().ctimeNanos(context.nowNanos()).done());
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }
}
