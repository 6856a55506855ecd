package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.RenameResult;
import io.cairnfs.proto.types.NodeRef;

/**
 * Moves a name, atomically and in time that does not depend on what is below: POSIX rename(). An
 * existing file, or an empty directory, is replaced by its like unless the mode forbids it, or both
 * change places. Two names of one file stay as they are.
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

  /** What is looked at first is told first, as in Linux. */
  private OperationResult apply() throws CairnException {
    Place from = tree.paths().locate(request.getSource(), LastLink.KEPT);
    Place to = tree.paths().locate(request.getTarget(), LastLink.KEPT);
    InodeRecord source = from.requireTarget(request.getSource());
    FileName sourceName = from.requireName(request.getSource());
    FileName targetName = to.requireName(request.getTarget());
    requireExistenceSuits(to);
    requireNoCycle(source, from.parent(), to);
    if (to.target().filter(there -> there.id().equals(source.id())).isPresent()) {
      return result(source);
    }
    Permissions.requireMayRemove(
        from.parent(), source, context.principal(), () -> describe(request.getSource()));
    if (to.target().isEmpty()) {
      tree.requireMayAdd(to.parent(), targetName, request.getTarget());
    } else {
      Permissions.requireMayRemove(
          to.parent(), to.target().get(), context.principal(), () -> describe(request.getTarget()));
      if (request.getMode() == RenameMode.EXCHANGE) {
        return result(exchange(from, sourceName, to, targetName));
      }
      requireMayReplace(source, to.target().get());
      removeReplaced(to, targetName);
    }
    return result(move(source, from.parent().id(), sourceName, to.parent().id(), targetName));
  }

  private void requireExistenceSuits(Place to) throws CairnException {
    if (to.target().isPresent() && request.getMode() == RenameMode.NO_REPLACE) {
      throw new CairnException(ErrorCode.EXISTS, describe(request.getTarget()) + " exists");
    }
    if (request.getMode() == RenameMode.EXCHANGE) {
      InodeRecord unused = to.requireTarget(request.getTarget());
    }
  }

  /** A directory does not move below itself, and is not replaced by what it holds. */
  private void requireNoCycle(InodeRecord source, InodeRecord oldParent, Place to)
      throws CairnException {
    if (isSameOrAbove(source, to.parent())) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          describe(request.getTarget()) + " lies in " + describe(request.getSource()));
    }
    if (to.target().isPresent() && isSameOrAbove(to.target().get(), oldParent)) {
      throw new CairnException(
          request.getMode() == RenameMode.EXCHANGE
              ? ErrorCode.INVALID_ARGUMENT
              : ErrorCode.NOT_EMPTY,
          describe(request.getSource()) + " lies in " + describe(request.getTarget()));
    }
  }

  private boolean isSameOrAbove(InodeRecord upper, InodeRecord directory) {
    InodeRecord at = directory;
    while (upper.isDirectory()) {
      if (at.id().equals(upper.id())) {
        return true;
      }
      if (at.id().equals(InodeId.ROOT)) {
        return false;
      }
      at = namespace.requireInode(new InodeId(at.parent()));
    }
    return false;
  }

  private void requireMayReplace(InodeRecord source, InodeRecord target) throws CairnException {
    if (source.isDirectory() && !target.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY, describe(request.getTarget()) + " is not a directory");
    }
    if (!source.isDirectory() && target.isDirectory()) {
      throw new CairnException(
          ErrorCode.IS_A_DIRECTORY, describe(request.getTarget()) + " is a directory");
    }
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
      tree.dropLink(target, to.parent().id(), name);
    }
  }

  private InodeRecord move(
      InodeRecord source, InodeId from, FileName fromName, InodeId to, FileName toName) {
    tree.detach(from, fromName, source);
    InodeRecord moved = renamed(source, from, fromName, to, toName);
    tree.attach(to, toName, moved);
    return moved;
  }

  private InodeRecord renamed(
      InodeRecord inode, InodeId from, FileName fromName, InodeId to, FileName toName) {
    InodeRecord moved = namespace.withMovedName(inode, from, fromName, to, toName);
    return namespace.putInode(moved.edit().ctimeNanos(context.nowNanos()).done());
  }

  private InodeRecord exchange(Place from, FileName fromName, Place to, FileName toName)
      throws CairnException {
    InodeRecord source = from.requireTarget(request.getSource());
    InodeRecord target = to.requireTarget(request.getTarget());
    InodeId here = from.parent().id();
    InodeId there = to.parent().id();
    InodeRecord left = renamed(source, here, fromName, there, toName);
    InodeRecord right = renamed(target, there, toName, here, fromName);
    namespace.putDentry(there, toName, left);
    namespace.putDentry(here, fromName, right);
    int subdirectories = (right.isDirectory() ? 1 : 0) - (left.isDirectory() ? 1 : 0);
    if (here.equals(there)) {
      tree.touch(here, 0);
    } else {
      tree.touch(here, subdirectories);
      tree.touch(there, -subdirectories);
    }
    return left;
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
