package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.StripeCoding;
import io.cairnfs.proto.command.BeginStripe;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.CommitStripe;

/** The leader has bytes of files copied into the cells of a stripe. */
final class StripeOperations {
  private StripeOperations() {}

  static CommandReply.Builder begin(CommandContext context, BeginStripe request)
      throws CairnException {
    ChunkId first = new StripeCoding(context.namespace()).begin(request);
    return CommandReply.newBuilder().setChunk(first.value()).setChanged(true);
  }

  static CommandReply.Builder commit(CommandContext context, CommitStripe request)
      throws CairnException {
    int moved = new StripeCoding(context.namespace()).commit(request);
    return CommandReply.newBuilder().setCount(moved).setChanged(true);
  }
}
