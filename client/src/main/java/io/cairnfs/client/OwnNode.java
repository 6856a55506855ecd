package io.cairnfs.client;

import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import java.util.Optional;

/**
 * A node that this session made under a lease, and nobody else has heard of. Belongs to the lock of
 * its {@link LeasedTree}.
 */
final class OwnNode {
  final long inode;
  Attributes.Builder attributes;
  Optional<HeldFile> open = Optional.empty();
  long parent;

  OwnNode(Attributes.Builder attributes) {
    this.inode = attributes.getInode();
    this.attributes = attributes;
    this.parent = attributes.getParent();
  }

  boolean isDirectory() {
    return attributes.getType() == FileType.DIRECTORY;
  }

  /** A file or symlink that nobody has open. */
  boolean isClosed() {
    return !isDirectory() && open.isEmpty();
  }
}
