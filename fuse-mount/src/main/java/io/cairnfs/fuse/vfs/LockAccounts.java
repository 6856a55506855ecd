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
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Locks that processes of this mount have. The cluster keeps them; here is noted who may have some,
 * so that others' closing costs nothing, and what a file was like when its last lock was given up.
 * Any thread.
 */
final class LockAccounts {
  /** No party has this number. */
  private static final long NOBODY = 0;

  private final CairnNodes nodes;
  private final Handles handles;
  private final KernelCaches caches;
  private final Endings endings = new Endings();

  /** Who may have locks. */
  private final Map<Owner, Party> parties = new ConcurrentHashMap<>();

  private final AtomicLong lastParty = new AtomicLong();

  /** Who has asked for locks by a handle. */
  private final Map<Long, Set<Owner>> askedBy = new ConcurrentHashMap<>();

  /** Modification time of files as this mount last left them. */
  private final Map<Long, Long> left = new ConcurrentHashMap<>();

  private record Owner(long inode, long number) {}

  /**
   * An owner of locks, from his first until he has none: who comes after him at the same address is
   * another party.
   *
   * @param number as the cluster knows him
   * @param handles by which he has asked
   */
  private record Party(long number, int pid, Set<Long> handles) {}

  LockAccounts(CairnNodes nodes, Handles handles, KernelCaches caches) {
    this.nodes = nodes;
    this.handles = handles;
    this.caches = caches;
  }

  void set(long inode, LockRequest request, boolean wait) throws IOException, Errno {
    Owner owner = new Owner(inode, ownerOf(request));
    if (request.kind() == LockRequest.Kind.UNLOCK) {
      unlock(owner, request);
      return;
    }
    // Noted before: a call whose fate is not known may have left a lock.
    Party party = note(owner, request);
    boolean taken;
    try {
      CairnNodes.Lock lock = lock(inode, party.number, request);
      taken = wait ? await(party, lock) : tryLock(lock);
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

  private void unlock(Owner owner, LockRequest request) throws IOException {
    leave(owner.inode);
    Party party = parties.get(owner);
    if (party == null) {
      return;
    }
    nodes.unlock(lock(owner.inode, party.number, request));
    if (request.whole()) {
      boolean unused = parties.remove(owner, party);
    }
  }

  /**
   * Where a process has several parties, some are open files ("open file description locks"), and
   * what one of its threads waits for another may give up: that is no deadlock.
   */
  private boolean await(Party party, CairnNodes.Lock lock) throws CairnException {
    try {
      return nodes.lock(lock, true);
    } catch (CairnException e) {
      if (e.code() != ErrorCode.DEADLOCK || !isOneOfSeveral(party)) {
        throw e;
      }
      nodes.lockUnsearched(lock);
      return true;
    }
  }

  private boolean isOneOfSeveral(Party party) {
    return party.pid != 0
        && parties.values().stream()
            .anyMatch(other -> other.pid == party.pid && other.number != party.number);
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

  private Party note(Owner owner, LockRequest request) {
    Party party =
        parties.compute(
            owner,
            (key, known) -> {
              Party now =
                  known == null
                      ? new Party(
                          lastParty.incrementAndGet(), request.pid(), ConcurrentHashMap.newKeySet())
                      : known;
              now.handles.add(request.handle());
              return now;
            });
    askedBy.computeIfAbsent(request.handle(), key -> ConcurrentHashMap.newKeySet()).add(owner);
    return party;
  }

  private static CairnNodes.Lock lock(long inode, long party, LockRequest request) {
    CairnLock.Mode mode =
        request.kind() == LockRequest.Kind.SHARED
            ? CairnLock.Mode.SHARED
            : CairnLock.Mode.EXCLUSIVE;
    if (request.whole()) {
      return new CairnNodes.Lock(inode, party, CairnLock.Scope.WHOLE_FILE, mode, 0, 0);
    }
    long length = request.last() == Long.MAX_VALUE ? 0 : request.last() - request.start() + 1;
    return new CairnNodes.Lock(
        inode, party, CairnLock.Scope.BYTE_RANGE, mode, request.start(), length);
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
    Party party = parties.get(new Owner(inode, ownerOf(request)));
    long number = party == null ? NOBODY : party.number;
    Optional<LockHolder> found = nodes.conflicting(lock(inode, number, request));
    if (found.isEmpty()) {
      return answer(request, 0, Long.MAX_VALUE, LockRequest.Kind.UNLOCK, 0);
    }
    LockHolder holder = found.get();
    long last = holder.length() == 0 ? Long.MAX_VALUE : holder.start() + holder.length() - 1;
    LockRequest.Kind kind =
        holder.mode() == CairnLock.Mode.SHARED
            ? LockRequest.Kind.SHARED
            : LockRequest.Kind.EXCLUSIVE;
    return answer(request, holder.start(), last, kind, pidOf(inode, holder));
  }

  /** The process of this machine that has a lock; 0 if it is another's. */
  private int pidOf(long inode, LockHolder holder) throws CairnException {
    if (!nodes.isOurs(holder)) {
      return 0;
    }
    return parties.entrySet().stream()
        .filter(entry -> entry.getKey().inode == inode && entry.getValue().number == holder.owner())
        .mapToInt(entry -> entry.getValue().pid)
        .findFirst()
        .orElse(0);
  }

  private static LockRequest answer(
      LockRequest request, long start, long last, LockRequest.Kind kind, int pid) {
    return new LockRequest(
        request.node(), request.handle(), request.owner(), start, last, kind, request.whole(), pid);
  }

  /** A process has closed the file: all its locks of it end, by whichever handle it took them. */
  void closed(long inode, long owner) throws IOException {
    Party party = parties.remove(new Owner(inode, owner));
    if (party != null) {
      leave(inode);
      nodes.releaseLocks(inode, party.number);
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
        Optional<Party> ended = partyOfLast(owner, handle);
        if (ended.isPresent()) {
          leave(owner.inode);
          nodes.releaseLocks(owner.inode, ended.get().number);
        }
        forgetUnlessOpen(owner.inode);
      }
    } finally {
      endings.end(handle);
    }
  }

  /** An owner that was known, and has asked by no other handle; he is known no more. */
  private Optional<Party> partyOfLast(Owner owner, long handle) {
    AtomicReference<Party> ended = new AtomicReference<>();
    Party unused =
        parties.computeIfPresent(
            owner,
            (key, party) -> {
              if (party.handles.remove(handle) && party.handles.isEmpty()) {
                ended.set(party);
                return null;
              }
              return party;
            });
    return Optional.ofNullable(ended.get());
  }

  private void forgetUnlessOpen(long inode) {
    if (!handles.isOpen(inode)) {
      Long unused = left.remove(inode);
    }
  }
}
