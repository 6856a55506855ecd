package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DentryRecord;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.proto.metadata.DeleteResult;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.NodeRef;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Removes a file, or a directory with everything below it, in one step for the caller: the tree
 * moves to the deleted root and is purged later.
 *
 * <p>Everybody but the superuser needs all rights on every directory below that is not empty, and
 * in sticky ones must own the entries. That is looked up here for at most {@value #MAX_CHECKED}
 * entries; a larger tree is refused with UNSUPPORTED, and the caller deletes it in parts.
 */
final class DeleteTreeOperation {
  static final int MAX_CHECKED = 4096;

  private static final int ALL_RIGHTS = Permissions.READ | Permissions.WRITE | Permissions.SEARCH;

  private final CommandContext context;
  private final Namespace namespace;
  private final NodeRef ref;
  private int checked;

  private DeleteTreeOperation(CommandContext context, NodeRef ref) {
    this.context = context;
    this.namespace = context.namespace();
    this.ref = ref;
  }

  static OperationResult apply(CommandContext context, DeleteTree request) throws CairnException {
    NodeRef ref = request.getTarget();
    Tree tree = new Tree(context);
    Place place = tree.paths().locate(ref, LastLink.KEPT);
    InodeRecord target = place.requireTarget(ref);
    FileName name = place.requireName(ref);
    if (!target.isDirectory()) {
      return UnlinkOperation.remove(context, tree, place, ref);
    }
    Permissions.requireMayRemove(
        place.parent(), target, context.principal(), () -> PathResolver.describe(ref));
    if (!context.principal().superuser()) {
      new DeleteTreeOperation(context, ref).requireRightsBelow(target);
    }
    remove(context, tree, place.parent().id(), name, target, ref);
    return OperationResult.newBuilder()
        .setDelete(DeleteResult.newBuilder().setType(target.type()))
        .build();
  }

  /** Removes a directory with all below it, whatever the rights there. */
  static void remove(
      CommandContext context,
      Tree tree,
      InodeId parent,
      FileName name,
      InodeRecord target,
      NodeRef ref)
      throws CairnException {
    endLeasesBelow(context, target, ref);
    tree.detach(parent, name, target);
    context.namespace().moveToDeleted(target);
  }

  /** What others have leased they are asked for first; the caller's own leases end. */
  private static void endLeasesBelow(CommandContext context, InodeRecord top, NodeRef ref)
      throws CairnException {
    if (context.transaction().counter(Counter.DIRECTORY_LEASES) == 0) {
      return;
    }
    List<InodeId> below = new ArrayList<>();
    for (InodeId id : DirectoryLeaseTable.all(context.transaction())) {
      InodeRecord directory = context.namespace().requireInode(id);
      if (context.namespace().isBelowOrSame(directory, top.id())) {
        context.guard().enter(directory, ref);
        below.add(id);
      }
    }
    below.forEach(id -> DirectoryLeaseTable.end(context.transaction(), id));
  }

  private void requireRightsBelow(InodeRecord top) throws CairnException {
    Deque<InodeId> directories = new ArrayDeque<>();
    directories.push(top.id());
    while (!directories.isEmpty()) {
      checkDirectory(namespace.requireInode(directories.pop()), directories);
    }
  }

  private void checkDirectory(InodeRecord directory, Deque<InodeId> below) throws CairnException {
    boolean sticky = (directory.mode() & Permissions.STICKY) != 0;
    try (RecordCursor entries = namespace.entries(directory.id())) {
      boolean first = true;
      while (entries.next()) {
        if (first) {
          Permissions.require(
              directory, context.principal(), ALL_RIGHTS, () -> PathResolver.describe(ref));
          first = false;
        }
        countOne();
        DentryRecord entry = Namespace.entryAt(entries);
        InodeId child = entry.inode();
        if (sticky) {
          Permissions.requireMayRemove(
              directory,
              namespace.requireInode(child),
              context.principal(),
              () -> PathResolver.describe(ref));
        }
        if (entry.isDirectory()) {
          below.push(child);
        }
      }
    }
  }

  private void countOne() throws CairnException {
    if (++checked > MAX_CHECKED) {
      throw new CairnException(
          ErrorCode.UNSUPPORTED,
          PathResolver.describe(ref)
              + " holds more than "
              + MAX_CHECKED
              + " entries whose rights would have to be checked: delete it in parts");
    }
  }
}
