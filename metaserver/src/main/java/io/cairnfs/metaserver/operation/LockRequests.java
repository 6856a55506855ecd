package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;

/** Locks as requests name them. */
public final class LockRequests {
  private LockRequests() {}

  /**
   * @param length 0 = to the end
   * @throws CairnException INVALID_ARGUMENT
   */
  public static LockClaim claim(
      LockOwner owner, LockScope scope, LockMode mode, long start, long length)
      throws CairnException {
    if (scope == LockScope.UNRECOGNIZED || mode == LockMode.UNRECOGNIZED) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "a lock of an unknown kind");
    }
    LockClaim.Mode claimed =
        mode == LockMode.EXCLUSIVE_LOCK ? LockClaim.Mode.EXCLUSIVE : LockClaim.Mode.SHARED;
    if (scope == LockScope.WHOLE_FILE) {
      if (start != 0 || length != 0) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT, "a range, where the lock is of the whole file");
      }
      return new LockClaim(owner, LockClaim.Scope.WHOLE_FILE, claimed, 0, LockClaim.NO_END, 0);
    }
    if (start < 0 || length < 0 || start > LockClaim.NO_END - Math.max(1, length)) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "a range of " + length + " bytes from " + start);
    }
    long end = length == 0 ? LockClaim.NO_END : start + length;
    return new LockClaim(owner, LockClaim.Scope.BYTE_RANGE, claimed, start, end, 0);
  }

  /**
   * The claim that a message names, with its ticket.
   *
   * @throws CairnException INVALID_ARGUMENT
   */
  public static LockClaim claim(SessionId session, io.cairnfs.proto.metadata.LockClaim named)
      throws CairnException {
    return claim(
            new LockOwner(session, named.getOwner()),
            named.getScope(),
            named.getMode(),
            named.getStart(),
            named.getLength())
        .withNumber(named.getTicket());
  }

  /**
   * @throws CairnException INVALID_ARGUMENT
   */
  public static InodeId inode(long id) throws CairnException {
    if (id <= 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "inode=" + id);
    }
    return new InodeId(id);
  }
}
