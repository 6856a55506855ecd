package io.cairnfs.metaserver.operation;

import io.cairnfs.metaserver.chunk.ChunkRepairs;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.ReplicasFound;

/** A data server listed replicas of which no record says that it has them. */
final class ReplicasFoundOperation {
  private ReplicasFoundOperation() {}

  static CommandReply.Builder apply(CommandContext context, ReplicasFound request) {
    boolean noted =
        new ChunkRepairs(context.transaction())
            .found(request.getServer(), request.getReplicasList());
    return CommandReply.newBuilder().setChanged(noted);
  }
}
