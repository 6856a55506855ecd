package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;

/**
 * A connection to one cluster, and everything that can be done with its files. Safe for any number
 * of threads; one per process is enough.
 *
 * <p>Every mutation is atomic and takes effect exactly once, whatever is retried underneath; once a
 * method has returned, every client sees its effect. Calls block until the cluster has answered,
 * for {@link ClientOptions#timeout()} at most: then {@code TIMED_OUT} or {@code UNAVAILABLE}, and
 * it is not known whether the operation took effect. An interrupted thread gets {@code CANCELLED},
 * with its interrupt flag set, and knows as little.
 *
 * <p>All paths must be absolute: a relative one is {@code INVALID_ARGUMENT}. Where nothing else is
 * said, a missing path is {@code NOT_FOUND}, a component that is a file {@code NOT_A_DIRECTORY},
 * and a lacking right {@code PERMISSION_DENIED}. The refusals are {@link CairnException}s.
 *
 * <p>If the cluster has ended the client's session (it was silent for too long), every call that
 * was on its way and every open output stream fails with {@code SESSION_EXPIRED}; later calls open
 * a new session by themselves.
 */
public interface CairnFileSystem extends Closeable {
  /**
   * Connects lazily: the first call finds out whether anybody is there.
   *
   * @return a file system to be closed by the caller
   */
  static CairnFileSystem connect(ClientOptions options) {
    return ConnectedFileSystem.connect(options);
  }

  /**
   * Creates a file and opens it for writing. With {@link CreateOptions.Visibility#AT_CREATION} the
   * empty file is visible when this returns, and this client holds its exclusive write lease until
   * close, or until somebody else writes the file by {@link #openFile}: then the stream goes on at
   * its own offsets as one writer of several.
   *
   * @throws CairnException {@code EXISTS}; {@code IS_A_DIRECTORY} when a directory should be
   *     replaced; {@code BEING_WRITTEN} when another writer holds the file that should be replaced.
   *     With deferred visibility they come from close
   */
  CairnOutputStream create(CairnPath path, CreateOptions options) throws CairnException;

  /**
   * Opens an existing file for writing at its end, under its exclusive write lease.
   *
   * @throws CairnException {@code BEING_WRITTEN}; {@code IS_A_DIRECTORY}
   */
  CairnOutputStream append(CairnPath path) throws CairnException;

  /**
   * Creates a file with its whole content in one command: nobody ever sees less. The buffer's
   * remaining bytes are the content; its position is moved to its limit.
   *
   * @return the new file's status
   */
  FileStatus createWithContent(CairnPath path, ByteBuffer content, CreateOptions options)
      throws CairnException;

  /** As {@link #createWithContent}; the content must not be changed before the future completes. */
  CompletableFuture<FileStatus> createWithContentAsync(
      CairnPath path, ByteBuffer content, CreateOptions options);

  /**
   * Opens a file for reading; symlinks are followed.
   *
   * @throws CairnException {@code IS_A_DIRECTORY}
   */
  CairnInputStream open(CairnPath path) throws CairnException;

  /**
   * Opens a file for reading and writing at any position, and makes or truncates it where the
   * options say so: POSIX open(). Takes no lease: any number of clients may write.
   *
   * @throws CairnException {@code NOT_FOUND}, {@code EXISTS} and {@code SYMLINK_LOOP} as the
   *     options say; {@code IS_A_DIRECTORY}
   */
  CairnFile openFile(CairnPath path, OpenOptions options) throws CairnException;

  /**
   * Makes a file so long: POSIX truncate(). What is cut off is gone, what is added is a hole.
   * Symlinks are followed.
   *
   * @throws CairnException {@code IS_A_DIRECTORY}; {@code INVALID_ARGUMENT} for a negative length
   */
  FileStatus truncate(CairnPath path, long length) throws CairnException;

  /**
   * Moves the content of {@code sources}, in their order, to the end of {@code target} and removes
   * their names, in one atomic step and without moving a byte of data: HDFS' concat, of files of
   * any length in any directories.
   *
   * @throws CairnException {@code INVALID_ARGUMENT} for no source, for the target or one file twice
   *     among them; {@code IS_A_DIRECTORY}; {@code BEING_WRITTEN} if a stream writes a source
   */
  FileStatus concat(CairnPath target, List<CairnPath> sources) throws CairnException;

  /**
   * Makes {@code target} a copy of {@code source} that shares its data until one of them is
   * changed: a reflink. Takes the time of a few metadata calls, whatever the length. The copy has
   * the source's content of a moment after the call began; what this client has written it has, of
   * other writers' bytes those that were flushed. With {@link CreateOptions.Visibility#DEFERRED} or
   * {@link CreateOptions.Existing#REPLACE} an existing target is replaced only when the copy is
   * complete.
   *
   * @throws CairnException {@code EXISTS} as the options say; {@code IS_A_DIRECTORY}; {@code
   *     INVALID_ARGUMENT} if both are the same file
   */
  FileStatus clone(CairnPath source, CairnPath target, CreateOptions options) throws CairnException;

  /**
   * Copies bytes from one open file to another, or to elsewhere in the same one, by sharing them
   * where that is possible: Linux' copy_file_range(). What the source has beyond its end is not
   * copied.
   *
   * @param from opened for reading
   * @param to opened for writing, and not to append
   * @return bytes copied, less than {@code length} only at the end of the source
   * @throws CairnException {@code INVALID_ARGUMENT} for ranges of one file that overlap
   */
  long copyRange(CairnFile from, long fromPosition, CairnFile to, long toPosition, long length)
      throws CairnException;

  /**
   * The whole content; one call to the cluster where it is tiny.
   *
   * @throws CairnException {@code TOO_LARGE} when the file has more than {@code maxBytes}
   */
  byte[] readFully(CairnPath path, int maxBytes) throws CairnException;

  /** As {@link #readFully}. */
  CompletableFuture<byte[]> readFullyAsync(CairnPath path, int maxBytes);

  /** Attributes of what the path names; the last component is not followed if it is a symlink. */
  FileStatus stat(CairnPath path) throws CairnException;

  /** What becomes of a symlink that the last component of a path is. */
  enum Symlinks {
    /** The call is about what the link leads to: {@code SYMLINK_LOOP} after 40 links. */
    FOLLOW,
    /** The call is about the link itself. */
    NO_FOLLOW
  }

  /** As {@link #stat(CairnPath)}, for what a symlink leads to if asked: POSIX fstatat(). */
  FileStatus stat(CairnPath path, Symlinks symlinks) throws CairnException;

  /**
   * As {@link #stat(CairnPath)}; bytes that this client has written to a {@link CairnFile} and not
   * flushed are not waited for.
   */
  CompletableFuture<FileStatus> statAsync(CairnPath path);

  /**
   * Whether this client's user may do something with what a path leads to, as the metaserver knows:
   * POSIX access(), with ACLs and groups. Symlinks are followed.
   *
   * @param rights a sum of 4 (read), 2 (write) and 1 (execute, search); 0 asks for existence
   * @return the attributes, if so
   * @throws CairnException {@code PERMISSION_DENIED} unless all the rights are there; a file that
   *     nobody may execute the superuser may not, either
   */
  FileStatus access(CairnPath path, int rights) throws CairnException;

  /** {@link #stat(CairnPath)}, with absence (also of a parent) as a value. */
  Optional<FileStatus> find(CairnPath path) throws CairnException;

  default boolean exists(CairnPath path) throws CairnException {
    return find(path).isPresent();
  }

  /**
   * Entries of a directory in byte order of their names, with attributes, fetched page by page. A
   * file gives itself alone. The first page is fetched at once, so that a missing path is refused
   * here.
   */
  RemoteIterator<FileStatus> list(CairnPath path) throws CairnException;

  /** All of {@link #list}. Mind the memory: a directory may have millions of entries. */
  List<FileStatus> listAll(CairnPath path) throws CairnException;

  /**
   * Makes one directory.
   *
   * @throws CairnException {@code EXISTS}; {@code NOT_FOUND} when the parent is missing
   */
  FileStatus mkdir(CairnPath path, int mode) throws CairnException;

  /**
   * Makes a directory and its missing parents; an existing directory is success.
   *
   * @throws CairnException {@code EXISTS} when the path is not a directory
   */
  FileStatus mkdirs(CairnPath path, int mode) throws CairnException;

  /** What {@link #rename} does with an existing target. */
  enum RenameMode {
    /** POSIX: a file or an empty directory is replaced, in the same instant. */
    REPLACE,
    /** {@code EXISTS}. */
    NO_REPLACE,
    /**
     * Source and target change places in the same instant, whatever they are; {@code NOT_FOUND}
     * unless both exist. As Linux' RENAME_EXCHANGE.
     */
    EXCHANGE
  }

  /**
   * Renames a file or directory, atomically, whatever its size. The target is the new path itself:
   * it is never taken as a directory to move into. Symlinks at the end of either path are renamed
   * and replaced themselves. If both paths are names of the same file, nothing happens, as in POSIX
   * rename().
   *
   * @throws CairnException {@code EXISTS}, {@code NOT_EMPTY}, {@code IS_A_DIRECTORY}, {@code
   *     NOT_A_DIRECTORY} as in POSIX; {@code INVALID_ARGUMENT} when the target lies below the
   *     source
   */
  FileStatus rename(CairnPath source, CairnPath target, RenameMode mode) throws CairnException;

  /**
   * Makes a symbolic link: POSIX symlink(). Rights, existence and form of what it leads to are
   * looked at only when it is followed, which metaservers do in every path.
   *
   * @param target 1 to 4,095 bytes without NUL, kept as they are; relative ones lead on from the
   *     directory that holds the link
   * @throws CairnException {@code EXISTS}; {@code NOT_FOUND} for an empty target; {@code
   *     NAME_TOO_LONG}
   */
  FileStatus symlink(byte[] target, CairnPath link) throws CairnException;

  /**
   * The target of a symlink, as it was given: POSIX readlink().
   *
   * @throws CairnException {@code INVALID_ARGUMENT} unless it is a symlink
   */
  byte[] readLink(CairnPath link) throws CairnException;

  /**
   * Gives a file or symlink one more name: POSIX linkat() without AT_SYMLINK_FOLLOW. All its names
   * are equal; its content stays until the last one is removed.
   *
   * @throws CairnException {@code EXISTS}; {@code NOT_PERMITTED} for a directory; {@code
   *     TOO_MANY_LINKS} beyond 65,000 names
   */
  FileStatus link(CairnPath existing, CairnPath link) throws CairnException;

  /** The trash of this client's user, whose home directory is {@code /user/NAME}. */
  CairnTrash trash();

  /** How far {@link #delete} goes. */
  enum DeleteMode {
    /** A file, a symlink or an empty directory. */
    SINGLE,
    /**
     * A directory with all below it too: in one atomic step for the superuser, and for everybody
     * where there are at most 4,096 entries below; otherwise from the leaves, in parts.
     */
    RECURSIVE
  }

  /**
   * Deletes what the path names.
   *
   * @return false when there is nothing of that name
   * @throws CairnException {@code NOT_EMPTY}; {@code INVALID_ARGUMENT} for the root
   */
  boolean delete(CairnPath path, DeleteMode mode) throws CairnException;

  /**
   * Removes the name of a file or symlink.
   *
   * @throws CairnException {@code IS_A_DIRECTORY}
   */
  void unlink(CairnPath path) throws CairnException;

  /**
   * Removes an empty directory.
   *
   * @throws CairnException {@code NOT_A_DIRECTORY}, {@code NOT_EMPTY}
   */
  void rmdir(CairnPath path) throws CairnException;

  /** Changes mode, owner, group, times or replication; a symlink at the end is followed. */
  default FileStatus setAttributes(CairnPath path, AttributeChange change) throws CairnException {
    return setAttributes(path, change, Symlinks.FOLLOW);
  }

  /**
   * Changes mode, owner, group, times or replication.
   *
   * @throws CairnException {@code UNSUPPORTED} for the mode of a symlink itself; {@code
   *     NOT_PERMITTED}
   */
  FileStatus setAttributes(CairnPath path, AttributeChange change, Symlinks symlinks)
      throws CairnException;

  /** What {@link #setXattr} does with an attribute that exists already, or does not. */
  enum XattrMode {
    /** Either is fine. */
    SET,
    /** {@code EXISTS} if it exists. */
    CREATE,
    /** {@code ATTRIBUTE_NOT_FOUND} unless it exists. */
    REPLACE
  }

  /**
   * Gives a file or directory an extended attribute, atomically. POSIX has none: the rules are
   * those of Linux' xattr(7). Names of namespace {@code user} are for whoever may read and write
   * the file, {@code trusted} for the superuser alone, {@code security} for all to read and the
   * superuser to write; other namespaces are {@code UNSUPPORTED}. Symlinks themselves have no
   * attributes of namespace {@code user}.
   *
   * @param name with its namespace, such as {@code user.mime-type}; at most 255 bytes in UTF-8
   * @param value at most 64 KiB; all names and values of a file together at most 256 KiB and 128
   *     attributes
   * @throws CairnException {@code EXISTS}, {@code ATTRIBUTE_NOT_FOUND} as the mode says; {@code
   *     VALUE_TOO_LARGE}, {@code NO_SPACE} beyond the sum; {@code NOT_PERMITTED}
   */
  void setXattr(CairnPath path, String name, byte[] value, XattrMode mode, Symlinks symlinks)
      throws CairnException;

  /** The same, of what a symlink leads to. */
  default void setXattr(CairnPath path, String name, byte[] value, XattrMode mode)
      throws CairnException {
    setXattr(path, name, value, mode, Symlinks.FOLLOW);
  }

  /**
   * Takes an extended attribute away.
   *
   * @throws CairnException {@code ATTRIBUTE_NOT_FOUND}; {@code NOT_PERMITTED}
   */
  void removeXattr(CairnPath path, String name, Symlinks symlinks) throws CairnException;

  /** The same, of what a symlink leads to. */
  default void removeXattr(CairnPath path, String name) throws CairnException {
    removeXattr(path, name, Symlinks.FOLLOW);
  }

  /**
   * The value of an extended attribute.
   *
   * @throws CairnException {@code ATTRIBUTE_NOT_FOUND}, also for one that the caller must not see
   */
  byte[] xattr(CairnPath path, String name, Symlinks symlinks) throws CairnException;

  /** The same, of what a symlink leads to. */
  default byte[] xattr(CairnPath path, String name) throws CairnException {
    return xattr(path, name, Symlinks.FOLLOW);
  }

  /** All extended attributes that the caller may see, of one instant. */
  SortedMap<String, byte[]> xattrs(CairnPath path, Symlinks symlinks) throws CairnException;

  /** The same, of what a symlink leads to. */
  default SortedMap<String, byte[]> xattrs(CairnPath path) throws CairnException {
    return xattrs(path, Symlinks.FOLLOW);
  }

  /** Names of the extended attributes that the caller may see; the file need not be readable. */
  List<String> xattrNames(CairnPath path, Symlinks symlinks) throws CairnException;

  /** The same, of what a symlink leads to. */
  default List<String> xattrNames(CairnPath path) throws CairnException {
    return xattrNames(path, Symlinks.FOLLOW);
  }

  /**
   * Changes the access control lists of a file or directory, as POSIX 1003.1e (draft 17) and HDFS
   * have them; symlinks are followed. The mode follows: its bits of the group are the mask. A
   * default ACL takes what it lacks of owner, group and others from the access ACL; what is made in
   * its directory begins with it, and the umask is not looked at.
   *
   * @throws CairnException {@code NOT_PERMITTED} but for the owner and the superuser; {@code
   *     INVALID_ARGUMENT} for a list of more than 32 entries, one without owner, group or others,
   *     two entries for the same, or a default ACL of a file
   */
  FileStatus setAcl(CairnPath path, AclChange change) throws CairnException;

  /**
   * All entries of the access ACL, and of the default ACL if there is one: owner, users, group,
   * groups, mask, others. Without an ACL they are what the mode says.
   */
  List<AclEntry> acl(CairnPath path) throws CairnException;

  /** How files are coded, and on which volumes they lie. */
  CairnPolicies policies();

  /** Totals by a paged walk: not of one instant if the tree is changed meanwhile. */
  ContentSummary contentSummary(CairnPath path) throws CairnException;

  /** Capacity and content of the whole file system. */
  FileSystemStatus status() throws CairnException;

  /** Whether {@link #walk} tells where the content is. */
  enum WalkDetail {
    ATTRIBUTES,
    EXTENTS
  }

  /**
   * The path and all below it, depth first in name order. Symlinks are not followed.
   *
   * @throws CairnException {@code NOT_FOUND}
   */
  RemoteIterator<WalkedFile> walk(CairnPath path, WalkDetail detail) throws CairnException;

  /** CRC-32C of a file's content. Reads the file. */
  FileChecksum checksum(CairnPath path) throws CairnException;

  /**
   * Where the bytes of {@code [offset, offset + length)} are, in file order; holes and inline
   * content have no entry.
   */
  List<FileExtent> extents(CairnPath path, long offset, long length) throws CairnException;

  /**
   * Takes a file from its writer, who gets {@code LEASE_LOST} at his next flush: what he had
   * flushed stays, and the file's length is settled from its replicas. As HDFS' recoverLease.
   *
   * @return whether the file is closed, as it is within a second unless data servers are down; if
   *     not, ask again
   * @throws CairnException {@code PERMISSION_DENIED} without the right to write; {@code
   *     IS_A_DIRECTORY}
   */
  boolean recoverLease(CairnPath path) throws CairnException;

  /** A party of its own that takes locks of files, to be closed by the caller. */
  CairnLocks locks();

  /**
   * Who has locks of a file or directory, and who waits for some: first those who have one, each in
   * the order in which they came.
   */
  List<LockHolder> lockHolders(CairnPath path) throws CairnException;

  /**
   * The same file system for whoever acts under a lock: each change that is made through it takes
   * effect only while that lock is held, and is {@code FENCED_OUT} afterwards, also if it was sent
   * before. Others than the holder may use it, too. Closing it ends its streams and nothing else.
   */
  CairnFileSystem fenced(FencingToken token);

  /** The same files by inode, as a mount needs them. Closed with this. */
  CairnNodes nodes();

  /**
   * As {@link #nodes()}, faster where much is made: directories that this client makes things in
   * are leased to it, and what it does there to names, and to what it made there, is answered at
   * once and told to the cluster in batches a little later. Everybody else who looks there waits
   * until all of it is told; so nobody sees a difference, but after a crash of this client: of what
   * was neither synced nor seen by others the last part may be lost, never something without what
   * was done before it. {@link CairnNodes#sync} and the sync of a file make all of it safe. What
   * fails in the end, as on a full disk, is told by the next calls about the same files and
   * directories.
   */
  CairnNodes leasingNodes();

  /** The operators' view of the same cluster. Closed with this. */
  ClusterAdministration administration();

  /** The same file system with a future for each call. Closed with this. */
  AsyncFileSystem async();

  /** What this client did so far. */
  ClientStatistics statistics();

  /**
   * Ends the session and all threads. Streams that are still open are aborted. Idempotent; never
   * waits longer than a few seconds for a cluster that does not answer.
   */
  @Override
  void close();
}
