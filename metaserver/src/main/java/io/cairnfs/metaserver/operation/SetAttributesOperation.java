package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.NodeRef;

/**
 * Changes mode, owner, group, times and replication, all or nothing. A symlink has no mode to be
 * changed.
 *
 * <ul>
 *   <li>mode: the owner and the superuser. The set-group-id bit of a file is dropped where the
 *       caller is not in its group.
 *   <li>owner: the superuser. group: the superuser, and the owner for groups that he is in. Either
 *       change by anybody but the superuser clears a file's set-id bits.
 *   <li>times: the owner, the superuser and whoever may write; of a symlink only those two.
 *   <li>replication: whoever may write the file.
 * </ul>
 */
final class SetAttributesOperation {
  private static final int MAX_NAME = 255;
  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final SetAttributes request;
  private final Principal principal;

  private SetAttributesOperation(CommandContext context, SetAttributes request) {
    this.context = context;
    this.namespace = context.namespace();
    this.request = request;
    this.principal = context.principal();
  }

  static OperationResult apply(CommandContext context, SetAttributes request)
      throws CairnException {
    return new SetAttributesOperation(context, request).apply();
  }

  private OperationResult apply() throws CairnException {
    LastLink lastLink = request.getNoFollow() ? LastLink.KEPT : LastLink.FOLLOWED;
    InodeRecord before = context.paths().resolve(request.getTarget(), lastLink);
    requireAllowed(before);
    InodeRecord.Editor edit = before.edit().ctimeNanos(context.nowNanos());
    edit.mode(newMode(before));
    if (request.hasOwner()) {
      edit.owner(request.getOwner());
    }
    if (request.hasGroup()) {
      edit.group(request.getGroup());
    }
    if (request.hasMtimeNanos()) {
      edit.mtimeNanos(request.getMtimeNanos());
    }
    if (request.hasAtimeNanos()) {
      edit.atimeNanos(request.getAtimeNanos());
    }
    if (request.hasReplication()) {
      context.extents().changeReplication(namespace, before, request.getReplication());
      edit.replication(request.getReplication());
    }
    return OperationResult.newBuilder()
        .setAttributes(namespace.attributes(namespace.putInode(edit.done())))
        .build();
  }

  private void requireAllowed(InodeRecord inode) throws CairnException {
    if (request.hasMode()) {
      FileLimits.requireMode(request.getMode());
      requireHasMode(inode);
      requirePermitted(Permissions.isOwner(inode, principal), "change the mode");
    }
    if (request.hasOwner()) {
      requireName(request.getOwner());
      boolean same = request.getOwner().equals(inode.owner());
      requirePermitted(
          principal.superuser() || (same && Permissions.isOwner(inode, principal)),
          "change the owner");
    }
    if (request.hasGroup()) {
      requireName(request.getGroup());
      boolean known =
          request.getGroup().equals(inode.group()) || principal.isIn(request.getGroup());
      requirePermitted(
          principal.superuser() || (known && Permissions.isOwner(inode, principal)),
          "change the group to " + request.getGroup());
    }
    if (request.hasMtimeNanos() || request.hasAtimeNanos()) {
      if (!Permissions.isOwner(inode, principal)) {
        requirePermitted(!inode.isSymlink(), "change the times of a symlink");
        requireWrite(inode);
      }
    }
    if (request.hasReplication()) {
      Tree.requireFile(inode, request.getTarget());
      FileLimits.requireReplication(request.getReplication());
      requireWrite(inode);
    }
  }

  private void requireHasMode(InodeRecord inode) throws CairnException {
    if (inode.isSymlink()) {
      throw new CairnException(
          ErrorCode.UNSUPPORTED,
          describe(request.getTarget()) + " is a symlink, whose mode does not change");
    }
  }

  /** As Linux: whoever changes hands loses its set-id bits, also when root does it. */
  private int newMode(InodeRecord before) {
    boolean member = principal.superuser() || principal.isIn(before.group());
    int mode = request.hasMode() ? request.getMode() : before.mode();
    if (request.hasMode() && !member) {
      mode &= ~Permissions.SET_GROUP_ID;
    }
    boolean chowns = request.hasOwner() || request.hasGroup();
    boolean asked = request.hasMode() && principal.superuser();
    return !chowns || asked || before.isDirectory() ? mode : Permissions.withoutSetId(mode, member);
  }

  private void requireWrite(InodeRecord inode) throws CairnException {
    Permissions.require(inode, principal, Permissions.WRITE, () -> describe(request.getTarget()));
  }

  private void requirePermitted(boolean permitted, String what) throws CairnException {
    if (!permitted) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED,
          describe(request.getTarget()) + ": user=" + principal.user() + " may not " + what);
    }
  }

  private static void requireName(String name) throws CairnException {
    if (name.isEmpty() || name.length() > MAX_NAME) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "a user or group name has 1 to " + MAX_NAME + " characters, not " + name.length());
    }
  }

  private static String describe(NodeRef ref) {
    return PathResolver.describe(ref);
  }
}
