package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.OperationResult;

/** The commands about chunks, slots and data servers. */
@SuppressWarnings("DoNotCallSuggester")
final class ChunkCommands {
  private ChunkCommands() {}

  /** A command of the cluster itself. */
  static CommandReply.Builder apply(CommandContext context) throws CairnException {
    throw new CairnException(
        ErrorCode.UNSUPPORTED, "command " + context.command().getKindCase() + " is not known");
  }

  /** A call of a client. */
  static OperationResult applyOperation(CommandContext context) throws CairnException {
    throw new CairnException(
        ErrorCode.UNSUPPORTED,
        "operation " + context.command().getOperation().getKindCase() + " is not known");
  }
}
