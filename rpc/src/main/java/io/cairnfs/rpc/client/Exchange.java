package io.cairnfs.rpc.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.FrameWriter;
import io.netty.buffer.ByteBuf;

/** A call or a stream, from before it has a connection to its end. Owned by the event loop. */
abstract class Exchange {
  private final Method method;
  private final MessageLite request;
  private final long deadlineNanos;

  /** Number on its connection; 0 until it has been sent. */
  private long callId;

  private boolean ended;

  /**
   * @param deadlineNanos when it fails with TIMED_OUT; Long.MAX_VALUE = never
   */
  Exchange(Method method, MessageLite request, long deadlineNanos) {
    this.method = method;
    this.request = request;
    this.deadlineNanos = deadlineNanos;
  }

  final Method method() {
    return method;
  }

  final MessageLite request() {
    return request;
  }

  final long deadlineNanos() {
    return deadlineNanos;
  }

  final long callId() {
    return callId;
  }

  final boolean isSent() {
    return callId != 0;
  }

  final boolean isEnded() {
    return ended;
  }

  /** Marks the end; false when it had ended already. */
  final boolean end() {
    if (ended) {
      return false;
    }
    ended = true;
    return true;
  }

  final void sent(long id) {
    callId = id;
  }

  /** Puts the request on the connection. */
  abstract void write(FrameWriter writer, long id, int timeoutMillis) throws CairnException;

  /** The request was written and more may be. */
  void started() {}

  /** The successful answer; takes ownership of the payload. */
  abstract void succeed(ByteString message, ByteBuf payload);

  /** There will be no successful answer. */
  abstract void fail(CairnException cause);

  /** An acknowledgement. */
  void acknowledged(ByteString message) {}

  /** The connection takes more, or no more, without piling up. */
  void writable(boolean writable) {}
}
