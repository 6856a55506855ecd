package io.cairnfs.metaserver.operation;

import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.ChangerRecord;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryLeaseResult;
import io.cairnfs.proto.metadata.InodeRange;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.NodeRef;
import java.util.List;
import java.util.Optional;

/**
 * Takes a directory for one session alone, with all its names, and sets inode ids aside for what
 * that session makes there without asking first.
 */
final class LeaseDirectoryOperation {
  private static final int MAX_ENTRIES = 4096;
  private static final int MAX_INODES = 65_536;

  /** Ranges of ids that a session may have at once. */
  private static final int MAX_RANGES = 8;

  /** Directories that a session may have at once. */
  static final int MAX_LEASES = 4096;

  private LeaseDirectoryOperation() {}

  static OperationResult apply(CommandContext context, LeaseDirectory request)
      throws CairnException {
    NodeRef ref = NodeRef.newBuilder().setBase(request.getDirectory()).build();
    if (request.getDirectory() <= 0
        || request.getMaxEntries() < 0
        || request.getMaxEntries() > MAX_ENTRIES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "inode=" + request.getDirectory() + ", at most " + request.getMaxEntries() + " entries");
    }
    InodeRecord directory = context.paths().resolve(ref, LastLink.KEPT);
    if (!directory.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY, PathResolver.describe(ref) + " is not a directory");
    }
    Permissions.require(
        directory,
        context.principal(),
        Permissions.WRITE | Permissions.SEARCH,
        () -> PathResolver.describe(ref));
    DirectoryLeaseResult.Builder result = DirectoryLeaseResult.newBuilder();
    addEntries(context, directory, request.getMaxEntries(), ref, result);
    result.setInodes(setAside(context, request.getInodes()));
    result.setLease(lease(context, directory).grant());
    result.setAttributes(context.namespace().attributes(directory));
    result
        .setUser(context.principal().user())
        .addAllGroups(context.principal().groups())
        .setSuperuser(context.principal().superuser());
    return OperationResult.newBuilder()
        .setDirectoryLease(result.setTimeNanos(context.nowNanos()))
        .build();
  }

  private static LeaseRecord lease(CommandContext context, InodeRecord directory)
      throws CairnException {
    SessionId session = context.requireSession().id();
    ChangerRecord changer = changer(context).since(context.nowNanos());
    Optional<LeaseRecord> held = DirectoryLeaseTable.find(context.transaction(), directory.id());
    DirectoryLeaseTable.putChanger(context.transaction(), session, changer);
    if (held.isPresent()) {
      return held.get();
    }
    LeaseRecord lease = new LeaseRecord(session, context.transaction().nextId(Counter.LEASE_ID), 0);
    grant(context, directory, lease);
    return lease;
  }

  /** Leases a directory that nobody has to a session that has leased directories before. */
  static void grant(CommandContext context, InodeRecord directory, LeaseRecord lease)
      throws CairnException {
    if (changer(context).leases() >= MAX_LEASES) {
      throw new CairnException(
          ErrorCode.NO_LOCKS, lease.session() + " has " + MAX_LEASES + " directories leased");
    }
    DirectoryLeaseTable.grant(context.transaction(), directory.id(), lease);
  }

  /** What the caller's session was given so far. */
  static ChangerRecord changer(CommandContext context) {
    return DirectoryLeaseTable.changer(context.transaction(), context.requireSession().id())
        .orElseGet(() -> new ChangerRecord(context.nowNanos(), 0, List.of()));
  }

  /** Sets ids aside for the caller's session. */
  static InodeRange setAside(CommandContext context, int count) throws CairnException {
    if (count < 0 || count > MAX_INODES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, count + " inode ids; at most " + MAX_INODES);
    }
    if (count == 0) {
      return InodeRange.getDefaultInstance();
    }
    ChangerRecord changer = changer(context);
    if (changer.setAside().size() >= MAX_RANGES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, MAX_RANGES + " ranges of inode ids are not used up yet");
    }
    long last = context.transaction().counter(Counter.INODE_ID);
    context.transaction().setCounter(Counter.INODE_ID, last + count);
    DirectoryLeaseTable.putChanger(
        context.transaction(),
        context.requireSession().id(),
        changer.with(new ChangerRecord.Range(last + 1, last + 1 + count)));
    return InodeRange.newBuilder().setFirst(last + 1).setCount(count).build();
  }

  private static void addEntries(
      CommandContext context,
      InodeRecord directory,
      int most,
      NodeRef ref,
      DirectoryLeaseResult.Builder result)
      throws CairnException {
    Namespace namespace = context.namespace();
    try (RecordCursor entries = namespace.entries(directory.id())) {
      while (entries.next()) {
        if (result.getEntriesCount() == most) {
          throw new CairnException(
              ErrorCode.TOO_LARGE,
              PathResolver.describe(ref) + " has more than " + most + " entries");
        }
        InodeRecord child = namespace.requireInode(Namespace.entryAt(entries).inode());
        if (child.isDirectory()) {
          context.guard().enter(child, ref);
        }
        result.addEntries(
            DirectoryEntry.newBuilder()
                .setName(UnsafeByteOperations.unsafeWrap(Keys.nameOf(entries.key())))
                .setAttributes(namespace.attributes(child)));
      }
    }
  }
}
