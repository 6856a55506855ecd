package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DentryRecord;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.XattrTable;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.PurgeStep;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Removes a bounded number of records of what was deleted, the oldest first. A directory is emptied
 * entry by entry: files go with their extents, directories in it become deleted things of their
 * own, so that no step depends on the depth of a tree. What a session still has open stays for
 * later.
 */
final class PurgeStepOperation {
  private static final int MAX_LIMIT = 100_000;

  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final Set<Long> held;
  private final int limit;
  private final long untilIndex;
  private int handled;

  private PurgeStepOperation(CommandContext context, PurgeStep request) {
    this.context = context;
    this.namespace = context.namespace();
    this.held = new HashSet<>(request.getHeldInodesList());
    this.limit = request.getLimit();
    this.untilIndex = request.getUntilIndex() == 0 ? Long.MAX_VALUE : request.getUntilIndex();
  }

  static CommandReply.Builder apply(CommandContext context, PurgeStep request)
      throws CairnException {
    if (request.getLimit() < 1 || request.getLimit() > MAX_LIMIT) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "limit " + request.getLimit() + " outside 1.." + MAX_LIMIT);
    }
    return new PurgeStepOperation(context, request).apply();
  }

  private CommandReply.Builder apply() throws CairnException {
    byte[] from = Keys.live();
    while (handled < limit) {
      Optional<byte[]> row = nextRow(from);
      if (row.isEmpty()) {
        break;
      }
      from = Bytes.after(row.get());
      purge(row.get());
    }
    return CommandReply.newBuilder().setCount(handled).setChanged(handled > 0);
  }

  /** The next thing to purge that nobody has open. */
  private Optional<byte[]> nextRow(byte[] from) {
    byte[] end = Bytes.afterPrefix(Keys.live());
    try (RecordCursor rows = context.transaction().scan(Table.DELETED, from, end)) {
      while (rows.next() && indexOf(rows.key()) <= untilIndex) {
        if (!held.contains(inodeOf(rows.key()).value())) {
          return Optional.of(rows.key());
        }
      }
    }
    return Optional.empty();
  }

  private static long indexOf(byte[] row) {
    return KeyBuilder.longAt(row, 1);
  }

  private static InodeId inodeOf(byte[] row) {
    return new InodeId(KeyBuilder.longAt(row, 1 + Long.BYTES));
  }

  private void purge(byte[] row) throws CairnException {
    InodeRecord inode = namespace.requireInode(inodeOf(row));
    boolean gone = inode.isDirectory() ? emptyDirectory(inode, indexOf(row)) : removeContent(inode);
    if (gone) {
      removeRecord(inode);
      context.transaction().delete(Table.DELETED, row);
    }
  }

  private void removeRecord(InodeRecord inode) {
    namespace.deleteInode(inode.id());
    XattrTable.removeAll(context.transaction(), inode.id());
    LockTable.removeAll(context.transaction(), inode.id());
    Counter total = inode.isDirectory() ? Counter.DIRECTORIES : Counter.FILES;
    context.transaction().addTo(total, -1);
    handled++;
  }

  /** True when nothing is left in the directory. */
  private boolean emptyDirectory(InodeRecord directory, long deleted) throws CairnException {
    try (RecordCursor entries = namespace.entries(directory.id())) {
      while (entries.next()) {
        if (handled >= limit) {
          return false;
        }
        DentryRecord entry = Namespace.entryAt(entries);
        InodeRecord child = namespace.requireInode(entry.inode());
        removeEntry(directory, FileName.of(Keys.nameOf(entries.key())), child, deleted);
      }
    }
    return handled < limit;
  }

  private void removeEntry(InodeRecord directory, FileName name, InodeRecord child, long deleted) {
    namespace.deleteDentry(directory.id(), name);
    handled++;
    if (child.isDirectory()) {
      namespace.moveToDeleted(child, deleted);
      return;
    }
    InodeRecord unlinked = namespace.withoutName(child, directory.id(), name);
    if (unlinked.linkCount() > 0) {
      namespace.putInode(unlinked);
    } else if (held.contains(child.id().value()) || !removeContent(unlinked)) {
      namespace.moveToDeleted(unlinked, deleted);
    } else {
      removeRecord(unlinked);
    }
  }

  /** True when nothing is left of the file but its inode. */
  private boolean removeContent(InodeRecord file) {
    namespace
        .lease(file.id())
        .ifPresent(
            lease -> {
              context.extents().endWriting(namespace, file.id(), lease.session());
              namespace.revokeLease(file.id());
            });
    if (file.content() == ContentKind.INLINE) {
      namespace.deleteInlineContent(file.id());
      handled++;
    }
    if (file.content() != ContentKind.EXTENTS) {
      return true;
    }
    int budget = Math.max(1, limit - handled);
    int released = context.extents().release(namespace, file.id(), budget);
    handled += released;
    return released < budget;
  }
}
