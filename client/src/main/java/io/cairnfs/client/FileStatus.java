package io.cairnfs.client;

import java.util.Arrays;
import java.util.Objects;

/**
 * What the file system knows about a file, directory, symlink or special node at one instant.
 *
 * @param path as the caller named it; in listings the directory's path with the entry's name
 * @param inode the identity that rename does not change; never reused
 * @param mode permission bits, 0 to 07777
 * @param length committed bytes; 0 for directories, that of the target for symlinks
 * @param modificationTimeNanos nanoseconds since the epoch, as the other times
 * @param linkCount names that lead to the inode
 * @param replication copies of every byte; 0 for directories
 * @param chunkBytes the largest chunk of this file (HDFS' block size); 0 for directories
 * @param changeIndex log index of the last change: equal values mean an unchanged inode
 * @param symlinkTarget where a symlink leads, in the normal form of paths ({@link
 *     CairnFileSystem#readLink} has the bytes); empty unless {@code type} is SYMLINK
 * @param beingWritten a writer holds the file's exclusive write lease
 * @param device of a device, Linux' number of it: 12 bits of the major and 20 of the minor one, as
 *     mknod(2) takes them; 0 otherwise
 * @param hasAcl there is an ACL that says more than the mode, or a default ACL
 */
public record FileStatus(
    CairnPath path,
    long inode,
    FileType type,
    int mode,
    String owner,
    String group,
    long length,
    long modificationTimeNanos,
    long accessTimeNanos,
    long changeTimeNanos,
    int linkCount,
    int replication,
    long chunkBytes,
    long changeIndex,
    CairnPath symlinkTarget,
    boolean beingWritten,
    boolean hasAcl,
    int device) {

  public FileStatus {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(symlinkTarget, "symlinkTarget");
    if (mode < 0 || mode > 07777) {
      throw new IllegalArgumentException(
          "mode " + Integer.toOctalString(mode) + " outside 0..7777");
    }
  }

  public boolean isFile() {
    return type == FileType.FILE;
  }

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  public boolean isSymlink() {
    return type == FileType.SYMLINK;
  }

  /** A fifo, a socket or a device: a node without content here. */
  public boolean isSpecial() {
    return switch (type) {
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> true;
      case FILE, DIRECTORY, SYMLINK -> false;
    };
  }

  /** The same status under another path. */
  public FileStatus withPath(CairnPath other) {
    return new FileStatus(
        other,
        inode,
        type,
        mode,
        owner,
        group,
        length,
        modificationTimeNanos,
        accessTimeNanos,
        changeTimeNanos,
        linkCount,
        replication,
        chunkBytes,
        changeIndex,
        symlinkTarget,
        beingWritten,
        hasAcl,
        device);
  }

  /** The last component's bytes; empty for the root. */
  public byte[] nameBytes() {
    byte[] name = path.nameBytes();
    return Arrays.copyOf(name, name.length);
  }
}
