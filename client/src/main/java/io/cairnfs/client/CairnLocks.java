package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;

/**
 * One party that takes locks: to all others, in this process and elsewhere, it is somebody else. A
 * party never is in its own way, and waits for one lock at a time: give each thread that competes
 * its own ({@link CairnFileSystem#locks}), which costs nothing. Safe for any thread.
 *
 * <p>Locks are advisory: they keep other locks away, not other access, except where that is fenced
 * ({@link CairnFileSystem#fenced}). They are of the file, not of its name: whoever deletes and
 * creates it again has another one. A file or directory must exist to be locked.
 */
public interface CairnLocks extends AutoCloseable {
  /** A lock of a whole file or directory: POSIX knows it as flock(). Not taken yet. */
  CairnLock of(CairnPath path, CairnLock.Mode mode);

  /**
   * A lock of some bytes of a file, which need not exist: fcntl() of POSIX. It does not know of
   * locks of whole files. Not taken yet.
   *
   * @param start 0 or more
   * @param length 0 = to the end of the file, however long it becomes
   */
  CairnLock ofRange(CairnPath path, CairnLock.Mode mode, long start, long length);

  /**
   * As {@link #of(CairnPath, CairnLock.Mode)}, of an open file, whatever its name is now, and
   * whether it still has one.
   *
   * @throws CairnException {@code CROSS_DEVICE} for a file of another file system
   */
  CairnLock of(CairnFile file, CairnLock.Mode mode) throws CairnException;

  /**
   * As {@link #ofRange(CairnPath, CairnLock.Mode, long, long)}, of an open file; shared for one
   * that is open for reading, exclusive for one that is open for writing ({@code STALE_HANDLE}
   * otherwise, when the lock is taken).
   *
   * @throws CairnException {@code CROSS_DEVICE} for a file of another file system
   */
  CairnLock ofRange(CairnFile file, CairnLock.Mode mode, long start, long length)
      throws CairnException;

  /** Gives up everything that this party has locked. */
  @Override
  void close() throws CairnException;
}
