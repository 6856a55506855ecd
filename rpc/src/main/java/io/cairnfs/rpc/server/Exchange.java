package io.cairnfs.rpc.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;

/** What one call id of a connection stands for: a call or a stream. */
abstract class Exchange {
  private final long callId;
  private final Method method;
  private final ByteString message;

  Exchange(long callId, Method method, ByteString message) {
    this.callId = callId;
    this.method = method;
    this.message = message;
  }

  final long callId() {
    return callId;
  }

  public final Method method() {
    return method;
  }

  public final ByteString message() {
    return message;
  }

  public final <T extends MessageLite> T message(Parser<T> parser) throws CairnException {
    try {
      return parser.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new CairnException(
          ErrorCode.MALFORMED, method + " request is malformed: " + e.getMessage(), e);
    }
  }

  /** The caller cancelled, or its connection is gone. On the event loop. */
  abstract void broken(CairnException cause);
}
