package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.DeleteResult;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.NodeRef;

/** Removes a name of a file or symlink. Its inode goes later, when no session has it open. */
final class UnlinkOperation {
  private UnlinkOperation() {}

  static OperationResult apply(CommandContext context, Unlink request) throws CairnException {
    NodeRef ref = request.getTarget();
    Tree tree = new Tree(context);
    Place place = tree.paths().locate(ref, LastLink.KEPT);
    InodeRecord file = place.requireTarget(ref);
    Permissions.requireMayRemove(
        place.parent(), file, context.principal(), () -> PathResolver.describe(ref));
    if (file.isDirectory()) {
      throw new CairnException(
          ErrorCode.IS_A_DIRECTORY, PathResolver.describe(ref) + " is a directory");
    }
    return remove(context, tree, place, ref);
  }

  static OperationResult remove(CommandContext context, Tree tree, Place place, NodeRef ref)
      throws CairnException {
    InodeRecord file = place.requireTarget(ref);
    Permissions.requireMayRemove(
        place.parent(), file, context.principal(), () -> PathResolver.describe(ref));
    FileName name = place.requireName(ref);
    tree.detach(place.parent().id(), name, file);
    tree.dropLink(file, place.parent().id(), name);
    return OperationResult.newBuilder()
        .setDelete(DeleteResult.newBuilder().setType(file.type()))
        .build();
  }
}
