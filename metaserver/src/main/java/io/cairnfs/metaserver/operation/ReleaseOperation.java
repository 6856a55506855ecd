package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Release;

/**
 * Gives a lease back, of a file or of a directory: what was committed stays, nothing else becomes
 * part of the file.
 */
final class ReleaseOperation {
  private ReleaseOperation() {}

  static OperationResult apply(CommandContext context, Release request) throws CairnException {
    if (request.getInode() <= 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "inode=" + request.getInode());
    }
    InodeId file = new InodeId(request.getInode());
    if (isDirectoryLease(context, file, request.getLease())) {
      DirectoryLeaseTable.end(context.transaction(), file);
      return result(context, file);
    }
    WriteLeases.requireHeld(context, file, request.getLease());
    WriteLeases.end(context, file, request.getKeepChunks());
    return result(context, file);
  }

  private static boolean isDirectoryLease(CommandContext context, InodeId inode, long grant) {
    return DirectoryLeaseTable.find(context.transaction(), inode)
        .filter(lease -> lease.session().equals(context.requireSession().id()))
        .filter(lease -> lease.grant() == grant)
        .isPresent();
  }

  private static OperationResult result(CommandContext context, InodeId inode) {
    return OperationResult.newBuilder()
        .setAttributes(context.namespace().attributes(context.namespace().requireInode(inode)))
        .build();
  }
}
