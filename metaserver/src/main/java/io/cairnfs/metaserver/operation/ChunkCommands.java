package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;

/** Hands the commands about chunks, slots and data servers to their classes. */
final class ChunkCommands {
  private ChunkCommands() {}

  /** A command of the cluster itself. */
  static CommandReply.Builder apply(CommandContext context) throws CairnException {
    Command command = context.command();
    return switch (command.getKindCase()) {
      case REGISTER_SERVER -> RegisterServerOperation.apply(context, command.getRegisterServer());
      case SET_SERVER -> SetServerOperation.apply(context, command.getSetServer());
      case FENCE_CHUNK -> FenceChunkOperation.apply(context, command.getFenceChunk());
      case SETTLE_CHUNK -> SettleChunkOperation.apply(context, command.getSettleChunk());
      case REPAIR_DONE -> RepairDoneOperation.apply(context, command.getRepairDone());
      case REPAIR_NEEDED -> RepairNeededOperation.apply(context, command.getRepairNeeded());
      case REPLICAS_FOUND -> ReplicasFoundOperation.apply(context, command.getReplicasFound());
      case GARBAGE_DONE -> GarbageDoneOperation.apply(context, command.getGarbageDone());
      case RELEASE_GARBAGE -> ReleaseGarbageOperation.apply(context, command.getReleaseGarbage());
      case BEGIN_JOIN -> BeginJoinOperation.apply(context, command.getBeginJoin());
      case ADVANCE_JOIN -> AdvanceJoinOperation.apply(context, command.getAdvanceJoin());
      case PROMOTE -> PromoteOperation.apply(context, command.getPromote());
      case BEGIN_COMPACTION -> CompactionOperations.begin(context, command.getBeginCompaction());
      case COMPACT -> CompactionOperations.commit(context, command.getCompact());
      case BEGIN_STRIPE -> StripeOperations.begin(context, command.getBeginStripe());
      case COMMIT_STRIPE -> StripeOperations.commit(context, command.getCommitStripe());
      case ADD_POOL -> AddPoolOperation.apply(context, command.getAddPool());
      case OPERATION,
          OPEN_SESSION,
          EXPIRE_SESSION,
          REVOKE_LEASE,
          TICK,
          BOOTSTRAP,
          PURGE_STEP,
          EMPTY_TRASH,
          KIND_NOT_SET ->
          throw new IllegalStateException(command.getKindCase() + " is not about chunks");
    };
  }

  /** A call of a client. */
  static OperationResult applyOperation(CommandContext context, Operation operation)
      throws CairnException {
    return switch (operation.getKindCase()) {
      case ALLOCATE -> AllocateOperation.apply(context, operation.getAllocate());
      case COMMIT -> CommitExtentsOperation.apply(context, operation.getCommit());
      case CLOSE_CHUNKS -> CloseChunksOperation.apply(context, operation.getCloseChunks());
      case SET_MEMBERSHIP -> SetMembershipOperation.apply(context, operation.getSetMembership());
      case MKDIR,
          CREATE,
          RENAME,
          SYMLINK,
          LINK,
          ACCESSED,
          SET_XATTR,
          REMOVE_XATTR,
          SET_ACL,
          SET_CODING_POLICY,
          SET_STORAGE_POLICY,
          ENABLE_CODING_POLICY,
          MAKE_NODE,
          LOCK,
          UNLOCK,
          STOP_WAITING,
          RELEASE_LOCKS,
          RECOVER_LEASE,
          LEASE_DIRECTORY,
          BATCH,
          UNLINK,
          RMDIR,
          DELETE_TREE,
          SET_ATTRIBUTES,
          RELEASE,
          CLOSE_SESSION,
          OPEN_FOR_WRITE,
          SET_LENGTH,
          PUNCH,
          CLONE_RANGE,
          CONCAT,
          ALLOCATE_RANGE,
          KIND_NOT_SET ->
          throw new IllegalStateException(operation.getKindCase() + " is not about chunks");
    };
  }
}
