package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.chunk.GarbageSteps;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.ReleaseGarbage;

/** One bounded step of the collector. */
final class ReleaseGarbageOperation {
  private static final int MAX_LIMIT = 100_000;

  private ReleaseGarbageOperation() {}

  static CommandReply.Builder apply(CommandContext context, ReleaseGarbage request)
      throws CairnException {
    if (request.getLimit() < 1 || request.getLimit() > MAX_LIMIT || request.getGraceMillis() < 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "limit "
              + request.getLimit()
              + " outside 1.."
              + MAX_LIMIT
              + ", or grace "
              + request.getGraceMillis()
              + " ms");
    }
    int handled =
        new GarbageSteps(context.namespace()).release(request.getLimit(), request.getGraceMillis());
    return CommandReply.newBuilder().setCount(handled).setChanged(handled > 0);
  }
}
