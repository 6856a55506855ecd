package io.cairnfs.nio;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLock.Mode;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The locks of one channel: ranges of the file, held by the cluster for this process's session.
 * Each is a party of its own there; that channels of one process do not get in each other's way is
 * refused here, as Java has it. What the channel has written is part of the file before a lock is
 * given up, and what others have is seen after one is taken. Any thread.
 */
final class ChannelLocks {
  private final CairnFile file;
  private final boolean writable;
  private final LockedRanges ranges;
  private final Supplier<CairnLocks> parties;
  private final Set<Grant> grants = new HashSet<>();
  private boolean closed;

  /** A lock that the channel has, or waits for. */
  final class Grant {
    private final LockedRanges.Range range;
    private final CairnLocks party;
    private final CairnLock lock;

    private Grant(LockedRanges.Range range, CairnLocks party, CairnLock lock) {
      this.range = range;
      this.party = party;
      this.lock = lock;
    }

    boolean isHeld() {
      return lock.isHeld();
    }

    /** Idempotent. */
    void release() throws IOException {
      synchronized (grants) {
        if (!grants.remove(this)) {
          return;
        }
      }
      giveUp(this);
    }
  }

  ChannelLocks(
      CairnFile file, boolean writable, LockedRanges ranges, Supplier<CairnLocks> parties) {
    this.file = file;
    this.writable = writable;
    this.ranges = ranges;
    this.parties = parties;
  }

  /**
   * @return the lock; empty if another process has part of it
   * @throws OverlappingFileLockException if a channel of this process has, or waits for it
   */
  Optional<Grant> tryTake(long start, long size, boolean shared) throws IOException {
    Grant grant = begin(start, size, shared);
    boolean taken = false;
    try {
      taken = grant.lock.tryLock();
      return taken ? Optional.of(taken(grant)) : Optional.empty();
    } finally {
      if (!taken) {
        forget(grant);
      }
    }
  }

  /**
   * Waits for as long as it takes.
   *
   * @throws OverlappingFileLockException as {@link #tryTake}
   * @throws FileLockInterruptionException if the thread is interrupted
   * @throws AsynchronousCloseException if the channel is closed meanwhile
   */
  Grant take(long start, long size, boolean shared) throws IOException {
    Grant grant = begin(start, size, shared);
    boolean taken = false;
    try {
      grant.lock.lock();
      taken = true;
      return taken(grant);
    } catch (CairnException e) {
      throw whileWaiting(e);
    } finally {
      if (!taken) {
        forget(grant);
      }
    }
  }

  private IOException whileWaiting(CairnException e) {
    if (e.code() == ErrorCode.CANCELLED && Thread.currentThread().isInterrupted()) {
      FileLockInterruptionException interrupted = new FileLockInterruptionException();
      interrupted.initCause(e);
      return interrupted;
    }
    synchronized (grants) {
      return closed ? new AsynchronousCloseException() : e;
    }
  }

  private Grant begin(long start, long size, boolean shared) throws IOException {
    // To the end, however long the file becomes: Java says so by the largest number, or by none.
    long length = size == Long.MAX_VALUE - start ? 0 : size;
    LockedRanges.Range range = ranges.reserve(file.status().inode(), start, length);
    CairnLocks party = parties.get();
    boolean begun = false;
    try {
      Mode mode = shared ? Mode.SHARED : Mode.EXCLUSIVE;
      Grant grant = new Grant(range, party, party.ofRange(file, mode, start, length));
      synchronized (grants) {
        if (closed) {
          throw new AsynchronousCloseException();
        }
        grants.add(grant);
      }
      begun = true;
      return grant;
    } finally {
      if (!begun) {
        ranges.free(range);
      }
    }
  }

  private Grant taken(Grant grant) throws IOException {
    boolean open;
    synchronized (grants) {
      open = grants.contains(grant);
    }
    if (!open) {
      giveUp(grant);
      throw new AsynchronousCloseException();
    }
    // What others have written under the lock before is seen.
    long unused = file.length();
    return grant;
  }

  private void forget(Grant grant) {
    synchronized (grants) {
      grants.remove(grant);
    }
    ranges.free(grant.range);
  }

  private void giveUp(Grant grant) throws IOException {
    try (CairnLocks party = grant.party;
        CairnLock lock = grant.lock) {
      if (writable && lock.isHeld()) {
        file.flush();
      }
    } finally {
      ranges.free(grant.range);
    }
  }

  /** Gives everything up; whoever waits for a lock of this channel is told. */
  void close() throws IOException {
    Set<Grant> all;
    synchronized (grants) {
      closed = true;
      all = Set.copyOf(grants);
      grants.clear();
    }
    IOException failure = null;
    for (Grant grant : all) {
      try {
        giveUp(grant);
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
