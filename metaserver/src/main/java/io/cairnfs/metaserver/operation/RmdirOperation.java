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
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.types.NodeRef;

/** Removes an empty directory. */
final class RmdirOperation {
  private RmdirOperation() {}

  static OperationResult apply(CommandContext context, Rmdir request) throws CairnException {
    NodeRef ref = request.getTarget();
    Tree tree = new Tree(context);
    Place place = tree.paths().locate(ref, LastLink.KEPT);
    InodeRecord directory = place.requireTarget(ref);
    Permissions.requireMayRemove(
        place.parent(), directory, context.principal(), () -> PathResolver.describe(ref));
    if (!directory.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY, PathResolver.describe(ref) + " is not a directory");
    }
    FileName name = place.requireName(ref);
    if (!context.namespace().isEmpty(directory.id())) {
      throw new CairnException(ErrorCode.NOT_EMPTY, PathResolver.describe(ref) + " is not empty");
    }
    tree.detach(place.parent().id(), name, directory);
    tree.dropEmptyDirectory(directory);
    return OperationResult.newBuilder()
        .setDelete(DeleteResult.newBuilder().setType(directory.type()))
        .build();
  }
}
