package io.cairnfs.fuse.vfs;

import java.util.Objects;
import java.util.Optional;

/**
 * How the mount behaves.
 *
 * @param root inode of the directory that is mounted
 * @param acting whose rights count
 * @param shownAs whom all files seem to belong to; empty = their owners
 * @param directIo reads and writes pass the kernel's cache by
 */
public record VfsOptions(
    long root, Acting acting, Optional<Owner> shownAs, boolean directIo, Naming naming) {
  public VfsOptions {
    Objects.requireNonNull(naming, "naming");
    Objects.requireNonNull(acting, "acting");
    Objects.requireNonNull(shownAs, "shownAs");
  }

  /** When a program is answered that changes names. */
  public enum Naming {
    /** When it is logged. */
    LOGGED,
    /** At once, where the directory is leased to this mount. */
    LEASED
  }

  /** Whose rights count. */
  public enum Acting {
    /** Those of each process: the client's user is the superuser. */
    CALLERS,
    /** Those of the client's user, whoever asks. */
    CLIENT
  }

  /** A user and a group of this machine. */
  public record Owner(int uid, int gid) {}
}
