package io.cairnfs.rpc.frame;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.frame.CancelHeader;
import io.cairnfs.proto.frame.RequestHeader;
import io.cairnfs.proto.frame.ResponseHeader;
import io.cairnfs.proto.frame.StreamAckHeader;
import io.cairnfs.proto.frame.StreamDataHeader;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.FileRegion;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Puts frames on a connection. Headers are written by hand, so that a message is serialized once,
 * straight into the outgoing buffer, and small frames share one buffer until the flush. Owned by
 * the event loop.
 *
 * <p>A method that returns has taken over the payload; one that throws has written nothing and left
 * the payload to its caller.
 */
public final class FrameWriter {
  private static final int BATCH_BYTES = 16 << 10;
  private static final int PREFIX_BYTES = 8;

  private final ChannelHandlerContext context;
  private final FrameLimits limits;

  /** Small frames that have been encoded but not handed to the channel. */
  private ByteBuf batch;

  private boolean closed;

  FrameWriter(ChannelHandlerContext context, FrameLimits limits) {
    this.context = context;
    this.limits = limits;
  }

  /**
   * Sends a request.
   *
   * @throws CairnException INVALID_ARGUMENT when it exceeds the limits
   */
  public void request(
      long call,
      int method,
      int timeoutMillis,
      MessageLite message,
      boolean stream,
      ByteBuf payload)
      throws CairnException {
    int messageSize = message.getSerializedSize();
    int length =
        CodedOutputStream.computeUInt64Size(RequestHeader.CALL_ID_FIELD_NUMBER, call)
            + CodedOutputStream.computeUInt32Size(RequestHeader.METHOD_FIELD_NUMBER, method)
            + messageFieldSize(RequestHeader.MESSAGE_FIELD_NUMBER, messageSize);
    if (timeoutMillis != 0) {
      length +=
          CodedOutputStream.computeUInt32Size(
              RequestHeader.TIMEOUT_MILLIS_FIELD_NUMBER, timeoutMillis);
    }
    if (stream) {
      length += CodedOutputStream.computeBoolSize(RequestHeader.STREAM_FIELD_NUMBER, true);
    }
    int payloadBytes = payload.readableBytes();
    check(FrameKind.REQUEST, length, payloadBytes);
    ByteBuf out = begin(FrameKind.REQUEST, length, payloadBytes);
    try {
      CodedOutputStream header = header(out, length);
      header.writeUInt64(RequestHeader.CALL_ID_FIELD_NUMBER, call);
      header.writeUInt32(RequestHeader.METHOD_FIELD_NUMBER, method);
      if (timeoutMillis != 0) {
        header.writeUInt32(RequestHeader.TIMEOUT_MILLIS_FIELD_NUMBER, timeoutMillis);
      }
      writeMessageField(header, RequestHeader.MESSAGE_FIELD_NUMBER, message, messageSize);
      if (stream) {
        header.writeBool(RequestHeader.STREAM_FIELD_NUMBER, true);
      }
      end(out, header, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    payload(payload);
  }

  /**
   * Sends the successful answer to a call.
   *
   * @throws CairnException INVALID_ARGUMENT when it exceeds the limits
   */
  public void response(long call, MessageLite message, ByteBuf payload) throws CairnException {
    callMessage(
        FrameKind.RESPONSE,
        call,
        ResponseHeader.MESSAGE_FIELD_NUMBER,
        message,
        payload.readableBytes());
    payload(payload);
  }

  /**
   * Sends the successful answer to a call, the end of whose payload is in a file: by the transport
   * alone, or, where bytes must be encrypted, through memory.
   *
   * @throws CairnException INVALID_ARGUMENT when it exceeds the limits; IO_ERROR when the file
   *     cannot be read
   */
  public void response(long call, MessageLite message, ByteBuf first, FileRegion rest)
      throws CairnException {
    long payloadBytes = first.readableBytes() + rest.count();
    if (context.pipeline().get(SslHandler.class) == null) {
      callMessage(
          FrameKind.RESPONSE, call, ResponseHeader.MESSAGE_FIELD_NUMBER, message, payloadBytes);
      payload(first);
      write(rest);
      return;
    }
    checkPayload(FrameKind.RESPONSE, payloadBytes);
    ByteBuf copied = FileRegions.read(rest, context.alloc());
    try {
      callMessage(
          FrameKind.RESPONSE, call, ResponseHeader.MESSAGE_FIELD_NUMBER, message, payloadBytes);
    } catch (CairnException e) {
      copied.release();
      throw e;
    }
    payload(first);
    payload(copied);
    rest.release();
  }

  /** Refuses a call; call 0 speaks of the connection as a whole. */
  public void refusal(long call, CairnException refusal) {
    message(
        FrameKind.RESPONSE,
        ResponseHeader.newBuilder().setCallId(call).setError(ErrorStatuses.of(refusal)).build());
  }

  /**
   * Sends data of a stream.
   *
   * @throws CairnException INVALID_ARGUMENT when it exceeds the limits
   */
  public void streamData(long call, MessageLite message, ByteBuf payload) throws CairnException {
    callMessage(
        FrameKind.STREAM_DATA,
        call,
        StreamDataHeader.MESSAGE_FIELD_NUMBER,
        message,
        payload.readableBytes());
    payload(payload);
  }

  /**
   * Sends an acknowledgement of a stream.
   *
   * @throws CairnException INVALID_ARGUMENT when it exceeds the limits
   */
  public void streamAck(long call, MessageLite message) throws CairnException {
    callMessage(FrameKind.STREAM_ACK, call, StreamAckHeader.MESSAGE_FIELD_NUMBER, message, 0);
  }

  /** Tells the server that the answer is not wanted. */
  public void cancel(long call) {
    message(FrameKind.CANCEL, CancelHeader.newBuilder().setCallId(call).build());
  }

  /** Sends a frame whose header is the message. */
  void message(FrameKind kind, MessageLite message) {
    int length = message.getSerializedSize();
    ByteBuf out = begin(kind, length, 0);
    try {
      CodedOutputStream header = header(out, length);
      message.writeTo(header);
      end(out, header, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Hands everything to the channel and the channel's to the socket. */
  void flush() {
    drain();
    context.flush();
  }

  /** Later frames are dropped. */
  void close() {
    closed = true;
    if (batch != null) {
      batch.release();
      batch = null;
    }
  }

  /** A frame whose header is a call id, as field 1, and a message; all but the payload. */
  private void callMessage(
      FrameKind kind, long call, int field, MessageLite message, long payloadBytes)
      throws CairnException {
    int messageSize = message.getSerializedSize();
    int length =
        CodedOutputStream.computeUInt64Size(CancelHeader.CALL_ID_FIELD_NUMBER, call)
            + messageFieldSize(field, messageSize);
    check(kind, length, payloadBytes);
    ByteBuf out = begin(kind, length, (int) payloadBytes);
    try {
      CodedOutputStream header = header(out, length);
      header.writeUInt64(CancelHeader.CALL_ID_FIELD_NUMBER, call);
      writeMessageField(header, field, message, messageSize);
      end(out, header, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void check(FrameKind kind, int headerBytes, long payloadBytes) throws CairnException {
    checkPayload(kind, payloadBytes);
    int limit = payloadBytes > 0 ? limits.headerBytes() : limits.controlBytes();
    if (headerBytes > limit) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          kind + " with header of " + headerBytes + " bytes, at most " + limit);
    }
  }

  private void checkPayload(FrameKind kind, long payloadBytes) throws CairnException {
    if (payloadBytes > limits.payloadBytes()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          kind + " with payload of " + payloadBytes + " bytes, at most " + limits.payloadBytes());
    }
  }

  private static int messageFieldSize(int field, int messageSize) {
    return messageSize == 0
        ? 0
        : CodedOutputStream.computeTagSize(field)
            + CodedOutputStream.computeUInt32SizeNoTag(messageSize)
            + messageSize;
  }

  private static void writeMessageField(
      CodedOutputStream header, int field, MessageLite message, int messageSize)
      throws IOException {
    if (messageSize > 0) {
      header.writeTag(field, 2);
      header.writeUInt32NoTag(messageSize);
      message.writeTo(header);
    }
  }

  private static boolean isBatched(int headerBytes) {
    return PREFIX_BYTES + headerBytes <= BATCH_BYTES;
  }

  /** A buffer in which prefix and header have room; holds the prefix already. */
  private ByteBuf begin(FrameKind kind, int headerBytes, int payloadBytes) {
    int size = PREFIX_BYTES + headerBytes;
    ByteBuf out;
    if (!isBatched(headerBytes)) {
      drain();
      out = context.alloc().directBuffer(size, size);
    } else {
      if (batch != null && batch.writableBytes() < size) {
        drain();
      }
      if (batch == null) {
        batch = context.alloc().directBuffer(BATCH_BYTES, BATCH_BYTES);
      }
      out = batch;
    }
    out.writeInt(4 + headerBytes + payloadBytes);
    out.writeInt(kind.number() << 24 | headerBytes);
    return out;
  }

  private static CodedOutputStream header(ByteBuf out, int length) {
    return CodedOutputStream.newInstance(out.internalNioBuffer(out.writerIndex(), length));
  }

  private void end(ByteBuf out, CodedOutputStream header, int length) throws IOException {
    header.flush();
    header.checkNoSpaceLeft();
    out.writerIndex(out.writerIndex() + length);
    if (!isBatched(length)) {
      write(out);
    } else if (closed) {
      batch = null;
      out.release();
    }
  }

  private void payload(ByteBuf payload) {
    if (payload.isReadable()) {
      write(payload);
    } else {
      payload.release();
    }
  }

  // Failures of the void promise go to exceptionCaught.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void write(Object message) {
    drain();
    context.write(message, context.voidPromise());
  }

  // As with write.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void drain() {
    if (batch != null) {
      ByteBuf full = batch;
      batch = null;
      context.write(full, context.voidPromise());
    }
  }
}
