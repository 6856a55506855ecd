package io.cairnfs.client.base;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Turns what futures fail with into the one vocabulary of errors. */
public final class Failures {
  private Failures() {}

  /** The refusal behind a future's failure; an unchecked exception becomes INTERNAL. */
  public static CairnException of(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof CairnException refusal) {
      return refusal;
    }
    if (cause instanceof CancellationException) {
      return new CairnException(ErrorCode.CANCELLED, "the call was given up", cause);
    }
    return new CairnException(ErrorCode.INTERNAL, "unexpected failure: " + cause, cause);
  }

  /** The same refusal with the stack of the caller; the first one is its cause. */
  public static CairnException here(CairnException refusal) {
    return new CairnException(
            refusal.code(),
            refusal.getMessage(),
            refusal.leaderHint(),
            refusal.retryAfterMillis(),
            refusal)
        .atLogIndex(refusal.logIndex());
  }
}
