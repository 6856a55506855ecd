package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.ChangerRecord;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.LeaseRecord;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.metadata.BatchResult;
import io.cairnfs.proto.metadata.ChangeBatch;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.Attributes;
import java.util.HashMap;
import java.util.Map;

/**
 * Does what a session has done in its leased directories, in order. Each change is atomic; the
 * first one that is refused ends the batch, so that what was done is always a prefix.
 */
final class BatchOperation {
  private static final int MAX_CHANGES = 4096;

  private final CommandContext context;
  private final Transaction transaction;
  private final SessionId session;
  private final BatchResult.Builder result = BatchResult.newBuilder();

  /** Of files that this batch has made: whoever asked for them could not know them yet. */
  private final Map<Long, ByteString> handles = new HashMap<>();

  private BatchOperation(CommandContext context) {
    this.context = context;
    this.transaction = context.transaction();
    this.session = context.requireSession().id();
  }

  static OperationResult apply(CommandContext context, ChangeBatch request) throws CairnException {
    int count = request.getChangesCount();
    if (count < 1 || count > MAX_CHANGES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, count + " changes; 1 to " + MAX_CHANGES + " are possible");
    }
    return new BatchOperation(context).apply(request);
  }

  private OperationResult apply(ChangeBatch request) throws CairnException {
    result.setInodes(LeaseDirectoryOperation.setAside(context, request.getInodes()));
    for (DirectoryChange change : request.getChangesList()) {
      // What was done so far stays, whatever becomes of the next one.
      transaction.keep();
      transaction.begin();
      try {
        apply(change);
      } catch (CairnException e) {
        transaction.discard();
        if (e.code() == ErrorCode.RETRY && result.getDone() == 0 && request.getInodes() == 0) {
          throw e;
        }
        result.setErrorCode(e.code().number()).setErrorMessage(String.valueOf(e.getMessage()));
        break;
      }
      result.setDone(result.getDone() + 1);
    }
    return OperationResult.newBuilder().setBatch(result).build();
  }

  private void apply(DirectoryChange change) throws CairnException {
    requireSuits(change);
    ChangerRecord changer =
        DirectoryLeaseTable.changer(transaction, session)
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.LEASE_LOST, session + " never leased a directory"));
    if (change.getInode() != 0) {
      changer =
          changer
              .without(change.getInode())
              .orElseThrow(
                  () ->
                      new CairnException(
                          ErrorCode.INVALID_ARGUMENT,
                          "inode=" + change.getInode() + " was not set aside for " + session));
    }
    DirectoryLeaseTable.putChanger(transaction, session, changer);
    long at = Math.min(context.nowNanos(), Math.max(changer.sinceNanos(), change.getTimeNanos()));
    OperationResult done =
        CommandExecutor.dispatchOperation(context.ofChange(change, at), withHandle(change));
    if (done.hasCreate()) {
      handles.put(change.getInode(), done.getCreate().getHandle());
    }
    if (change.getLeased()) {
      lease(done.getAttributes());
    }
    if (change.getWantsResult()) {
      result.addResults(done);
    }
  }

  private Operation withHandle(DirectoryChange change) {
    Operation operation = change.getOperation();
    ByteString handle = handles.get(operation.getCommit().getInode());
    if (handle == null || !operation.getCommit().getHandle().isEmpty()) {
      return operation;
    }
    return operation.toBuilder()
        .setCommit(operation.getCommit().toBuilder().setHandle(handle))
        .build();
  }

  private void lease(Attributes made) throws CairnException {
    LeaseRecord above =
        DirectoryLeaseTable.find(transaction, new InodeId(made.getParent()))
            .orElseThrow(() -> new CorruptRecord("inode=" + made.getParent() + " is not leased"));
    InodeRecord directory = context.namespace().requireInode(new InodeId(made.getInode()));
    LeaseDirectoryOperation.grant(context, directory, above);
  }

  private static void requireSuits(DirectoryChange change) throws CairnException {
    Operation operation = change.getOperation();
    boolean makes =
        switch (operation.getKindCase()) {
          case MKDIR, CREATE, SYMLINK -> true;
          default -> false;
        };
    boolean suits =
        switch (operation.getKindCase()) {
          case MKDIR -> !operation.getMkdir().getParents() && !operation.getMkdir().getExistOk();
          case CREATE -> suits(operation.getCreate());
          case COMMIT -> suits(operation.getCommit());
          case SYMLINK, UNLINK, RMDIR, RENAME, SET_ATTRIBUTES -> true;
          default -> false;
        };
    boolean alone = !operation.hasOnBehalf() && !operation.hasFence();
    boolean leasesDirectory = !change.getLeased() || operation.hasMkdir();
    if (!suits || !alone || !leasesDirectory || makes != change.getInode() > 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          operation.getKindCase() + " of inode=" + change.getInode() + " is no change of a batch");
    }
  }

  private static boolean suits(Create create) {
    return create.hasInline()
        && !create.getOverwrite()
        && !create.getParents()
        && !create.getFollow();
  }

  private static boolean suits(CommitExtents commit) {
    return commit.getLease() == 0 && commit.getExtentsCount() == 0 && commit.getChunksCount() == 0;
  }
}
