package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.LockResult;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.NodeRef;

/**
 * Gives an owner a lock, or lets him wait for it. Whole files may be locked by whoever may read or
 * write them, as with flock(); a range shared by readers and exclusively by writers, as with
 * fcntl().
 */
final class LockOperation {
  private final CommandContext context;
  private final Transaction transaction;
  private final Lock request;
  private final InodeRecord file;
  private final LockClaim claim;
  private final FileLocks before;

  private LockOperation(CommandContext context, Lock request, InodeRecord file)
      throws CairnException {
    this.context = context;
    this.transaction = context.transaction();
    this.request = request;
    this.file = file;
    LockOwner owner = new LockOwner(context.requireSession().id(), request.getOwner());
    this.claim =
        LockRequests.claim(
            owner, request.getScope(), request.getMode(), request.getStart(), request.getLength());
    this.before = LockTable.of(transaction, file.id());
  }

  static OperationResult apply(CommandContext context, Lock request) throws CairnException {
    return new LockOperation(context, request, resolve(context, request)).apply();
  }

  private static InodeRecord resolve(CommandContext context, Lock request) throws CairnException {
    if (!request.getFile().hasTarget()) {
      return opened(context, request);
    }
    NodeRef target = request.getFile().getTarget();
    InodeRecord file =
        new Tree(context).paths().locate(target, LastLink.FOLLOWED).requireTarget(target);
    requireRight(context, request, file, target);
    return file;
  }

  /** What the caller has open: his handle says what he may. */
  private static InodeRecord opened(CommandContext context, Lock request) throws CairnException {
    InodeId inode = LockRequests.inode(request.getFile().getInode());
    ByteString handle = request.getFile().getHandle();
    if (request.getScope() == io.cairnfs.proto.metadata.LockScope.BYTE_RANGE) {
      boolean exclusive = request.getMode() == io.cairnfs.proto.metadata.LockMode.EXCLUSIVE_LOCK;
      return OpenFile.requireHandle(
          context, inode, handle, exclusive ? Permissions.WRITE : Permissions.READ);
    }
    return OpenFile.requireAnyHandle(context, inode, handle);
  }

  private static void requireRight(
      CommandContext context, Lock request, InodeRecord file, NodeRef target)
      throws CairnException {
    LockClaim.Mode mode =
        request.getMode() == io.cairnfs.proto.metadata.LockMode.EXCLUSIVE_LOCK
            ? LockClaim.Mode.EXCLUSIVE
            : LockClaim.Mode.SHARED;
    if (request.getScope() == io.cairnfs.proto.metadata.LockScope.BYTE_RANGE) {
      Tree.requireFile(file, target);
      int right = mode == LockClaim.Mode.EXCLUSIVE ? Permissions.WRITE : Permissions.READ;
      Permissions.require(file, context.principal(), right, () -> PathResolver.describe(target));
      return;
    }
    if (!Permissions.allows(file, context.principal(), Permissions.READ)) {
      Permissions.require(
          file, context.principal(), Permissions.WRITE, () -> PathResolver.describe(target));
    }
  }

  private OperationResult apply() throws CairnException {
    if (file.isFile()) {
      context.extents().requireSettled(context.namespace(), file);
    }
    if (request.getFresh() && before.concerns(claim.owner(), claim.scope())) {
      throw new CairnException(
          request.getWait() ? ErrorCode.DEADLOCK : ErrorCode.LOCKED,
          file.id() + ": " + claim.owner() + " has locked it, or waits for it, already");
    }
    var token = before.tokenOf(claim);
    if (token.isPresent()) {
      return answer(LockResult.newBuilder().setToken(token.get()));
    }
    if (before.blockers(claim).isEmpty()) {
      return grant();
    }
    if (!request.getWait()) {
      throw locked();
    }
    return queue();
  }

  private OperationResult grant() throws CairnException {
    requireRoomOfSession();
    long token = transaction.nextId(Counter.LOCK_NUMBER);
    Locks.replace(context, file.id(), before, before.granted(claim.withNumber(token)));
    return answer(LockResult.newBuilder().setToken(token));
  }

  private void requireRoomOfSession() throws CairnException {
    if (LockTable.countOf(transaction, claim.owner().session()) >= LockTable.MAX_OF_SESSION) {
      throw Locks.tooMany(
          claim.owner().session() + " has locks of " + LockTable.MAX_OF_SESSION + " files");
    }
  }

  private CairnException locked() {
    LockClaim holder = before.conflict(claim).orElseGet(() -> before.blockers(claim).get(0));
    return new CairnException(
        ErrorCode.LOCKED,
        (request.getFile().hasTarget()
                ? PathResolver.describe(request.getFile().getTarget())
                : file.id())
            + " is locked by "
            + holder.owner());
  }

  private OperationResult queue() throws CairnException {
    if (before.waiting().size() >= LockTable.MAX_WAITING) {
      throw Locks.tooMany(file.id() + ": " + LockTable.MAX_WAITING + " claims wait");
    }
    requireRoomOfSession();
    InodeId inode = file.id();
    if (!request.getUnsearched()) {
      new DeadlockSearch(transaction, claim.owner()).requireNone(inode, before.blockers(claim));
    }
    long ticket = transaction.nextId(Counter.LOCK_NUMBER);
    LockTable.put(transaction, inode, before, before.queued(claim.withNumber(ticket)));
    return answer(LockResult.newBuilder().setTicket(ticket));
  }

  private OperationResult answer(LockResult.Builder result) {
    return OperationResult.newBuilder().setLock(result.setInode(file.id().value())).build();
  }
}
