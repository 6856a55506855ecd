package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DirectoryGuard;
import io.cairnfs.metaserver.namespace.FileExtents;
import io.cairnfs.metaserver.namespace.LeaseGuard;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.metadata.DirectoryChange;
import java.util.List;
import java.util.Optional;

/**
 * What an operation may look at: the command, the state, and who asks.
 *
 * @param nowNanos the command's time: later than that of every command before it
 * @param session of the caller; absent for the cluster's own commands
 * @param extents the chunk side
 * @param grantedTickets takes the tickets of claims that waited for locks and got them by this
 *     command
 * @param recalledLeases takes the leases that were in the way of a command that is refused
 * @param change the change of a batch that is being done; absent outside of batches
 */
public record CommandContext(
    Command command,
    NamespaceEditor namespace,
    Principal principal,
    long nowNanos,
    Optional<SessionRecord> session,
    FileExtents extents,
    List<Long> grantedTickets,
    List<RecalledLease> recalledLeases,
    Optional<DirectoryChange> change) {

  /** The same for a change of a batch, which happened at some time before. */
  CommandContext ofChange(DirectoryChange next, long atNanos) {
    return new CommandContext(
        command,
        namespace,
        principal,
        atNanos,
        session,
        extents,
        grantedTickets,
        recalledLeases,
        Optional.of(next));
  }

  public Transaction transaction() {
    return namespace.transaction();
  }

  /** Log index of the entry that holds the command. */
  public long index() {
    return namespace.transaction().index();
  }

  /** Which directories the operation may look at. */
  public DirectoryGuard guard() {
    return change.isPresent()
        ? LeaseGuard.ofChange(transaction(), requireSession().id())
        : LeaseGuard.ofCommand(transaction(), session.map(SessionRecord::id));
  }

  /** Walks paths as the caller may. */
  public PathResolver paths() {
    return new PathResolver(namespace, principal, guard());
  }

  /** The id of an inode that the command makes. */
  InodeId newInodeId() {
    return change.isPresent()
        ? new InodeId(change.get().getInode())
        : new InodeId(transaction().nextId(Counter.INODE_ID));
  }

  /** Settings of the cluster. */
  public ClusterRecord cluster() throws CairnException {
    return ClusterRecord.find(namespace.reader())
        .orElseThrow(
            () -> new CairnException(ErrorCode.UNAVAILABLE, "the cluster is not bootstrapped yet"));
  }

  /** The caller's session. */
  public SessionRecord requireSession() {
    return session.orElseThrow(() -> new IllegalStateException("a command without a session"));
  }
}
