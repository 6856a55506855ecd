package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.OperationResult;

/** Gives a file or symlink, never a directory, one more name: POSIX linkat(). */
final class LinkOperation {
  /** Names of one file. */
  static final int MAX_LINKS = 65_000;

  private LinkOperation() {}

  static OperationResult apply(CommandContext context, Link request) throws CairnException {
    Tree tree = new Tree(context);
    LastLink lastLink = request.getFollow() ? LastLink.FOLLOWED : LastLink.KEPT;
    InodeRecord file = tree.paths().resolve(request.getExisting(), lastLink);
    Place place = tree.paths().locate(request.getLink(), LastLink.KEPT);
    if (place.target().isPresent()) {
      throw new CairnException(
          ErrorCode.EXISTS, PathResolver.describe(request.getLink()) + " exists");
    }
    FileName name = place.requireName(request.getLink());
    tree.requireMayAdd(place.parent(), name, request.getLink());
    requireMayHaveMore(context, file, PathResolver.describe(request.getExisting()));
    return OperationResult.newBuilder()
        .setAttributes(context.namespace().attributes(tree.addLink(place.parent(), name, file)))
        .build();
  }

  private static void requireMayHaveMore(CommandContext context, InodeRecord file, String path)
      throws CairnException {
    if (!context.namespace().isReachable(file)) {
      throw new CairnException(ErrorCode.NOT_FOUND, path + " has no name any more");
    }
    if (file.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED, path + " is a directory, which has one name only");
    }
    if (file.linkCount() >= MAX_LINKS) {
      throw new CairnException(
          ErrorCode.TOO_MANY_LINKS, path + " has " + file.linkCount() + " names already");
    }
  }
}
