package io.cairnfs.metaserver.operation;

import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.OperationResult;

/** The client ends its own session. A repeated call finds it gone: SESSION_EXPIRED. */
final class CloseSessionOperation {
  private CloseSessionOperation() {}

  static OperationResult apply(CommandContext context) {
    Sessions.end(context, context.requireSession());
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }
}
