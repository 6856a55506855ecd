package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.function.Supplier;

/**
 * The rules of POSIX modes: the owner's bits for the owner, the group's for a member of the group,
 * the others' for the rest, one of the three and never a mixture; the superuser may do everything.
 * An access ACL stands for the bits of group and others, if there is one.
 */
public final class Permissions {
  public static final int READ = 4;
  public static final int WRITE = 2;
  public static final int SEARCH = 1;

  public static final int SET_USER_ID = 04000;
  public static final int SET_GROUP_ID = 02000;
  public static final int STICKY = 01000;
  public static final int ALL_BITS = 07777;

  private static final int GROUP_EXECUTE = 0010;
  private static final int ANY_EXECUTE = 0111;

  private Permissions() {}

  /** True if the principal has all of the asked rights (a sum of READ, WRITE and SEARCH). */
  public static boolean allows(InodeRecord inode, Principal principal, int rights) {
    if (principal.superuser()) {
      return true;
    }
    int bits;
    if (inode.owner().equals(principal.user())) {
      bits = inode.mode() >> 6;
    } else if (inode.acls().access().isPresent()) {
      return inode.acls().access().get().allows(principal, inode.group(), rights);
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

  /**
   * POSIX access(): as {@link #require}, but a file that nobody may execute even the superuser may
   * not. A symlink has all rights.
   *
   * @throws CairnException PERMISSION_DENIED; INVALID_ARGUMENT for rights that do not exist
   */
  public static void requireAccess(
      InodeRecord inode, Principal principal, int rights, Supplier<String> where)
      throws CairnException {
    if ((rights & ~(READ | WRITE | SEARCH)) != 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, where.get() + ": rights " + rights + " outside 0..7");
    }
    boolean asksToExecute = (rights & SEARCH) != 0 && !inode.isDirectory() && !inode.isSymlink();
    if (asksToExecute && (inode.mode() & ANY_EXECUTE) == 0) {
      throw denied(inode, principal, rights, where.get());
    }
    require(inode, principal, rights, where);
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
   * The mode of a file that somebody has written or cut: what runs with the rights of its owner or
   * group must not be made by others. The set-group-id bit without the right to execute, which has
   * another meaning, stays for members of the group. As Linux; POSIX write() leaves it open.
   */
  public static int modeAfterWrite(InodeRecord file, Principal principal) {
    int mode = file.mode();
    if (principal.superuser() || (mode & (SET_USER_ID | SET_GROUP_ID)) == 0) {
      return mode;
    }
    return withoutSetId(mode, principal.isIn(file.group()));
  }

  /** A file's mode when it has changed hands, by a member of its group or somebody else. */
  public static int withoutSetId(int mode, boolean member) {
    boolean keepsGroup = (mode & GROUP_EXECUTE) == 0 && member;
    return mode & ~(keepsGroup ? SET_USER_ID : SET_USER_ID | SET_GROUP_ID);
  }

  /**
   * The name of an attribute of something. As Linux does it, of a name in no namespace it is looked
   * at first whether the caller may read or write what it would be of.
   *
   * @param right {@link #READ} or {@link #WRITE}
   * @throws CairnException as {@link XattrName#of}; PERMISSION_DENIED
   */
  public static XattrName requireAttributeName(
      InodeRecord inode, Principal principal, byte[] name, int right, Supplier<String> where)
      throws CairnException {
    if (XattrName.isOfNoSpace(name)) {
      require(inode, principal, right, where);
    }
    return XattrName.of(name);
  }

  /**
   * The rules of extended attributes for reading one. Attributes that the principal must not know
   * of are as if they did not exist.
   *
   * @throws CairnException ATTRIBUTE_NOT_FOUND, PERMISSION_DENIED
   */
  public static void requireMayReadAttribute(
      InodeRecord inode, Principal principal, XattrName name, Supplier<String> where)
      throws CairnException {
    if (!maySeeAttribute(inode, principal, name)) {
      throw new CairnException(
          ErrorCode.ATTRIBUTE_NOT_FOUND, where.get() + ": no attribute '" + name + "'");
    }
    if (name.space() == XattrName.Space.USER) {
      require(inode, principal, READ, where);
    }
  }

  /** True unless the attribute is hidden from the principal. */
  public static boolean maySeeAttribute(InodeRecord inode, Principal principal, XattrName name) {
    return switch (name.space()) {
      case USER -> inode.isFile() || inode.isDirectory();
      case TRUSTED -> principal.superuser();
      case SECURITY -> true;
    };
  }

  /**
   * The rules of extended attributes for setting and removing one. User attributes are for files
   * and directories only, and in a sticky directory for its owner alone, since everybody may write
   * such ones.
   *
   * @throws CairnException NOT_PERMITTED, PERMISSION_DENIED
   */
  public static void requireMayWriteAttribute(
      InodeRecord inode, Principal principal, XattrName name, Supplier<String> where)
      throws CairnException {
    boolean permitted =
        switch (name.space()) {
          case USER ->
              inode.isFile()
                  || (inode.isDirectory()
                      && ((inode.mode() & STICKY) == 0 || isOwner(inode, principal)));
          case TRUSTED, SECURITY -> principal.superuser();
        };
    if (!permitted) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED,
          where.get() + ": user=" + principal.user() + " may not change attribute '" + name + "'");
    }
    if (name.space() == XattrName.Space.USER) {
      require(inode, principal, WRITE, where);
    }
  }

  /**
   * The sticky rule: from a sticky directory only its owner, the owner of what is removed and the
   * superuser remove or rename an entry.
   *
   * @throws CairnException PERMISSION_DENIED for the directory's rights, NOT_PERMITTED if sticky
   */
  public static void requireMayRemove(
      InodeRecord directory, InodeRecord target, Principal principal, Supplier<String> where)
      throws CairnException {
    require(directory, principal, WRITE | SEARCH, where);
    if ((directory.mode() & STICKY) != 0
        && !isOwner(directory, principal)
        && !isOwner(target, principal)) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED,
          where.get()
              + ": the directory is sticky and user="
              + principal.user()
              + " owns neither it nor the entry");
    }
  }
}
