package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.function.Supplier;

/**
 * The rules of POSIX modes: the owner's bits for the owner, the group's for a member of the group,
 * the others' for the rest, one of the three and never a mixture; the superuser may do everything.
 */
public final class Permissions {
  public static final int READ = 4;
  public static final int WRITE = 2;
  public static final int SEARCH = 1;

  public static final int SET_USER_ID = 04000;
  public static final int SET_GROUP_ID = 02000;
  public static final int STICKY = 01000;
  public static final int ALL_BITS = 07777;

  private Permissions() {}

  /** True if the principal has all of the asked rights (a sum of READ, WRITE and SEARCH). */
  public static boolean allows(InodeRecord inode, Principal principal, int rights) {
    if (principal.superuser()) {
      return true;
    }
    int bits;
    if (inode.owner().equals(principal.user())) {
      bits = inode.mode() >> 6;
    } else if (principal.isIn(inode.group())) {
      bits = inode.mode() >> 3;
    } else {
      bits = inode.mode();
    }
    return (bits & rights) == rights;
  }

  /**
   * @param where names the path in the message
   * @throws CairnException PERMISSION_DENIED
   */
  public static void require(
      InodeRecord inode, Principal principal, int rights, Supplier<String> where)
      throws CairnException {
    if (!allows(inode, principal, rights)) {
      throw denied(inode, principal, rights, where.get());
    }
  }

  private static CairnException denied(
      InodeRecord inode, Principal principal, int rights, String where) {
    String access = (rights & READ) != 0 ? "READ" : "";
    access += (rights & WRITE) != 0 ? (access.isEmpty() ? "" : "_") + "WRITE" : "";
    access += (rights & SEARCH) != 0 ? (access.isEmpty() ? "" : "_") + "EXECUTE" : "";
    return new CairnException(
        ErrorCode.PERMISSION_DENIED,
        where
            + ": user="
            + principal.user()
            + ", access="
            + access
            + ", "
            + inode.id()
            + ":"
            + inode.owner()
            + ":"
            + inode.group()
            + ":"
            + Integer.toOctalString(inode.mode()));
  }

  public static boolean isOwner(InodeRecord inode, Principal principal) {
    return principal.superuser() || inode.owner().equals(principal.user());
  }

  /**
   * The sticky rule: from a sticky directory only its owner, the owner of what is removed and the
   * superuser remove or rename an entry.
   *
   * @throws CairnException PERMISSION_DENIED
   */
  public static void requireMayRemove(
      InodeRecord directory, InodeRecord target, Principal principal, Supplier<String> where)
      throws CairnException {
    require(directory, principal, WRITE | SEARCH, where);
    if ((directory.mode() & STICKY) != 0
        && !isOwner(directory, principal)
        && !isOwner(target, principal)) {
      throw new CairnException(
          ErrorCode.PERMISSION_DENIED,
          where.get()
              + ": the directory is sticky and user="
              + principal.user()
              + " owns neither it nor the entry");
    }
  }
}
