package io.cairnfs.fuse.vfs;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.time.Clock;
import java.time.Duration;

/** From what the cluster knows of a file to what programs see of it. Any thread. */
final class AttributeMapping {
  /** The kernel's number of the directory that is mounted. */
  private static final long ROOT_NODE = 1;

  private static final int BLOCK = 512;

  private final VfsOptions options;
  private final Identities identities;
  private final CacheMemory memory;
  private final Clock clock;

  AttributeMapping(VfsOptions options, Identities identities, Clock clock) {
    this.clock = clock;
    this.memory = new CacheMemory(clock);
    this.options = options;
    this.identities = identities;
  }

  long inode(long node) {
    return node == ROOT_NODE ? options.root() : node;
  }

  long node(long inode) {
    return inode == options.root() ? ROOT_NODE : inode;
  }

  CacheMemory memory() {
    return memory;
  }

  /** What a file will be like after a change that the cluster has not made yet. */
  FileStatus changed(FileStatus before, AttributeChange change, long length) {
    long now = clock.wallNanos();
    return new FileStatus(
        before.path(),
        before.inode(),
        before.type(),
        change.newMode().orElse(before.mode()),
        change.newOwner().orElse(before.owner()),
        change.newGroup().orElse(before.group()),
        length,
        change.newModificationTimeNanos().orElse(before.modificationTimeNanos()),
        change.newAccessTimeNanos().orElse(before.accessTimeNanos()),
        now,
        before.linkCount(),
        before.replication(),
        before.chunkBytes(),
        before.changeIndex(),
        before.symlinkTarget(),
        before.beingWritten(),
        before.hasAcl(),
        before.device());
  }

  /** What the kernel is told now. */
  NodeAttributes of(FileStatus status) {
    return of(status, Duration.ZERO);
  }

  /** What the kernel is told, as it was some time ago. */
  NodeAttributes of(FileStatus status, Duration age) {
    memory.tell(status, age);
    return new NodeAttributes(
        node(status.inode()),
        status.inode(),
        typeBits(status) | status.mode(),
        status.linkCount(),
        options
            .shownAs()
            .map(VfsOptions.Owner::uid)
            .orElseGet(() -> identities.uid(status.owner())),
        gid(status),
        status.length(),
        (status.length() + BLOCK - 1) / BLOCK,
        status.accessTimeNanos(),
        status.modificationTimeNanos(),
        status.changeTimeNanos(),
        status.device());
  }

  /** The group as programs see it. */
  int gid(FileStatus status) {
    return options
        .shownAs()
        .map(VfsOptions.Owner::gid)
        .orElseGet(() -> identities.gid(status.group()));
  }

  private static int typeBits(FileStatus status) {
    return switch (status.type()) {
      case FILE -> LinuxFlags.S_IFREG;
      case DIRECTORY -> LinuxFlags.S_IFDIR;
      case SYMLINK -> LinuxFlags.S_IFLNK;
      case FIFO -> LinuxFlags.S_IFIFO;
      case SOCKET -> LinuxFlags.S_IFSOCK;
      case CHARACTER_DEVICE -> LinuxFlags.S_IFCHR;
      case BLOCK_DEVICE -> LinuxFlags.S_IFBLK;
    };
  }
}
