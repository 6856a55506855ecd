package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.rpc.server.ServerCall;
import java.util.concurrent.CompletionException;

/** What a caller is told when something did not work. */
final class Refusals {
  private Refusals() {}

  /** A reply of the state machine that is a refusal. */
  static CairnException of(CommandReply reply) {
    return new CairnException(ErrorCode.ofNumber(reply.getErrorCode()), reply.getErrorMessage())
        .atLogIndex(reply.getLogIndex());
  }

  /** Refuses a call whose work failed; anything but a refusal is passed on as what it is. */
  static void fail(ServerCall call, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof CairnException refusal) {
      call.fail(refusal);
    } else {
      call.fail(new CairnException(ErrorCode.INTERNAL, String.valueOf(cause), cause));
    }
  }
}
