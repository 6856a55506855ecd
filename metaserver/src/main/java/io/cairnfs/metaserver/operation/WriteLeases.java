package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.types.NodeRef;
import java.util.Optional;

/** Rules of the exclusive write lease. */
final class WriteLeases {
  private static final int INODE_OFFSET_BY_SESSION = 2 + Long.BYTES;

  private WriteLeases() {}

  /**
   * Nobody writes the file, and its length is known.
   *
   * @throws CairnException BEING_WRITTEN, RETRY
   */
  static void requireFree(CommandContext context, InodeRecord file, NodeRef ref)
      throws CairnException {
    Optional<LeaseRecord> lease = context.namespace().lease(file.id());
    if (lease.isPresent()) {
      throw new CairnException(
          ErrorCode.BEING_WRITTEN,
          PathResolver.describe(ref) + " is being written by " + lease.get().session());
    }
    context.extents().requireSettled(context.namespace(), file);
  }

  /**
   * Nobody writes the file alone, and its length is known. Whoever does is asked to let others
   * write, too.
   *
   * @throws CairnException RETRY
   */
  static void recall(CommandContext context, InodeRecord file, NodeRef ref) throws CairnException {
    Optional<LeaseRecord> lease = context.namespace().lease(file.id());
    if (lease.isPresent()) {
      context
          .recalledLeases()
          .add(
              RecalledLease.newBuilder()
                  .setInode(file.id().value())
                  .setSession(lease.get().session().value())
                  .setLease(lease.get().grant())
                  .build());
      throw new CairnException(
          ErrorCode.RETRY,
          PathResolver.describe(ref)
              + " is being written by "
              + lease.get().session()
              + ", which is asked for its lease");
    }
    context.extents().requireSettled(context.namespace(), file);
  }

  /**
   * The lease that the caller presents is the one in force.
   *
   * @throws CairnException LEASE_LOST
   */
  static LeaseRecord requireHeld(CommandContext context, InodeId file, long grant)
      throws CairnException {
    SessionId session = context.requireSession().id();
    return context
        .namespace()
        .lease(file)
        .filter(lease -> lease.session().equals(session) && lease.grant() == grant)
        .orElseThrow(
            () ->
                new CairnException(
                    ErrorCode.LEASE_LOST,
                    file + ": " + session + " does not hold write lease " + grant));
  }

  /**
   * The caller gives a lease back that he holds.
   *
   * @param keepChunks he goes on writing without it
   */
  static void end(CommandContext context, InodeId file, boolean keepChunks) {
    SessionId session = context.requireSession().id();
    if (keepChunks) {
      context.extents().endOpenTails(context.namespace(), file, session);
    } else {
      context.extents().endWriting(context.namespace(), file, session);
    }
    context.namespace().revokeLease(file);
  }

  /** Takes a lease away from whoever has it. */
  static void revoke(CommandContext context, InodeId file, LeaseRecord lease) {
    context.extents().endWriting(context.namespace(), file, lease.session());
    context.namespace().revokeLease(file);
  }

  /** Ends every lease of a session that ends. */
  static void revokeAll(CommandContext context, SessionId session) {
    NamespaceEditor namespace = context.namespace();
    byte[] prefix = Keys.sessionLeases(session);
    try (RecordCursor leases = context.transaction().scanPrefix(Table.LEASE, prefix)) {
      while (leases.next()) {
        InodeId file = new InodeId(KeyBuilder.longAt(leases.key(), INODE_OFFSET_BY_SESSION));
        context.extents().endWriting(namespace, file, session);
        namespace.revokeLease(file);
      }
    }
  }
}
