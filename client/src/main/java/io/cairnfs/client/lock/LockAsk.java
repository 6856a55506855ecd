package io.cairnfs.client.lock;

import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.LockClaim;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Unlock;

/**
 * A lock that somebody wants.
 *
 * @param owner the party within the session
 * @param length of a range; 0 = to the end. Of a whole file both numbers are 0
 */
public record LockAsk(
    FileRef file, long owner, LockScope scope, LockMode mode, long start, long length) {

  /**
   * @param fresh the owner must not have a lock of the file
   */
  Operation lock(boolean wait, boolean fresh) {
    return lock(wait, fresh, false);
  }

  /** Waits for whoever has it, whatever those wait for. */
  Operation lockUnsearched() {
    return lock(true, false, true);
  }

  private Operation lock(boolean wait, boolean fresh, boolean unsearched) {
    return Operation.newBuilder()
        .setLock(
            Lock.newBuilder()
                .setFile(file)
                .setOwner(owner)
                .setScope(scope)
                .setMode(mode)
                .setStart(start)
                .setLength(length)
                .setWait(wait)
                .setUnsearched(unsearched)
                .setFresh(fresh))
        .build();
  }

  Operation unlock(long inode) {
    return Operation.newBuilder()
        .setUnlock(
            Unlock.newBuilder()
                .setInode(inode)
                .setOwner(owner)
                .setScope(scope)
                .setStart(start)
                .setLength(length))
        .build();
  }

  LockClaim claim(long inode, long ticket) {
    return LockClaim.newBuilder()
        .setInode(inode)
        .setOwner(owner)
        .setScope(scope)
        .setMode(mode)
        .setStart(start)
        .setLength(length)
        .setTicket(ticket)
        .build();
  }
}
