package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.RenameResult;
import io.cairnfs.proto.types.NodeRef;

/**
 * Moves a name, atomically and in time that does not depend on what is below: POSIX rename(). An
 * existing file, or an empty directory, is replaced by its like unless the mode forbids it.
 */
final class RenameOperation {
  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final Rename request;
  private final Tree tree;

  private RenameOperation(CommandContext context, Rename request) {
    this.context = context;
    this.namespace = context.namespace();
    this.request = request;
    this.tree = new Tree(context);
  }

  static OperationResult apply(CommandContext context, Rename request) throws CairnException {
    if (request.getMode() == RenameMode.UNRECOGNIZED) {
      throw new CairnException(ErrorCode.MALFORMED, "rename mode " + request.getModeValue());
    }
    return new RenameOperation(context, request).apply();
  }

  private OperationResult apply() throws CairnException {
    Place from = tree.paths().locate(request.getSource());
    InodeRecord source = from.requireTarget(request.getSource());
    FileName sourceName = from.requireName(request.getSource());
    Place to = tree.paths().locate(request.getTarget());
    FileName targetName = to.requireName(request.getTarget());
    requireDirectory(to.parent(), request.getTarget());
    requireNoCycle(source, to.parent());
    Permissions.requireMayRemove(
        from.parent(), source, context.principal(), () -> describe(request.getSource()));
    tree.requireMayAdd(to.parent(), targetName, request.getTarget());
    boolean sameName = from.parent().id().equals(to.parent().id()) && sourceName.equals(targetName);
    if (to.target().isPresent()) {
      requireMayReplace(source, to);
      if (sameName) {
        return result(source);
      }
      removeReplaced(to, targetName);
    }
    return result(move(source, from.parent().id(), sourceName, to.parent().id(), targetName));
  }

  private void requireDirectory(InodeRecord parent, NodeRef ref) throws CairnException {
    if (!parent.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY, describe(ref) + ": its parent is not a directory");
    }
  }

  /** A directory does not move below itself. */
  private void requireNoCycle(InodeRecord source, InodeRecord targetParent) throws CairnException {
    InodeRecord at = targetParent;
    while (source.isDirectory()) {
      if (at.id().equals(source.id())) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT,
            describe(request.getTarget()) + " lies in " + describe(request.getSource()));
      }
      if (at.id().equals(InodeId.ROOT)) {
        return;
      }
      at = namespace.requireInode(new InodeId(at.parent()));
    }
  }

  private void requireMayReplace(InodeRecord source, Place to) throws CairnException {
    InodeRecord target = to.target().orElseThrow();
    if (request.getMode() == RenameMode.NO_REPLACE) {
      throw new CairnException(ErrorCode.EXISTS, describe(request.getTarget()) + " exists");
    }
    if (source.id().equals(target.id())) {
      return;
    }
    if (source.isDirectory() && !target.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY, describe(request.getTarget()) + " is not a directory");
    }
    if (!source.isDirectory() && target.isDirectory()) {
      throw new CairnException(
          ErrorCode.IS_A_DIRECTORY, describe(request.getTarget()) + " is a directory");
    }
    Permissions.requireMayRemove(
        to.parent(), target, context.principal(), () -> describe(request.getTarget()));
    if (target.isDirectory() && !namespace.isEmpty(target.id())) {
      throw new CairnException(
          ErrorCode.NOT_EMPTY, describe(request.getTarget()) + " is not empty");
    }
  }

  private void removeReplaced(Place to, FileName name) {
    InodeRecord target = to.target().orElseThrow();
    tree.detach(to.parent().id(), name, target);
    if (target.isDirectory()) {
      tree.dropEmptyDirectory(target);
    } else {
      tree.dropLink(target);
    }
  }

  private InodeRecord move(
      InodeRecord source, InodeId from, FileName fromName, InodeId to, FileName toName) {
    tree.detach(from, fromName, source);
    InodeRecord moved =
        namespace.putInode(source.edit().parent(to.value()).ctimeNanos(context.nowNanos()).done());
    tree.attach(to, toName, moved);
    return moved;
  }

  private OperationResult result(InodeRecord moved) {
    return OperationResult.newBuilder()
        .setRename(RenameResult.newBuilder().setAttributes(namespace.attributes(moved)))
        .build();
  }

  private static String describe(NodeRef ref) {
    return PathResolver.describe(ref);
  }
}
