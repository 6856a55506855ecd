package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.chunk.ChunkAllocation;
import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.SlotMembership;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateResult;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.ServerHealth;

/**
 * Gives a session chunks ahead of need: for one file that it has the write lease of, or shared by
 * small files of equal replication.
 */
final class AllocateOperation {
  private static final int MAX_COUNT = 16;

  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final Allocate request;

  private AllocateOperation(CommandContext context, Allocate request) {
    this.context = context;
    this.namespace = context.namespace();
    this.request = request;
  }

  static OperationResult apply(CommandContext context, Allocate request) throws CairnException {
    return new AllocateOperation(context, request).apply();
  }

  private OperationResult apply() throws CairnException {
    int count = request.getCount();
    if (count < 1 || count > MAX_COUNT) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "count " + count + " outside 1.." + MAX_COUNT);
    }
    Command command = context.command();
    if (command.getChosenSlotsCount() < count || command.getPipelinesCount() < count) {
      throw new CairnException(
          ErrorCode.RETRY,
          command.getChosenSlotsCount() + " slots were chosen for " + count + " chunks");
    }
    ClusterRecord cluster = context.cluster();
    int replication;
    long chunkBytes;
    if (request.getInode() == 0) {
      replication =
          request.getReplication() == 0 ? cluster.defaultReplication() : request.getReplication();
      chunkBytes = cluster.defaultChunkBytes();
    } else {
      InodeRecord file = request.getHandle().isEmpty() ? requireLeased() : requireOpen();
      replication = file.replication();
      chunkBytes = file.chunkBytes();
    }
    FileLimits.requireReplication(replication);
    long maxLength =
        FileLimits.requireChunkBytes(
            request.getMaxLength() == 0 ? chunkBytes : request.getMaxLength());
    new SlotMembership(context.transaction()).widen(replication);
    return allocate(count, replication, maxLength, cluster.minReplicas());
  }

  private InodeRecord requireOpen() throws CairnException {
    return OpenFile.requireHandle(context, requireInode(), request.getHandle(), Permissions.WRITE);
  }

  private InodeId requireInode() throws CairnException {
    if (request.getInode() < 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "inode=" + request.getInode());
    }
    return new InodeId(request.getInode());
  }

  private InodeRecord requireLeased() throws CairnException {
    InodeId id = requireInode();
    SessionId session = context.requireSession().id();
    boolean leased =
        namespace.lease(id).filter(lease -> lease.session().equals(session)).isPresent();
    if (!leased) {
      throw new CairnException(ErrorCode.LEASE_LOST, id + " is not being written by " + session);
    }
    return namespace.requireInode(id);
  }

  private OperationResult allocate(int count, int replication, long maxLength, int minReplicas)
      throws CairnException {
    ChunkAllocation allocation =
        new ChunkAllocation(context.transaction(), context.requireSession().id());
    allocation.requireRoom(count);
    // Health is volatile and no part of the state: the leader adds it to the answer.
    ChunkLocations locations =
        new ChunkLocations(context.transaction(), server -> ServerHealth.SERVER_HEALTH_UNSPECIFIED);
    AllocateResult.Builder result = AllocateResult.newBuilder();
    for (int i = 0; i < count; i++) {
      ChunkRecord chunk =
          allocation.allocate(
              context.command().getChosenPool(),
              request.getInode(),
              context.command().getChosenSlots(i),
              context.command().getPipelines(i).getServersList(),
              replication,
              maxLength,
              minReplicas);
      result.addChunks(locations.forWriting(chunk));
    }
    return OperationResult.newBuilder().setAllocate(result).build();
  }
}
