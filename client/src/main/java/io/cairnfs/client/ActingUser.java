package io.cairnfs.client;

import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import java.util.List;

/** Whose rights count, as the cluster knows him. */
record ActingUser(String name, List<String> groups, boolean superuser) {
  static final int WRITE_AND_SEARCH = 3;
  static final int SEARCH = 1;

  /**
   * @param rights a sum of 4, 2 and 1
   */
  boolean may(Attributes.Builder inode, int rights) {
    if (superuser) {
      return true;
    }
    int shift = groups.contains(inode.getGroup()) ? 3 : 0;
    return (inode.getMode() >> (inode.getOwner().equals(name) ? 6 : shift) & rights) == rights;
  }

  boolean owns(Attributes.Builder inode) {
    return superuser || inode.getOwner().equals(name);
  }

  /** Whether it is sure that the cluster would let him, and what comes of it. */
  boolean mayDecide(Attributes.Builder inode, AttributeChange change) {
    boolean ownerStays =
        change.newOwner().isEmpty() || change.newOwner().get().equals(inode.getOwner());
    boolean groupStays =
        change.newGroup().isEmpty() || change.newGroup().get().equals(inode.getGroup());
    int mode = change.newMode().orElse(inode.getMode());
    return owns(inode)
        && (superuser || (ownerStays && groupStays))
        && change.newReplication().isEmpty()
        && (change.newMode().isEmpty() || inode.getType() != FileType.SYMLINK)
        && (mode | inode.getMode()) >>> 9 == 0;
  }
}
