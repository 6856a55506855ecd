package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Symlink;
import io.cairnfs.proto.types.NodeRef;

/** Makes a symbolic link, whatever it leads to: POSIX symlink(). */
final class SymlinkOperation {
  private static final int MAX_TARGET_BYTES = 4095;

  private SymlinkOperation() {}

  static OperationResult apply(CommandContext context, Symlink request) throws CairnException {
    NodeRef ref = request.getLink();
    requireTarget(request.getTarget());
    Tree tree = new Tree(context);
    Place place = tree.paths().locate(ref, LastLink.KEPT);
    if (place.target().isPresent()) {
      throw new CairnException(ErrorCode.EXISTS, PathResolver.describe(ref) + " exists");
    }
    FileName name = place.requireName(ref);
    tree.requireMayAdd(place.parent(), name, ref);
    InodeRecord link = tree.addSymlink(place.parent(), name, request.getTarget());
    return OperationResult.newBuilder().setAttributes(context.namespace().attributes(link)).build();
  }

  private static void requireTarget(ByteString target) throws CairnException {
    if (target.isEmpty()) {
      throw new CairnException(ErrorCode.NOT_FOUND, "a symlink that leads nowhere");
    }
    if (target.size() > MAX_TARGET_BYTES) {
      throw new CairnException(
          ErrorCode.NAME_TOO_LONG,
          "symlink target of " + target.size() + " bytes; at most " + MAX_TARGET_BYTES);
    }
    for (int i = 0; i < target.size(); i++) {
      if (target.byteAt(i) == 0) {
        throw new CairnException(ErrorCode.INVALID_ARGUMENT, "symlink target with a NUL byte");
      }
    }
  }
}
