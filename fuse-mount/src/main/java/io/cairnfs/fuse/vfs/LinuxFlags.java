package io.cairnfs.fuse.vfs;

/** Numbers of Linux' interface, as they are on x86-64 and arm64 in what FUSE carries. */
public final class LinuxFlags {
  public static final int S_IFMT = 0170000;
  public static final int S_IFREG = 0100000;
  public static final int S_IFDIR = 0040000;
  public static final int S_IFLNK = 0120000;
  public static final int S_IFIFO = 0010000;
  public static final int S_IFCHR = 0020000;
  public static final int S_IFBLK = 0060000;
  public static final int S_IFSOCK = 0140000;
  public static final int S_ISUID = 04000;
  public static final int S_ISGID = 02000;
  public static final int S_IXGRP = 0010;
  public static final int SET_ID = S_ISUID | S_ISGID;
  public static final int PERMISSION_BITS = 07777;

  public static final int O_ACCMODE = 3;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_EXCL = 0200;
  public static final int O_TRUNC = 01000;
  public static final int O_APPEND = 02000;
  public static final int O_DSYNC = 010000;

  /** Linux' own: the file is opened to be executed. */
  public static final int FMODE_EXEC = 040;

  public static final int RENAME_NOREPLACE = 1;
  public static final int RENAME_EXCHANGE = 2;

  public static final int FALLOC_KEEP_SIZE = 1;
  public static final int FALLOC_PUNCH_HOLE = 2;
  public static final int FALLOC_ZERO_RANGE = 020;

  public static final int SEEK_DATA = 3;
  public static final int SEEK_HOLE = 4;

  public static final int XATTR_CREATE = 1;
  public static final int XATTR_REPLACE = 2;

  private LinuxFlags() {}
}
