package io.cairnfs.fuse.vfs;

import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.LockHolder;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Locks that processes of this mount have. The cluster keeps them; here is noted who may have some,
 * so that others' closing costs nothing, and what a file was like when its last lock was given up.
 * Any thread.
 */
final class LockAccounts {
  private final CairnNodes nodes;
  private final Handles handles;
  private final KernelCaches caches;
  private final Endings endings = new Endings();

  /** Who may have locks, with the handles by which he has asked for them. */
  private final Map<Owner, Set<Long>> askers = new ConcurrentHashMap<>();

  /** Who has asked for locks by a handle. */
  private final Map<Long, Set<Owner>> askedBy = new ConcurrentHashMap<>();

  /** Modification time of files as this mount last left them. */
  private final Map<Long, Long> left = new ConcurrentHashMap<>();

  private record Owner(long inode, long number) {}

  LockAccounts(CairnNodes nodes, Handles handles, KernelCaches caches) {
    this.nodes = nodes;
    this.handles = handles;
    this.caches = caches;
  }

  void set(long inode, LockRequest request, boolean wait) throws IOException, Errno {
    Owner owner = new Owner(inode, ownerOf(request));
    if (request.kind() == LockRequest.Kind.UNLOCK) {
      leave(inode);
      nodes.unlock(lock(inode, request));
      if (request.whole()) {
        Set<Long> unused = askers.remove(owner);
      }
      return;
    }
    boolean taken;
    try {
      // Noted before: a call whose fate is not known may have left a lock.
      note(owner, request.handle());
      taken = wait ? nodes.lock(lock(inode, request), true) : tryLock(lock(inode, request));
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CANCELLED) {
        throw new Errno(Errno.EINTR, "interrupted while waiting for the lock");
      }
      throw e;
    }
    if (!taken) {
      throw new Errno(Errno.EAGAIN, "inode=" + inode + " is locked by another");
    }
    revalidate(inode, request.node());
  }

  /** What an open file had that was closed before this is free, though its end is told later. */
  private boolean tryLock(CairnNodes.Lock lock) throws CairnException, Errno {
    long before = endings.ended();
    if (nodes.lock(lock, false)) {
      return true;
    }
    try {
      return endings.await(before) && nodes.lock(lock, false);
    } catch (InterruptedException e) {
      throw new Errno(Errno.EINTR, "interrupted while another file's end was told");
    }
  }

  /**
   * A flock(2) belongs to an open file. The kernel's number for that is made of an address, which
   * the next open file may have while the end of this one is still being told: the handle is used
   * once.
   */
  private static long ownerOf(LockRequest request) {
    return request.whole() ? request.handle() : request.owner();
  }

  private void note(Owner owner, long handle) {
    Set<Long> unused =
        askers.compute(
            owner,
            (key, known) -> {
              Set<Long> by = known == null ? ConcurrentHashMap.newKeySet() : known;
              by.add(handle);
              return by;
            });
    askedBy.computeIfAbsent(handle, key -> ConcurrentHashMap.newKeySet()).add(owner);
  }

  private static CairnNodes.Lock lock(long inode, LockRequest request) {
    CairnLock.Mode mode =
        request.kind() == LockRequest.Kind.SHARED
            ? CairnLock.Mode.SHARED
            : CairnLock.Mode.EXCLUSIVE;
    if (request.whole()) {
      return new CairnNodes.Lock(inode, ownerOf(request), CairnLock.Scope.WHOLE_FILE, mode, 0, 0);
    }
    long length = request.last() == Long.MAX_VALUE ? 0 : request.last() - request.start() + 1;
    return new CairnNodes.Lock(
        inode, ownerOf(request), CairnLock.Scope.BYTE_RANGE, mode, request.start(), length);
  }

  /** What this mount has written is the file's before others can have the lock. */
  private void leave(long inode) throws IOException {
    // What one handle flushes is what all have written.
    Optional<FileStatus> status =
        handles.ask(
            inode,
            open -> {
              open.file().flush();
              return open.file().status();
            },
            OpenNode::isWritable);
    status.ifPresent(known -> left.put(inode, known.modificationTimeNanos()));
  }

  /** What others have written under the lock before is seen. */
  private void revalidate(long inode, long node) throws IOException {
    Optional<FileStatus> status = handles.ask(inode, open -> open.file().status(), open -> true);
    if (status.isPresent()) {
      long modified = status.get().modificationTimeNanos();
      Long known = left.put(inode, modified);
      if (known == null || known != modified) {
        caches.forget(node);
      }
    }
  }

  LockRequest conflicting(long inode, LockRequest request) throws CairnException {
    Optional<LockHolder> found = nodes.conflicting(lock(inode, request));
    if (found.isEmpty()) {
      return answer(request, 0, Long.MAX_VALUE, LockRequest.Kind.UNLOCK);
    }
    LockHolder holder = found.get();
    long last = holder.length() == 0 ? Long.MAX_VALUE : holder.start() + holder.length() - 1;
    LockRequest.Kind kind =
        holder.mode() == CairnLock.Mode.SHARED
            ? LockRequest.Kind.SHARED
            : LockRequest.Kind.EXCLUSIVE;
    return answer(request, holder.start(), last, kind);
  }

  private static LockRequest answer(
      LockRequest request, long start, long last, LockRequest.Kind kind) {
    return new LockRequest(
        request.node(), request.handle(), request.owner(), start, last, kind, request.whole());
  }

  /** A process has closed the file: all its locks of it end, by whichever handle it took them. */
  void closed(long inode, long owner) throws IOException {
    if (askers.remove(new Owner(inode, owner)) != null) {
      leave(inode);
      nodes.releaseLocks(inode, owner);
    }
    forgetUnlessOpen(inode);
  }

  /**
   * An open file has no descriptor any more. Locks of processes ended before, with their
   * descriptors; the kernel does not tell of the end of locks that belong to the open file
   * (fcntl(2), "open file description locks"). Where the owner's number has asked by another handle
   * since, that is another open file at the same address: its locks stay, and what is left of this
   * one's ends with them.
   */
  void released(long handle) throws IOException {
    Set<Owner> asked = askedBy.remove(handle);
    if (asked == null) {
      return;
    }
    endings.begin(handle);
    try {
      for (Owner owner : asked) {
        if (isLast(owner, handle)) {
          leave(owner.inode);
          nodes.releaseLocks(owner.inode, owner.number);
        }
        forgetUnlessOpen(owner.inode);
      }
    } finally {
      endings.end(handle);
    }
  }

  /** Whether an owner was known, and has asked by no other handle. */
  private boolean isLast(Owner owner, long handle) {
    boolean[] last = new boolean[1];
    Set<Long> unused =
        askers.computeIfPresent(
            owner,
            (key, by) -> {
              last[0] = by.remove(handle) && by.isEmpty();
              return last[0] ? null : by;
            });
    return last[0];
  }

  private void forgetUnlessOpen(long inode) {
    if (!handles.isOpen(inode)) {
      Long unused = left.remove(inode);
    }
  }
}
