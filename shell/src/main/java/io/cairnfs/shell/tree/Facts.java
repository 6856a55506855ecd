package io.cairnfs.shell.tree;

/**
 * Attributes of a file or directory.
 *
 * @param mode permission bits, 0 to 07777
 * @param length bytes; 0 for directories of a cluster
 * @param modifiedNanos nanoseconds since the epoch
 * @param replication copies of every byte; 0 for directories of a cluster
 * @param blockSize bytes of the largest chunk
 * @param hasAcl there is an access control list beyond the mode
 */
public record Facts(
    FileKind kind,
    int mode,
    String owner,
    String group,
    long length,
    long modifiedNanos,
    long accessedNanos,
    int replication,
    long blockSize,
    boolean hasAcl) {
  private static final long MILLI = 1_000_000;

  public boolean isDirectory() {
    return kind == FileKind.DIRECTORY;
  }

  public boolean isFile() {
    return kind == FileKind.FILE;
  }

  /** A fifo, a socket or a device. */
  public boolean isSpecial() {
    return switch (kind) {
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> true;
      case FILE, DIRECTORY, SYMLINK -> false;
    };
  }

  public boolean isSymlink() {
    return kind == FileKind.SYMLINK;
  }

  public long modifiedMillis() {
    return Math.floorDiv(modifiedNanos, MILLI);
  }

  public long accessedMillis() {
    return Math.floorDiv(accessedNanos, MILLI);
  }
}
