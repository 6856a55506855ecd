package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The same files by inode, and by directory and name, as a kernel asks for them: no path is walked,
 * no symlink followed. Made by {@link CairnFileSystem#nodes()}. Safe for any number of threads.
 *
 * <p>An inode that has no name any more is {@code NOT_FOUND} here, unless this client has it open:
 * then everything but a new name can be done with it, until its last {@link CairnFile} is closed.
 * The path of a status is the name alone, and empty where no name was given. Everything else is as
 * in {@link CairnFileSystem}: each change is atomic, takes effect once, and what this client has
 * written and not flushed is part of what a status says.
 */
public interface CairnNodes {
  /** The inode of the file system's root directory. */
  long ROOT = 1;

  /**
   * The same for somebody else, whose rights count, and who becomes the owner of what is made.
   * Files that are opened this way are this client's, and so are locks. Only the superuser's client
   * may do so: others get {@code NOT_PERMITTED} from every call.
   *
   * @param groups the primary one first; none = those that the cluster knows
   */
  CairnNodes onBehalf(String user, List<String> groups);

  /**
   * When it returns, everything that was answered here is logged. That it is anyway, but where
   * changes are deferred: {@link CairnFileSystem#leasingNodes()}.
   *
   * @throws CairnException why something that was deferred and is about the inode, as a name in it
   *     if it is a directory, will never be done; told once
   */
  void sync(long inode) throws CairnException;

  /** What stands under the name. */
  FileStatus lookup(long directory, byte[] name) throws CairnException;

  FileStatus stat(long inode) throws CairnException;

  /** As {@link CairnFileSystem#access}. */
  FileStatus access(long inode, int rights) throws CairnException;

  /** Some of the entries of a directory. */
  record Page(List<FileStatus> entries, boolean more) {
    public Page {
      entries = List.copyOf(entries);
    }
  }

  /**
   * The next entries in byte order of their names.
   *
   * @param after the name before; empty = from the first
   * @param limit 1 to 4,096
   */
  Page list(long directory, byte[] after, int limit) throws CairnException;

  FileStatus setAttributes(long inode, AttributeChange change) throws CairnException;

  /**
   * Has attributes changed together with what this client has written to the file: when that is
   * flushed, synced or closed, after a second at the latest, and before more is written or
   * something else is asked of the inode here. All that is to be changed then is changed at once.
   * Nobody is asked now; a refusal is told as the error of a delayed write.
   *
   * @return the file's length as it is known here; empty, and nothing will be changed, if this
   *     client does not have it open for writing
   */
  OptionalLong setAttributesLater(long inode, AttributeChange change) throws CairnException;

  /** As {@link CairnFileSystem#truncate}. */
  FileStatus truncate(long inode, long length) throws CairnException;

  /**
   * @param umask bits that the directory does not get, unless it inherits an ACL
   */
  FileStatus mkdir(long directory, byte[] name, int mode, int umask) throws CairnException;

  /**
   * Makes a fifo, a socket or a device: POSIX mknod(). What opening it means is its users' and
   * their kernels' business; here it has no content.
   *
   * @param umask bits that the node does not get, unless it inherits an ACL
   * @param device as {@link FileStatus#device}; 0 of fifos and sockets
   * @throws CairnException {@code NOT_PERMITTED} for a device that somebody else than the superuser
   *     makes; {@code INVALID_ARGUMENT} for another type
   */
  FileStatus makeNode(long directory, byte[] name, FileType type, int mode, int umask, int device)
      throws CairnException;

  FileStatus symlink(byte[] target, long directory, byte[] name) throws CairnException;

  byte[] readLink(long inode) throws CairnException;

  FileStatus link(long inode, long directory, byte[] name) throws CairnException;

  void unlink(long directory, byte[] name) throws CairnException;

  void rmdir(long directory, byte[] name) throws CairnException;

  FileStatus rename(
      long directory,
      byte[] name,
      long newDirectory,
      byte[] newName,
      CairnFileSystem.RenameMode mode)
      throws CairnException;

  void setXattr(long inode, String name, byte[] value, CairnFileSystem.XattrMode mode)
      throws CairnException;

  void removeXattr(long inode, String name) throws CairnException;

  byte[] xattr(long inode, String name) throws CairnException;

  List<String> xattrNames(long inode) throws CairnException;

  /** As {@link CairnFileSystem#acl}. */
  List<AclEntry> acl(long inode) throws CairnException;

  /** As {@link CairnFileSystem#setAcl}. */
  FileStatus setAcl(long inode, AclChange change) throws CairnException;

  /** A file that was opened, and what it was like then. */
  record Opened(FileStatus status, CairnFile file) {}

  /** Opens an existing file; whether the options ask to create it does not matter. */
  Opened open(long inode, OpenOptions options) throws CairnException;

  /**
   * Makes a file that must not exist yet, and opens it as the options say, whatever its mode.
   *
   * @param umask bits that the file does not get, unless it inherits an ACL
   * @throws CairnException {@code EXISTS}, also for a symlink of that name
   */
  Opened create(long directory, byte[] name, OpenOptions options, int umask) throws CairnException;

  /**
   * A lock as the kernel sees it.
   *
   * @param owner any number
   * @param start 0 where it is of the whole file
   * @param length 0 = to the end, however long the file becomes
   */
  record Lock(
      long inode, long owner, CairnLock.Scope scope, CairnLock.Mode mode, long start, long length) {
    public Lock {
      Objects.requireNonNull(scope, "scope");
      Objects.requireNonNull(mode, "mode");
      if (start < 0 || length < 0) {
        throw new IllegalArgumentException(length + " bytes from " + start);
      }
    }
  }

  /**
   * Takes a lock, or changes what the owner has of the range. It is not watched over: it ends with
   * {@link #unlock}, {@link #releaseLocks} and this client's session.
   *
   * @param wait for as long as it takes; an interrupt ends that with {@code CANCELLED}, and the
   *     owner has what he had before, or makes no difference where the lock was just being given
   * @return false if others have it, or wait already
   * @throws CairnException {@code DEADLOCK}, {@code NO_LOCKS}
   */
  boolean lock(Lock lock, boolean wait) throws CairnException;

  /**
   * As {@link #lock} with waiting, but never {@code DEADLOCK}: for owners that do not stand for a
   * process each, so that one may give up a lock while another of the same process waits.
   */
  void lockUnsearched(Lock lock) throws CairnException;

  /** Gives up what the owner has of the range; the mode does not matter. */
  void unlock(Lock lock) throws CairnException;

  /** The first lock of the file, of another owner, that is in the way of this one. */
  Optional<LockHolder> conflicting(Lock lock) throws CairnException;

  /** Whether a lock is one of this client's session. */
  boolean isOurs(LockHolder holder) throws CairnException;

  /** Gives up all that an owner has of a file. */
  void releaseLocks(long inode, long owner) throws CairnException;
}
