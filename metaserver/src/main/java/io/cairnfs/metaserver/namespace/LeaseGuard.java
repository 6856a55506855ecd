package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.NodeRef;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Holds a caller back from directories that other sessions have leased. Where nobody has leased any
 * directory it looks nothing up.
 */
public final class LeaseGuard implements DirectoryGuard {
  private final RecordReader reader;
  private final boolean anyLeased;
  private final Predicate<LeaseRecord> own;

  private LeaseGuard(RecordReader reader, boolean anyLeased, Predicate<LeaseRecord> own) {
    this.reader = reader;
    this.anyLeased = anyLeased;
    this.own = own;
  }

  /** For a command, of a session or of the cluster itself. */
  public static DirectoryGuard ofCommand(Transaction transaction, Optional<SessionId> session) {
    return new LeaseGuard(
        transaction,
        transaction.counter(Counter.DIRECTORY_LEASES) > 0,
        lease -> session.filter(lease.session()::equals).isPresent());
  }

  /** For a read. A session that is not the reader's counts as none. */
  public static DirectoryGuard ofRead(RecordReader view, Principal reader, long session) {
    return new LeaseGuard(
        view,
        Counter.DIRECTORY_LEASES.in(view) > 0,
        lease ->
            lease.session().value() == session
                && new Namespace(view)
                    .session(lease.session())
                    .filter(open -> open.user().equals(reader.caller()))
                    .isPresent());
  }

  /**
   * For a change of a batch, which touches nothing but what its session has leased.
   *
   * @return a guard that says LEASE_LOST for any other directory
   */
  public static DirectoryGuard ofChange(Transaction transaction, SessionId session) {
    return (directory, ref) -> {
      boolean held =
          DirectoryLeaseTable.find(transaction, directory.id())
              .filter(lease -> lease.session().equals(session))
              .isPresent();
      if (!held) {
        throw new CairnException(
            ErrorCode.LEASE_LOST,
            PathResolver.describe(ref) + ": " + directory.id() + " is not leased to " + session);
      }
    };
  }

  @Override
  public void enter(InodeRecord directory, NodeRef ref) throws CairnException {
    if (!anyLeased) {
      return;
    }
    Optional<LeaseRecord> lease = DirectoryLeaseTable.find(reader, directory.id());
    if (lease.isPresent() && !own.test(lease.get())) {
      throw new DirectoryHeld(directory.id(), lease.get(), ref);
    }
  }
}
