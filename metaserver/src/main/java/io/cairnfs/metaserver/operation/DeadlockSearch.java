package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.Transaction;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Follows who waits for whom, from an owner who is about to wait. An owner is one party, as a
 * process is in POSIX: two of his threads that wait at a time count as one that waits for both.
 */
final class DeadlockSearch {
  private static final int MAX_OWNERS = 10_000;

  private final Transaction transaction;
  private final LockOwner asking;
  private final Set<LockOwner> seen = new HashSet<>();
  private final Deque<LockOwner> next = new ArrayDeque<>();

  DeadlockSearch(Transaction transaction, LockOwner asking) {
    this.transaction = transaction;
    this.asking = asking;
  }

  /**
   * @param blockers what the owner would wait for
   * @throws CairnException DEADLOCK if that waits for him; NO_LOCKS where too many wait
   */
  void requireNone(InodeId file, List<LockClaim> blockers) throws CairnException {
    add(file, blockers);
    while (!next.isEmpty()) {
      LockOwner owner = next.remove();
      for (InodeId waitedFor : LockTable.waitedFor(transaction, owner)) {
        FileLocks locks = LockTable.of(transaction, waitedFor);
        for (LockClaim claim : locks.waiting()) {
          if (claim.owner().equals(owner)) {
            add(file, locks.blockers(claim));
          }
        }
      }
    }
  }

  private void add(InodeId file, List<LockClaim> blockers) throws CairnException {
    for (LockClaim blocker : blockers) {
      if (blocker.owner().equals(asking)) {
        throw new CairnException(
            ErrorCode.DEADLOCK, file + ": " + asking + " would wait for itself");
      }
      if (seen.add(blocker.owner())) {
        if (seen.size() > MAX_OWNERS) {
          throw Locks.tooMany(file + ": " + MAX_OWNERS + " owners wait for one another");
        }
        next.add(blocker.owner());
      }
    }
  }
}
