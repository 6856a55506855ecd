package io.cairnfs.nio;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import java.io.IOException;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The views of a file's attributes, by their class. */
final class AttributeViews {
  private AttributeViews() {}

  static boolean isKnown(Class<? extends FileAttributeView> type) {
    return type == BasicFileAttributeView.class
        || type == PosixFileAttributeView.class
        || type == FileOwnerAttributeView.class
        || type == AclFileAttributeView.class
        || type == UserDefinedFileAttributeView.class;
  }

  /** Null for a view that is not known, as {@code java.nio.file} asks for. */
  static <V extends FileAttributeView> V of(NioPath path, Class<V> type, Symlinks symlinks) {
    if (type == UserDefinedFileAttributeView.class) {
      return type.cast(new XattrView(path));
    }
    if (type == AclFileAttributeView.class) {
      return type.cast(new AclView(path));
    }
    if (isKnown(type)) {
      String name =
          type == BasicFileAttributeView.class
              ? "basic"
              : type == FileOwnerAttributeView.class ? "owner" : "posix";
      return type.cast(new Posix(path, symlinks, name));
    }
    return null;
  }

  static NioFileAttributes read(NioPath path, Symlinks symlinks) throws IOException {
    FileStatus status = path.getFileSystem().status(path, symlinks);
    String authority = path.getFileSystem().authority();
    return new NioFileAttributes(status, new NioFileAttributes.Key(authority, status.inode()));
  }

  static void change(NioPath path, AttributeChange change, Symlinks symlinks) throws IOException {
    try {
      FileStatus unused =
          path.getFileSystem().client().setAttributes(path.toCairn(), change, symlinks);
    } catch (CairnException e) {
      throw Refusals.of(e, path);
    }
  }

  /** Basic, posix and owner in one. */
  record Posix(NioPath path, Symlinks symlinks, String name) implements PosixFileAttributeView {
    @Override
    public NioFileAttributes readAttributes() throws IOException {
      return read(path, symlinks);
    }

    /** The time of creation is not kept: what is given is ignored, as on other Unix systems. */
    @Override
    public void setTimes(FileTime modified, FileTime accessed, FileTime created)
        throws IOException {
      AttributeChange change = AttributeChange.none();
      if (modified != null) {
        change = change.modificationTimeNanos(modified.to(TimeUnit.NANOSECONDS));
      }
      if (accessed != null) {
        change = change.accessTimeNanos(accessed.to(TimeUnit.NANOSECONDS));
      }
      if (!change.equals(AttributeChange.none())) {
        change(path, change, symlinks);
      }
    }

    /** Set-id and sticky bits, which the set cannot name, stay. */
    @Override
    public void setPermissions(Set<PosixFilePermission> permissions) throws IOException {
      int others = readAttributes().status().mode() & ~Modes.PERMISSIONS;
      setMode(others | Modes.mode(permissions));
    }

    void setMode(int mode) throws IOException {
      change(path, AttributeChange.none().mode(mode), symlinks);
    }

    @Override
    public void setGroup(GroupPrincipal group) throws IOException {
      change(path, AttributeChange.none().group(group.getName()), symlinks);
    }

    @Override
    public UserPrincipal getOwner() throws IOException {
      return readAttributes().owner();
    }

    @Override
    public void setOwner(UserPrincipal owner) throws IOException {
      change(path, AttributeChange.none().owner(owner.getName()), symlinks);
    }
  }
}
