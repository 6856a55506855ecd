package io.cairnfs.common.error;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;

/**
 * The caller's or the environment's error: one {@link ErrorCode}, and a message with the path or id
 * and the numbers. Not for programmers' errors, which are unchecked.
 */
public class CairnException extends IOException {
  private static final long serialVersionUID = 1;

  private final ErrorCode code;
  private final String leaderHint;
  private final int retryAfterMillis;
  private long logIndex;

  public CairnException(ErrorCode code, String message) {
    this(code, message, "", 0, null);
  }

  public CairnException(ErrorCode code, String message, Throwable cause) {
    this(code, message, "", 0, cause);
  }

  public CairnException(
      ErrorCode code, String message, String leaderHint, int retryAfterMillis, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.leaderHint = leaderHint;
    this.retryAfterMillis = retryAfterMillis;
  }

  /**
   * {@code NOT_LEADER} that names where the leader is believed to be ({@code host:port}, or empty).
   */
  public static CairnException notLeader(String leaderHint) {
    return new CairnException(
        ErrorCode.NOT_LEADER, ErrorCode.NOT_LEADER.text(), leaderHint, 0, null);
  }

  /** {@code BUSY} that asks the caller not to come back earlier than said. */
  public static CairnException busy(String message, int retryAfterMillis) {
    return new CairnException(ErrorCode.BUSY, message, "", retryAfterMillis, null);
  }

  /** Says at which log index this was the answer; on its way out, before anybody else sees it. */
  @CanIgnoreReturnValue
  public CairnException atLogIndex(long index) {
    logIndex = index;
    return this;
  }

  public ErrorCode code() {
    return code;
  }

  /** {@code host:port} of the leader, or empty. */
  public String leaderHint() {
    return leaderHint;
  }

  /** Milliseconds before which a retry is pointless; 0 = not said. */
  public int retryAfterMillis() {
    return retryAfterMillis;
  }

  /** Log index at which this was the answer; 0 = refused before anything was logged or read. */
  public long logIndex() {
    return logIndex;
  }
}
