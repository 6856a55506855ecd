package io.cairnfs.fuse.vfs;

/**
 * A lock that a process asks for, or asks about.
 *
 * @param owner the kernel's number of the process or of the open file
 * @param last the last byte; {@code Long.MAX_VALUE} = to the end, however long the file becomes
 * @param whole of flock(2), else of fcntl(2)
 * @param pid of the process; 0 = not known, or of another machine
 */
public record LockRequest(
    long node, long handle, long owner, long start, long last, Kind kind, boolean whole, int pid) {
  /** What is asked for. */
  public enum Kind {
    SHARED,
    EXCLUSIVE,
    UNLOCK
  }
}
