package io.cairnfs.fuse.vfs;

import io.cairnfs.client.CairnFile;

/** A file that a process has open. Each is itself: two are never equal. */
final class OpenNode {
  private final long inode;
  private final CairnFile file;
  private final boolean writable;
  private final boolean append;

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
}
