package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockResult;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.ReleaseLocks;
import io.cairnfs.proto.metadata.StopWaiting;
import io.cairnfs.proto.metadata.Unlock;

/** An owner gives up locks, or stops to wait for one. What he does not have is given up already. */
final class UnlockOperations {
  private UnlockOperations() {}

  static OperationResult unlock(CommandContext context, Unlock request) throws CairnException {
    InodeId file = LockRequests.inode(request.getInode());
    LockClaim range =
        LockRequests.claim(
            new LockOwner(context.requireSession().id(), request.getOwner()),
            request.getScope(),
            LockMode.EXCLUSIVE_LOCK,
            request.getStart(),
            request.getLength());
    FileLocks before = LockTable.of(context.transaction(), file);
    FileLocks after = before.released(range.owner(), range.scope(), range.start(), range.end());
    if (!after.equals(before)) {
      Locks.replace(context, file, before, after);
    }
    return done();
  }

  static OperationResult stopWaiting(CommandContext context, StopWaiting request)
      throws CairnException {
    SessionId session = context.requireSession().id();
    InodeId file = LockRequests.inode(request.getClaim().getInode());
    LockClaim claim = LockRequests.claim(session, request.getClaim());
    FileLocks before = LockTable.of(context.transaction(), file);
    boolean waits =
        before.waiting().stream()
            .anyMatch(
                other -> other.number() == claim.number() && other.owner().equals(claim.owner()));
    LockResult.Builder result = LockResult.newBuilder().setInode(file.value());
    if (waits) {
      Locks.replace(context, file, before, before.unqueued(claim.number()));
    } else {
      before.tokenOf(claim).ifPresent(result::setToken);
    }
    return OperationResult.newBuilder().setLock(result).build();
  }

  static OperationResult releaseAll(CommandContext context, ReleaseLocks request)
      throws CairnException {
    LockOwner owner = new LockOwner(context.requireSession().id(), request.getOwner());
    if (request.getInode() == 0) {
      for (InodeId file : LockTable.filesOf(context.transaction(), owner)) {
        Locks.release(context, file, owner);
      }
    } else {
      Locks.release(context, LockRequests.inode(request.getInode()), owner);
    }
    return done();
  }

  private static OperationResult done() {
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }
}
