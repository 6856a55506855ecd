package io.cairnfs.fuse.vfs;

/** A refusal that only Linux has a number for. */
public final class Errno extends Exception {
  private static final long serialVersionUID = 1;

  public static final int EPERM = 1;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int EINVAL = 22;
  public static final int ERANGE = 34;
  public static final int ENOSYS = 38;
  public static final int ENODATA = 61;
  public static final int EOPNOTSUPP = 95;
  public static final int ESTALE = 116;

  private final int number;

  public Errno(int number, String message) {
    // Told to a program, not to a reader of traces.
    super(message, null, false, false);
    this.number = number;
  }

  public int number() {
    return number;
  }
}
