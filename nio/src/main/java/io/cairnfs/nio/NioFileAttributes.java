package io.cairnfs.nio;

import io.cairnfs.client.FileStatus;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Attributes of one instant. There is no time of creation: that of the last modification stands
 * there.
 */
record NioFileAttributes(FileStatus status, Object fileKey) implements PosixFileAttributes {
  /** Tells files of all clusters apart. */
  record Key(String authority, long inode) {}

  static FileTime time(long nanos) {
    return FileTime.from(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public UserPrincipal owner() {
    return new Principals.User(status.owner());
  }

  @Override
  public GroupPrincipal group() {
    return new Principals.Group(status.group());
  }

  @Override
  public Set<PosixFilePermission> permissions() {
    return Modes.permissions(status.mode());
  }

  @Override
  public FileTime lastModifiedTime() {
    return time(status.modificationTimeNanos());
  }

  @Override
  public FileTime lastAccessTime() {
    return time(status.accessTimeNanos());
  }

  @Override
  public FileTime creationTime() {
    return lastModifiedTime();
  }

  @Override
  public boolean isRegularFile() {
    return status.isFile();
  }

  @Override
  public boolean isDirectory() {
    return status.isDirectory();
  }

  @Override
  public boolean isSymbolicLink() {
    return status.isSymlink();
  }

  @Override
  public boolean isOther() {
    return status.isSpecial();
  }

  @Override
  public long size() {
    return status.length();
  }
}
