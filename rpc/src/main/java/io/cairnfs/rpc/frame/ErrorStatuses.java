package io.cairnfs.rpc.frame;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.frame.ErrorStatus;

/** Refusals as they travel. */
public final class ErrorStatuses {
  /** Longer messages are cut: an error must always fit a frame. */
  private static final int MAX_MESSAGE_CHARACTERS = 8 << 10;

  private ErrorStatuses() {}

  /** What travels of a refusal. */
  public static ErrorStatus of(CairnException refusal) {
    String message = String.valueOf(refusal.getMessage());
    return ErrorStatus.newBuilder()
        .setCode(refusal.code().number())
        .setMessage(
            message.length() <= MAX_MESSAGE_CHARACTERS
                ? message
                : message.substring(0, MAX_MESSAGE_CHARACTERS))
        .setLeaderHint(refusal.leaderHint())
        .setRetryAfterMillis(refusal.retryAfterMillis())
        .setLogIndex(refusal.logIndex())
        .build();
  }

  /** The refusal that travelled. */
  public static CairnException toException(ErrorStatus status) {
    ErrorCode code = ErrorCode.ofNumber(status.getCode());
    return new CairnException(
            code,
            status.getMessage().isEmpty() ? code.text() : status.getMessage(),
            status.getLeaderHint(),
            status.getRetryAfterMillis(),
            null)
        .atLogIndex(status.getLogIndex());
  }
}
