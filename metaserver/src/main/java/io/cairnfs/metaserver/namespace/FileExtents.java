package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.proto.metadata.ExtentContent;

/**
 * What operations on names need of the chunk side: the bytes behind a file. Called within apply, on
 * the transaction of the running command; everything it changes is taken back with the command.
 */
public interface FileExtents {
  /**
   * Makes ranges of chunks the whole content of a file that has none. The chunks must belong to the
   * session and hold those ranges; their progress is recorded as a commit's. The inode's length and
   * content kind are the caller's.
   *
   * @throws CairnException INVALID_ARGUMENT, PERMISSION_DENIED, CHUNK_NOT_FOUND, CHUNK_FENCED
   */
  void adopt(NamespaceEditor namespace, SessionId session, InodeRecord file, ExtentContent content)
      throws CairnException;

  /** True if the file's bytes lie in more than so many extents. */
  boolean hasMoreThan(NamespaceEditor namespace, InodeId file, int extents);

  /**
   * Removes at most {@code limit} extents of a file with their references; chunks that lose their
   * last reference become garbage when they are sealed.
   *
   * @return how many were removed; fewer than {@code limit} means that none is left
   */
  int release(NamespaceEditor namespace, InodeId file, int limit);

  /**
   * Refuses with RETRY while a chunk of the file is being settled, when its length is not known;
   * asked before a file's content is replaced or a lease on it granted.
   */
  void requireSettled(NamespaceEditor namespace, InodeRecord file) throws CairnException;

  /**
   * Takes the write lease's chunks out of use, before the lease goes to nobody or to another
   * session: what is still open for this file is fenced (or closed where nothing is behind the
   * committed length).
   */
  void endWriting(NamespaceEditor namespace, InodeId file, SessionId session);

  /**
   * As {@link #endWriting}, but what has no open tail stays open: the session goes on writing the
   * file without the lease.
   */
  void endOpenTails(NamespaceEditor namespace, InodeId file, SessionId session);

  /** The new replication of a file's existing chunks: repair or surplus entries. */
  void changeReplication(NamespaceEditor namespace, InodeRecord file, int replication)
      throws CairnException;

  /** The session is over: fences or closes every chunk that it holds open. */
  void endSession(NamespaceEditor namespace, SessionId session);
}
