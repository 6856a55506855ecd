package io.cairnfs.dataserver.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;

/**
 * The two open files of a replica, counted: they are closed when the last user released them, even
 * if they were renamed or deleted meanwhile. Safe for any thread.
 */
final class ReplicaFiles {
  private final DiskFile data;
  private final DiskFile sums;

  @GuardedBy("this")
  private int users = 1;

  /** The creator is the first user. */
  ReplicaFiles(DiskFile data, DiskFile sums) {
    this.data = data;
    this.sums = sums;
  }

  DiskFile data() {
    return data;
  }

  DiskFile sums() {
    return sums;
  }

  /** One more user; false if the files are closed already. */
  synchronized boolean retain() {
    if (users == 0) {
      return false;
    }
    users++;
    return true;
  }

  void release() throws IOException {
    synchronized (this) {
      if (users == 0) {
        throw new IllegalStateException("released too often");
      }
      if (--users > 0) {
        return;
      }
    }
    try (data) {
      sums.close();
    }
  }
}
