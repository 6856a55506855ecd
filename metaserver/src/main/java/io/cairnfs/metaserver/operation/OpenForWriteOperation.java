package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.NodeRef;

/** Takes the write lease of an existing file that nobody writes. */
final class OpenForWriteOperation {
  private OpenForWriteOperation() {}

  static OperationResult apply(CommandContext context, OpenForWrite request) throws CairnException {
    NamespaceEditor namespace = context.namespace();
    NodeRef target = request.getTarget();
    Tree tree = new Tree(context);
    Place place = tree.paths().locate(target, LastLink.FOLLOWED);
    InodeRecord file = place.requireTarget(target);
    Tree.requireFile(file, target);
    Permissions.require(
        file, context.principal(), Permissions.WRITE, () -> PathResolver.describe(target));
    WriteLeases.requireFree(context, file, target);
    if (request.getTruncate() && file.length() > 0) {
      InodeRecord emptied =
          tree.withoutContent(place, file, target)
              .edit()
              .mtimeNanos(context.nowNanos())
              .ctimeNanos(context.nowNanos())
              .done();
      file = namespace.putInode(emptied);
    }
    long grant = namespace.grantLease(file.id(), context.requireSession().id()).grant();
    return OperationResult.newBuilder()
        .setCreate(
            CreateResult.newBuilder()
                .setAttributes(namespace.attributes(file))
                .setLease(grant)
                .setHandle(OpenFile.handle(context, file, access(context, file))))
        .build();
  }

  private static Access access(CommandContext context, InodeRecord file) {
    return Permissions.allows(file, context.principal(), Permissions.READ)
        ? Access.READ_WRITE_ACCESS
        : Access.WRITE_ACCESS;
  }
}
