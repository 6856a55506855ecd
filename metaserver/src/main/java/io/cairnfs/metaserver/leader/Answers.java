package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.rpc.server.ServerCall;
import java.util.concurrent.CompletionException;

/** Refuses calls. */
final class Answers {
  private Answers() {}

  static void fail(ServerCall call, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    call.fail(
        cause instanceof CairnException refusal
            ? refusal
            : new CairnException(ErrorCode.INTERNAL, String.valueOf(cause), cause));
  }
}
