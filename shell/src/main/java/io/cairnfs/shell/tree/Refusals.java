package io.cairnfs.shell.tree;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.io.InterruptedIOException;

/** Words for refusals: HDFS' where it has some, else what the cluster said. */
public final class Refusals {
  /** Numbers below this are refusals that POSIX users know. */
  private static final int FIRST_OF_OURS = 30;

  private Refusals() {}

  /** The same refusal, worded for the operand it concerns. */
  public static IOException worded(IOException e, String operand) {
    if (!(e instanceof CairnException refusal)) {
      return e;
    }
    if (refusal.code() == ErrorCode.CANCELLED) {
      return interrupted(e);
    }
    if (isAboutTheCluster(refusal)) {
      return e;
    }
    return PathException.of(operand, reason(refusal));
  }

  private static InterruptedIOException interrupted(IOException cause) {
    InterruptedIOException interrupted = new InterruptedIOException("Interrupted");
    interrupted.initCause(cause);
    return interrupted;
  }

  /** Why, without the operand. */
  public static String reason(CairnException refusal) {
    ErrorCode code = refusal.code();
    if (code.number() < FIRST_OF_OURS && code != ErrorCode.INVALID_ARGUMENT) {
      return code.text();
    }
    String message = refusal.getMessage();
    return message == null || message.isEmpty() ? code.text() : message;
  }

  /** Nobody could be asked: the next operand would fare no better. */
  public static boolean isAboutTheCluster(IOException e) {
    return e instanceof CairnException refusal
        && switch (refusal.code()) {
          case UNAVAILABLE,
              TIMED_OUT,
              CONNECTION_LOST,
              NOT_LEADER,
              WRONG_CLUSTER,
              WRONG_VERSION,
              SESSION_EXPIRED ->
              true;
          default -> false;
        };
  }
}
