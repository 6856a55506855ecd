package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DirectoryHeld;
import io.cairnfs.metaserver.namespace.FileExtents;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.ArrayList;
import java.util.Optional;

/**
 * Runs commands within a transaction. A command is atomic: a {@link CairnException} takes back
 * everything it did and becomes its reply. Any other exception passes through, and the caller must
 * stop the process without writing the transaction.
 *
 * <p>A call of a session is executed once: {@link Replies} answers a repeated call, refuses one
 * below the client's low-water mark, and keeps the reply, be it a result or an error.
 */
public final class CommandExecutor {
  private final FileExtents extents;

  public CommandExecutor(FileExtents extents) {
    this.extents = extents;
  }

  /** Executes one command; its changes are in the transaction afterwards. */
  public CommandReply execute(Transaction transaction, Command command) {
    NamespaceEditor namespace = new NamespaceEditor(transaction);
    long now = advanceTime(transaction, command.getStampNanos());
    if (command.hasOperation()) {
      return executeCall(namespace, command, now);
    }
    return attempt(context(namespace, command, now, Optional.empty()));
  }

  private static long advanceTime(Transaction transaction, long stampNanos) {
    long now = Math.max(stampNanos, transaction.counter(Counter.TIME_NANOS) + 1);
    transaction.begin();
    transaction.setCounter(Counter.TIME_NANOS, now);
    transaction.keep();
    return now;
  }

  private CommandReply executeCall(NamespaceEditor namespace, Command command, long now) {
    Replies replies = new Replies(namespace);
    SessionRecord session;
    boolean isNewest;
    try {
      session = replies.requireSession(command);
      replies.requireCurrent(session, command);
      Optional<CommandReply> known = replies.find(session, command.getCall());
      if (known.isPresent()) {
        return known.get();
      }
      isNewest = command.getCall() > session.highCall();
      session = replies.admit(session, command);
    } catch (CairnException e) {
      return failure(namespace.transaction().index(), e);
    }
    CommandReply reply = attempt(context(namespace, command, now, Optional.of(session)));
    replies.store(session.id(), command.getCall(), isNewest, stored(reply));
    return reply;
  }

  /** Whom else the command gave a lock, or wants a lease of, is news once. */
  private static CommandReply stored(CommandReply reply) {
    return reply.getGrantedTicketsCount() == 0 && reply.getRecalledLeasesCount() == 0
        ? reply
        : reply.toBuilder().clearGrantedTickets().clearRecalledLeases().build();
  }

  private CommandContext context(
      NamespaceEditor namespace, Command command, long now, Optional<SessionRecord> session) {
    String caller = command.getUser();
    Principal principal =
        new Principal(
            command.getOnBehalf().isEmpty() ? caller : command.getOnBehalf(),
            command.getGroupsList(),
            command.getSuperuser(),
            caller);
    return new CommandContext(
        command,
        namespace,
        principal,
        now,
        session,
        extents,
        new ArrayList<>(),
        new ArrayList<>(),
        Optional.empty());
  }

  /** Runs the command between savepoints. */
  private static CommandReply attempt(CommandContext context) {
    Transaction transaction = context.transaction();
    transaction.begin();
    try {
      CommandReply reply =
          dispatch(context)
              .setLogIndex(context.index())
              .addAllGrantedTickets(context.grantedTickets())
              .build();
      transaction.keep();
      return reply;
    } catch (CairnException e) {
      transaction.discard();
      transaction.keep();
      if (e instanceof DirectoryHeld held) {
        context.recalledLeases().add(held.lease());
      }
      return failure(context.index(), e).toBuilder()
          .addAllRecalledLeases(context.recalledLeases())
          .build();
    }
  }

  private static CommandReply failure(long index, CairnException e) {
    return CommandReply.newBuilder()
        .setLogIndex(index)
        .setErrorCode(e.code().number())
        .setErrorMessage(String.valueOf(e.getMessage()))
        .build();
  }

  private static CommandReply.Builder dispatch(CommandContext context) throws CairnException {
    Command command = context.command();
    return switch (command.getKindCase()) {
      case OPERATION -> CommandReply.newBuilder().setResult(operate(context));
      case OPEN_SESSION -> OpenSessionOperation.apply(context, command.getOpenSession());
      case EXPIRE_SESSION -> ExpireSessionOperation.apply(context, command.getExpireSession());
      case TICK -> TickOperation.apply(context, command.getTick());
      case BOOTSTRAP -> BootstrapOperation.apply(context, command.getBootstrap());
      case REVOKE_LEASE -> RevokeLeaseOperation.apply(context, command.getRevokeLease());
      case PURGE_STEP -> PurgeStepOperation.apply(context, command.getPurgeStep());
      case EMPTY_TRASH -> EmptyTrashOperation.apply(context, command.getEmptyTrash());
      case REGISTER_SERVER,
          SET_SERVER,
          FENCE_CHUNK,
          SETTLE_CHUNK,
          REPAIR_DONE,
          REPAIR_NEEDED,
          REPLICAS_FOUND,
          GARBAGE_DONE,
          RELEASE_GARBAGE,
          BEGIN_JOIN,
          ADVANCE_JOIN,
          PROMOTE,
          ADD_POOL,
          BEGIN_STRIPE,
          COMMIT_STRIPE,
          BEGIN_COMPACTION,
          COMPACT ->
          ChunkCommands.apply(context);
      case KIND_NOT_SET -> throw new CairnException(ErrorCode.MALFORMED, "a command of no kind");
    };
  }

  private static OperationResult operate(CommandContext context) throws CairnException {
    Operation operation = context.command().getOperation();
    if (operation.hasFence()) {
      Locks.requireInForce(context, operation.getFence());
    }
    return dispatchOperation(context, operation);
  }

  /** Does an operation, be it the command's own or a change of its batch. */
  static OperationResult dispatchOperation(CommandContext context, Operation operation)
      throws CairnException {
    return switch (operation.getKindCase()) {
      case MKDIR -> MkdirOperation.apply(context, operation.getMkdir());
      case CREATE -> CreateOperation.apply(context, operation.getCreate());
      case RENAME -> RenameOperation.apply(context, operation.getRename());
      case UNLINK -> UnlinkOperation.apply(context, operation.getUnlink());
      case RMDIR -> RmdirOperation.apply(context, operation.getRmdir());
      case DELETE_TREE -> DeleteTreeOperation.apply(context, operation.getDeleteTree());
      case SET_ATTRIBUTES -> SetAttributesOperation.apply(context, operation.getSetAttributes());
      case SYMLINK -> SymlinkOperation.apply(context, operation.getSymlink());
      case MAKE_NODE -> MakeNodeOperation.apply(context, operation.getMakeNode());
      case LINK -> LinkOperation.apply(context, operation.getLink());
      case ACCESSED -> AccessedOperation.apply(context, operation.getAccessed());
      case SET_XATTR -> SetXattrOperation.apply(context, operation.getSetXattr());
      case REMOVE_XATTR -> RemoveXattrOperation.apply(context, operation.getRemoveXattr());
      case SET_ACL -> SetAclOperation.apply(context, operation.getSetAcl());
      case SET_CODING_POLICY -> PolicyOperations.setCoding(context, operation.getSetCodingPolicy());
      case SET_STORAGE_POLICY ->
          PolicyOperations.setStorage(context, operation.getSetStoragePolicy());
      case ENABLE_CODING_POLICY ->
          PolicyOperations.enableCoding(context, operation.getEnableCodingPolicy());
      case RELEASE -> ReleaseOperation.apply(context, operation.getRelease());
      case CLOSE_SESSION -> CloseSessionOperation.apply(context);
      case OPEN_FOR_WRITE -> OpenForWriteOperation.apply(context, operation.getOpenForWrite());
      case ALLOCATE, COMMIT, CLOSE_CHUNKS, SET_MEMBERSHIP ->
          ChunkCommands.applyOperation(context, operation);
      case SET_LENGTH -> SetLengthOperation.apply(context, operation.getSetLength());
      case PUNCH -> PunchOperation.apply(context, operation.getPunch());
      case ALLOCATE_RANGE -> AllocateRangeOperation.apply(context, operation.getAllocateRange());
      case CLONE_RANGE -> CloneRangeOperation.apply(context, operation.getCloneRange());
      case CONCAT -> ConcatOperation.apply(context, operation.getConcat());
      case RECOVER_LEASE -> RecoverLeaseOperation.apply(context, operation.getRecoverLease());
      case LOCK -> LockOperation.apply(context, operation.getLock());
      case UNLOCK -> UnlockOperations.unlock(context, operation.getUnlock());
      case STOP_WAITING -> UnlockOperations.stopWaiting(context, operation.getStopWaiting());
      case RELEASE_LOCKS -> UnlockOperations.releaseAll(context, operation.getReleaseLocks());
      case LEASE_DIRECTORY -> LeaseDirectoryOperation.apply(context, operation.getLeaseDirectory());
      case BATCH -> BatchOperation.apply(context, operation.getBatch());
      case KIND_NOT_SET -> throw new CairnException(ErrorCode.MALFORMED, "an operation of no kind");
    };
  }
}
