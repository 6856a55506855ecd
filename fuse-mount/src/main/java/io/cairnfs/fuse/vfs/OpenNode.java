package io.cairnfs.fuse.vfs;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.FileStatus;
import java.util.Optional;

/** A file that a process has open. Each is itself: two are never equal. */
final class OpenNode {
  private final long inode;
  private final CairnFile file;
  private final boolean writable;
  private final boolean append;

  /** What a file is like that was made with this handle, while nobody here has changed it since. */
  private volatile Optional<FileStatus> made = Optional.empty();

  /** Whose process has made it. */
  private volatile int madeBy;

  OpenNode(long inode, CairnFile file, boolean writable, boolean append) {
    this.inode = inode;
    this.file = file;
    this.writable = writable;
    this.append = append;
  }

  long inode() {
    return inode;
  }

  CairnFile file() {
    return file;
  }

  boolean isWritable() {
    return writable;
  }

  boolean appends() {
    return append;
  }

  /** The file was made with this handle. */
  void make(FileStatus status, Caller maker) {
    madeBy = maker.uid();
    made = Optional.of(status);
  }

  Optional<FileStatus> made() {
    return made;
  }

  int madeBy() {
    return madeBy;
  }

  void setMade(Optional<FileStatus> status) {
    made = status;
  }
}
