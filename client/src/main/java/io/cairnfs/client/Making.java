package io.cairnfs.client;

import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import java.util.function.Consumer;

/**
 * What is to be made in a leased directory.
 *
 * @param operation that makes it
 * @param like what it is like, but for what every inode has
 * @param mode as it becomes
 * @param opening hears of the node before the cluster can
 */
record Making(
    Operation.Builder operation, Attributes.Builder like, int mode, Consumer<OwnNode> opening) {

  /** Set-id and sticky bits are for the cluster. */
  boolean isPlain() {
    return mode >>> 9 == 0;
  }

  /** What the cluster will have made of it. */
  OwnNode in(LeasedDirectory directory, ActingUser user, long inode, long nowNanos) {
    Attributes.Builder above = directory.attributes;
    boolean inherits = (above.getMode() & 02000) != 0;
    boolean isDirectory = like.getType() == FileType.DIRECTORY;
    boolean aboves = inherits || user.groups().isEmpty();
    OwnNode node =
        new OwnNode(
            like.clone()
                .setInode(inode)
                .setMode(isDirectory && inherits ? mode | 02000 : mode)
                .setOwner(user.name())
                .setGroup(aboves ? above.getGroup() : user.groups().get(0))
                .setMtimeNanos(nowNanos)
                .setAtimeNanos(nowNanos)
                .setCtimeNanos(nowNanos)
                .setLinkCount(isDirectory ? 2 : 1)
                .setParent(directory.inode)
                .setChangeIndex(above.getChangeIndex()));
    opening.accept(node);
    return node;
  }
}
