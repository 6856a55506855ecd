package io.cairnfs.rpc.frame;

import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/**
 * Cuts the bytes of a connection into frames. Frames that lie wholly in what was read are handed on
 * as slices of it; for a longer one a buffer of its exact size is made, which the transport is
 * asked to read into, so that a large payload is contiguous and all but its beginning is never
 * copied. Owned by the event loop.
 */
final class FrameReader {
  /** Takes the frames. */
  interface Sink {
    /**
     * One frame.
     *
     * @param header only valid during the call
     * @param payload owned by the sink, also when it throws
     */
    void onFrame(FrameKind kind, ByteBuf header, ByteBuf payload)
        throws CairnException, InvalidProtocolBufferException;
  }

  private static final int PREFIX_BYTES = 8;

  /**
   * Below this many missing bytes an ordinary read, which may bring the next frame too, is better.
   */
  private static final int MIN_DIRECT_BYTES = 4096;

  private final ByteBufAllocator allocator;
  private final FrameLimits limits;
  private final Sink sink;

  private boolean established;
  private boolean closed;

  /** A prefix of which not all bytes have come yet. */
  private final ByteBuf prefix = Unpooled.buffer(PREFIX_BYTES, PREFIX_BYTES);

  /** Kind of the frame whose prefix was read; null between frames. */
  private FrameKind kind;

  private int headerLength;
  private int payloadLength;
  private ByteBuf header;
  private ByteBuf payload;

  /** The slice of {@link #header} or {@link #payload} that the transport is reading into. */
  private ByteBuf direct;

  FrameReader(ByteBufAllocator allocator, FrameLimits limits, Sink sink) {
    this.allocator = allocator;
    this.limits = limits;
    this.sink = sink;
  }

  /** The handshake is done: other frames, of full size, are allowed now. */
  void establish() {
    established = true;
  }

  /** A buffer the next socket read should fill, handed back to {@link #read}; or null: any. */
  ByteBuf directReadBuffer() {
    direct = null;
    ByteBuf target = payload != null ? payload : header;
    if (closed || target == null || target.writableBytes() < MIN_DIRECT_BYTES) {
      return null;
    }
    direct = target.retainedSlice(target.writerIndex(), target.writableBytes()).clear();
    return direct;
  }

  /**
   * Takes what was read, and ownership of it.
   *
   * @throws CairnException MALFORMED; nothing after it may be read
   */
  // The very buffer that was handed out is meant, whatever it holds.
  @SuppressWarnings("ReferenceEquality")
  void read(ByteBuf in) throws CairnException, InvalidProtocolBufferException {
    try {
      if (in == direct) {
        direct = null;
        ByteBuf target = payload != null ? payload : header;
        target.writerIndex(target.writerIndex() + in.readableBytes());
        in.skipBytes(in.readableBytes());
        if (body(in)) {
          emit();
        }
        return;
      }
      while (!closed && (kind != null || in.isReadable())) {
        if ((kind == null && !prefix(in)) || !body(in)) {
          return;
        }
        emit();
      }
    } finally {
      in.release();
    }
  }

  /** Drops what is incomplete; later reads are ignored. */
  void close() {
    closed = true;
    releaseBody();
  }

  private boolean prefix(ByteBuf in) throws CairnException {
    if (!prefix.isReadable() && in.readableBytes() >= PREFIX_BYTES) {
      start(in.readInt(), in.readInt());
      return true;
    }
    prefix.writeBytes(in, Math.min(in.readableBytes(), prefix.writableBytes()));
    if (prefix.isWritable()) {
      return false;
    }
    int length = prefix.readInt();
    int kindAndHeader = prefix.readInt();
    prefix.clear();
    start(length, kindAndHeader);
    return true;
  }

  private void start(int length, int kindAndHeader) throws CairnException {
    int number = kindAndHeader >>> 24;
    int headerBytes = kindAndHeader & 0xff_ffff;
    FrameKind found = FrameKind.ofNumber(number);
    if (found == null) {
      throw malformed("frame of unknown kind " + number);
    }
    if (found.isHandshake() == established) {
      throw malformed(found + (established ? " after the handshake" : " before the handshake"));
    }
    long payloadBytes = (length & 0xffff_ffffL) - 4 - headerBytes;
    if (payloadBytes < 0) {
      throw malformed(
          found + " of " + (length & 0xffff_ffffL) + " bytes, header of " + headerBytes);
    }
    if (payloadBytes > (found.mayHavePayload() ? limits.payloadBytes() : 0)) {
      throw malformed(found + " with payload of " + payloadBytes + " bytes");
    }
    int headerLimit = headerLimit(found, payloadBytes > 0);
    if (headerBytes > headerLimit) {
      throw malformed(found + " with header of " + headerBytes + " bytes, at most " + headerLimit);
    }
    kind = found;
    headerLength = headerBytes;
    payloadLength = (int) payloadBytes;
  }

  private int headerLimit(FrameKind found, boolean withPayload) {
    if (found.isHandshake()) {
      return FrameLimits.HANDSHAKE_BYTES;
    }
    return withPayload ? limits.headerBytes() : limits.controlBytes();
  }

  /** Takes header and payload as far as they have come; true when both are complete. */
  private boolean body(ByteBuf in) {
    if (header == null) {
      header = take(in, headerLength);
    } else if (payload == null) {
      fill(header, in);
    }
    if (header.readableBytes() < headerLength) {
      return false;
    }
    if (payload == null) {
      payload = take(in, payloadLength);
    } else {
      fill(payload, in);
    }
    return payload.readableBytes() == payloadLength;
  }

  private ByteBuf take(ByteBuf in, int length) {
    if (length == 0) {
      return Unpooled.EMPTY_BUFFER;
    }
    if (in.readableBytes() >= length) {
      return in.readRetainedSlice(length);
    }
    ByteBuf target = allocator.directBuffer(length, length);
    fill(target, in);
    return target;
  }

  private static void fill(ByteBuf target, ByteBuf in) {
    target.writeBytes(in, Math.min(in.readableBytes(), target.writableBytes()));
  }

  private void emit() throws CairnException, InvalidProtocolBufferException {
    FrameKind complete = kind;
    ByteBuf completeHeader = header;
    ByteBuf completePayload = payload;
    kind = null;
    header = null;
    payload = null;
    try {
      sink.onFrame(complete, completeHeader, completePayload);
    } finally {
      completeHeader.release();
    }
  }

  private void releaseBody() {
    if (header != null) {
      header.release();
      header = null;
    }
    if (payload != null) {
      payload.release();
      payload = null;
    }
    kind = null;
  }

  static CairnException malformed(String problem) {
    return new CairnException(ErrorCode.MALFORMED, problem);
  }
}
