package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.metadata.Fence;
import java.util.Optional;
import java.util.function.Predicate;

/** What the operations on locks have in common, and what other operations ask of locks. */
final class Locks {
  private Locks() {}

  /**
   * The lock that the caller acts under is held.
   *
   * @throws CairnException FENCED_OUT
   */
  static void requireInForce(CommandContext context, Fence fence) throws CairnException {
    boolean inForce =
        fence.getInode() > 0
            && LockTable.of(context.transaction(), new InodeId(fence.getInode()))
                .isInForce(fence.getToken());
    if (!inForce) {
      throw new CairnException(
          ErrorCode.FENCED_OUT,
          "inode=" + fence.getInode() + ": no lock with token " + fence.getToken() + " is held");
    }
  }

  /**
   * Stores the locks of a file after some were given up, and gives those that wait what they can
   * have now, in the order in which they came.
   *
   * @throws CairnException NO_LOCKS if a lock was split and there are too many now
   */
  static void replace(CommandContext context, InodeId file, FileLocks before, FileLocks after)
      throws CairnException {
    if (after.held().size() > LockTable.MAX_HELD && after.held().size() > before.held().size()) {
      throw tooMany(file + ": " + LockTable.MAX_HELD + " locks are held");
    }
    LockTable.put(context.transaction(), file, before, withGrants(context, after));
  }

  static CairnException tooMany(String what) {
    return new CairnException(ErrorCode.NO_LOCKS, what + ", and no more are possible");
  }

  private static FileLocks withGrants(CommandContext context, FileLocks released) {
    FileLocks locks = released;
    Optional<LockClaim> next = locks.grantable();
    while (next.isPresent() && locks.held().size() < LockTable.MAX_HELD) {
      LockClaim claim = next.get();
      long token = context.transaction().nextId(Counter.LOCK_NUMBER);
      locks = locks.unqueued(claim.number()).granted(claim.withNumber(token));
      context.grantedTickets().add(claim.number());
      next = locks.grantable();
    }
    return locks;
  }

  /** Gives up everything of one owner, of one file. */
  static void release(CommandContext context, InodeId file, LockOwner owner) {
    release(context, file, owner::equals);
  }

  private static void release(CommandContext context, InodeId file, Predicate<LockOwner> owners) {
    Transaction transaction = context.transaction();
    FileLocks before = LockTable.of(transaction, file);
    if (!before.isEmpty()) {
      LockTable.put(transaction, file, before, withGrants(context, before.without(owners)));
    }
  }

  /** Gives up everything of a session that ends. */
  static void endSession(CommandContext context, SessionId session) {
    for (InodeId file : LockTable.filesOf(context.transaction(), session)) {
      release(context, file, owner -> owner.session().equals(session));
    }
  }
}
