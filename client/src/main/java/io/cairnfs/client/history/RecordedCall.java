package io.cairnfs.client.history;

import com.google.protobuf.ByteString;
import java.util.Optional;

/**
 * One call of a history.
 *
 * @param number in its file, from 1
 * @param kind of request
 * @param session 0 for a read
 * @param call number within the session; 0 for a read
 * @param lowWater every call of the session below it had ended for its client when this one got its
 *     number, and none of them is executed after this one; 0 for a read
 * @param request an {@code Operation} or a {@code ReadRequest}
 * @param sentNanos when it was first sent
 * @param end how it ended, if it did
 */
public record RecordedCall(
    long number,
    Kind kind,
    long session,
    long call,
    long lowWater,
    ByteString request,
    long sentNanos,
    Optional<End> end) {

  /** What was asked. */
  public enum Kind {
    MUTATION,
    READ
  }

  /**
   * An answer or a refusal.
   *
   * @param logIndex 0 = nothing says that it was logged or read
   * @param errorCode 0 = answered
   * @param result an {@code OperationResult} or a {@code ReadReply}, or the refusal's text
   */
  public record End(long nanos, long logIndex, int errorCode, ByteString result) {}

  /** The same call, ended so. */
  public RecordedCall withEnd(End how) {
    return new RecordedCall(
        number, kind, session, call, lowWater, request, sentNanos, Optional.of(how));
  }
}
