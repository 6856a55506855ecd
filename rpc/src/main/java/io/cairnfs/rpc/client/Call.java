package io.cairnfs.rpc.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.FrameWriter;
import io.netty.buffer.ByteBuf;

/** A call with one answer, which a converter turns into the future's value. */
final class Call<T> extends Exchange {
  /** Makes the value of an answer; takes ownership of the payload, also when it throws. */
  interface Converter<T> {
    T convert(ByteString message, ByteBuf payload) throws CairnException;
  }

  private final CancellableFuture<T> future;
  private final Converter<T> converter;
  private ByteBuf payload;

  Call(
      Method method,
      MessageLite request,
      ByteBuf payload,
      long deadlineNanos,
      Converter<T> converter,
      CancellableFuture<T> future) {
    super(method, request, deadlineNanos);
    this.payload = payload;
    this.converter = converter;
    this.future = future;
  }

  CancellableFuture<T> future() {
    return future;
  }

  @Override
  void write(FrameWriter writer, long id, int timeoutMillis) throws CairnException {
    writer.request(id, method().number(), timeoutMillis, request(), false, payload);
    payload = null;
  }

  @Override
  void succeed(ByteString message, ByteBuf answerPayload) {
    T value;
    try {
      value = converter.convert(message, answerPayload);
    } catch (CairnException e) {
      fail(e);
      return;
    }
    if (!future.complete(value) && value instanceof RpcReply reply) {
      reply.release();
    }
  }

  @Override
  void fail(CairnException cause) {
    if (payload != null) {
      payload.release();
      payload = null;
    }
    future.completeExceptionally(cause);
  }
}
