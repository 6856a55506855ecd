package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.Accessed;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.Optional;

/**
 * Remembers that files were read: as Linux' relatime, only where the access time would not tell
 * that they were read since they changed, or is old.
 */
final class AccessedOperation {
  private static final int MAX_INODES = 1024;
  private static final long OLD_NANOS = 86_400_000_000_000L;

  private AccessedOperation() {}

  static OperationResult apply(CommandContext context, Accessed request) throws CairnException {
    if (request.getInodesCount() > MAX_INODES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          request.getInodesCount() + " inodes; at most " + MAX_INODES + " are possible");
    }
    for (long id : request.getInodesList()) {
      Optional<InodeRecord> inode =
          id <= 0 ? Optional.empty() : context.namespace().inode(new InodeId(id));
      inode
          .filter(read -> !read.isDeleted())
          .filter(read -> Permissions.allows(read, context.principal(), Permissions.READ))
          .filter(read -> isStale(read, context.nowNanos()))
          .ifPresent(
              read ->
                  context.namespace().putInode(read.edit().atimeNanos(context.nowNanos()).done()));
    }
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }

  private static boolean isStale(InodeRecord inode, long nowNanos) {
    long atime = inode.atimeNanos();
    return atime <= inode.mtimeNanos()
        || atime <= inode.ctimeNanos()
        || nowNanos - atime >= OLD_NANOS;
  }
}
