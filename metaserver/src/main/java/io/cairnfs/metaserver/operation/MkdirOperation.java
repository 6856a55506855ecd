package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.OperationResult;

/** Makes a directory, with missing ones above it if asked. */
final class MkdirOperation {
  private MkdirOperation() {}

  static OperationResult apply(CommandContext context, Mkdir request) throws CairnException {
    NewMode mode = NewMode.checked(request.getMode(), request.getUmask());
    Tree tree = new Tree(context);
    Tree.Parents parents = request.getParents() ? Tree.Parents.CREATED : Tree.Parents.REQUIRED;
    Place place = tree.locate(request.getTarget(), LastLink.KEPT, parents, mode);
    InodeRecord directory;
    if (place.target().isPresent()) {
      directory = requireSuits(tree, place.target().get(), request);
    } else {
      tree.requireMayAdd(
          place.parent(), place.requireName(request.getTarget()), request.getTarget());
      directory = tree.addDirectory(place.parent(), place.requireName(request.getTarget()), mode);
    }
    return OperationResult.newBuilder()
        .setAttributes(context.namespace().attributes(directory))
        .build();
  }

  private static InodeRecord requireSuits(Tree tree, InodeRecord there, Mkdir request)
      throws CairnException {
    InodeRecord existing = there;
    if (there.isSymlink() && request.getExistOk()) {
      existing = tree.paths().locate(request.getTarget(), LastLink.FOLLOWED).target().orElse(there);
    }
    if (!existing.isDirectory() || !request.getExistOk()) {
      throw new CairnException(
          ErrorCode.EXISTS, PathResolver.describe(request.getTarget()) + " exists");
    }
    return existing;
  }
}
