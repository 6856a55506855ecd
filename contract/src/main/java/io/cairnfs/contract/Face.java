package io.cairnfs.contract;

import java.io.Closeable;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;

/**
 * A file system as one user sees it, in POSIX' words. Paths are absolute within the face, names
 * UTF-8. Refusals are {@link PosixException}s with Linux' errno. For one thread at a time.
 */
public interface Face extends Closeable {
  /** What not every face can say. */
  enum Feature {
    /** Exchange of two names, and a rename that replaces nothing. */
    RENAME_MODES,
    XATTRS,
    /** Attributes of other namespaces than {@code user}; CREATE and REPLACE. */
    XATTR_MODES,
    ACLS,
    /** Punch, allocate, and the search for data and holes. */
    HOLES,
    /** Locks of whole files and of ranges. */
    LOCKS,
    /** Locks are given up before the close that ends them returns; otherwise soon after. */
    LOCKS_END_AT_CLOSE,
    /** A circle of owners who wait for each other is refused. */
    DEADLOCKS,
    /** Names that are no UTF-8. */
    BYTE_NAMES,
    /** Linux' change of a file's state: the third time. */
    CHANGE_TIMES,
    /** A handle tells of the file that it has open, whatever its names are. */
    HANDLE_STAT,
    /** Fifos, sockets and devices are made. */
    SPECIAL_NODES,
    /** What an open file is changed by, whether it has a name or not. */
    HANDLE_CHANGES,
    /** {@code APPEND} finds the end that other clients' appends have made. */
    ATOMIC_APPENDS
  }

  /** What fallocate(2) does with the length. */
  enum Growth {
    GROW,
    KEEP_LENGTH
  }

  /** Two kinds of locks, which do not know of each other. */
  enum LockScope {
    /** flock(2). */
    WHOLE_FILE,
    /** fcntl(2), of an open file description. */
    RANGES
  }

  enum LockMode {
    SHARED,
    EXCLUSIVE
  }

  enum Patience {
    /** EAGAIN where another has it. */
    TRY,
    WAIT
  }

  /** Whoever locks one file. Closing it gives everything up. For one thread at a time. */
  interface LockOwner extends Closeable {
    /**
     * Takes or converts a lock; of a whole file {@code start} and {@code length} are not looked at.
     *
     * @param length 0 = to the end of the file, however long it becomes
     */
    void lock(LockMode mode, Patience patience, long start, long length) throws PosixException;

    void unlock(long start, long length) throws PosixException;

    @Override
    void close() throws PosixException;
  }

  /** What open(2) calls its flags. */
  enum OpenFlag {
    READ,
    WRITE,
    APPEND,
    CREATE,
    EXCLUSIVE,
    TRUNCATE,
    NO_FOLLOW
  }

  /** What a rename does with an existing target. */
  enum RenameMode {
    REPLACE,
    NO_REPLACE,
    EXCHANGE
  }

  /** What setxattr(2) does with an attribute that exists already, or does not. */
  enum XattrMode {
    SET,
    CREATE,
    REPLACE
  }

  /** What stat(2) tells; times in nanoseconds since the epoch. */
  record Stat(
      char type,
      int mode,
      String owner,
      String group,
      long size,
      int links,
      long inode,
      long modified,
      long accessed,
      long changed) {}

  /** An open file. */
  interface Handle extends Closeable {
    /** Fewer bytes than asked only at the end of the file. */
    byte[] read(long position, int length) throws PosixException;

    void write(long position, byte[] bytes) throws PosixException;

    /** Writes at the end, in one step if the file was opened with {@code APPEND}. */
    void append(byte[] bytes) throws PosixException;

    void truncate(long length) throws PosixException;

    void sync() throws PosixException;

    Stat stat() throws PosixException;

    /** fchmod(2). */
    void chmod(int mode) throws PosixException;

    /** fchown(2), of the group only. */
    void changeGroup(String group) throws PosixException;

    /** futimens(2). */
    void setTimes(long accessed, long modified) throws PosixException;

    /** Another handle of the same file, whatever its names are. */
    Handle reopen(Set<OpenFlag> flags) throws PosixException;

    /**
     * copy_file_range(2), until everything is copied that the source has.
     *
     * @param target another handle of this face, or the same
     * @return how many bytes
     */
    long copyRange(long offset, Handle target, long targetOffset, long length)
        throws PosixException;

    void punch(long offset, long length) throws PosixException;

    /** fallocate(2). */
    void allocate(long offset, long length, Growth growth) throws PosixException;

    /** SEEK_DATA; ENXIO where there is none. */
    long seekData(long offset) throws PosixException;

    /** SEEK_HOLE; ENXIO beyond the end. */
    long seekHole(long offset) throws PosixException;

    /** What was written becomes visible to others. */
    void flush() throws PosixException;

    @Override
    void close() throws PosixException;
  }

  Set<Feature> features();

  /** An owner of locks of what a path leads to, none of them taken yet. */
  LockOwner lockOwner(String path, LockScope scope) throws PosixException;

  Handle open(String path, Set<OpenFlag> flags, int mode) throws PosixException;

  /** Makes a file that must not exist yet, with its content. */
  void create(String path, int mode, byte[] content) throws PosixException;

  /** The whole content of a small file. */
  byte[] content(String path) throws PosixException;

  Stat stat(String path) throws PosixException;

  Stat lstat(String path) throws PosixException;

  /** A sum of 4, 2 and 1; 0 asks for existence. */
  void access(String path, int rights) throws PosixException;

  void mkdir(String path, int mode) throws PosixException;

  /**
   * mknod(2).
   *
   * @param type as {@link Stat#type}: p, s, c or b
   * @param device of a device, Linux' number; 0 otherwise
   */
  void makeNode(String path, char type, int mode, int device) throws PosixException;

  /** What a device stands for, as {@link #makeNode} takes it; 0 of anything else. */
  int device(String path) throws PosixException;

  void rmdir(String path) throws PosixException;

  void unlink(String path) throws PosixException;

  void rename(String from, String to, RenameMode mode) throws PosixException;

  void link(String existing, String link) throws PosixException;

  void symlink(String target, String link) throws PosixException;

  String readlink(String link) throws PosixException;

  void chmod(String path, int mode) throws PosixException;

  /** Null leaves owner or group as they are. */
  void chown(String path, String owner, String group, boolean follow) throws PosixException;

  void setTimes(String path, long accessed, long modified) throws PosixException;

  void truncate(String path, long length) throws PosixException;

  /** HDFS' call: the bytes of a file are at the end of another one, and its name is gone. */
  void concat(String target, String source) throws PosixException;

  /** Names in byte order. */
  List<String> list(String directory) throws PosixException;

  /** Makes an empty file, of a name that need not be text. */
  void createNamed(String directory, byte[] name) throws PosixException;

  /** As {@link #list}, in any order, as bytes. */
  List<byte[]> listNames(String directory) throws PosixException;

  void setXattr(String path, String name, byte[] value, XattrMode mode) throws PosixException;

  void removeXattr(String path, String name) throws PosixException;

  byte[] xattr(String path, String name) throws PosixException;

  /** Attributes of namespace {@code user}. */
  SortedMap<String, byte[]> xattrs(String path) throws PosixException;

  /**
   * Replaces an ACL: entries as {@code user:ann:rw-}, {@code mask::r--}. With no entries a default
   * ACL goes.
   */
  void setAcl(String path, boolean ofDirectory, List<String> entries) throws PosixException;

  /** Both ACLs, default entries with {@code default:} before them. */
  List<String> acl(String path) throws PosixException;

  @Override
  void close();
}
