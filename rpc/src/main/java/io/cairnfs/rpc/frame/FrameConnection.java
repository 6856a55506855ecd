package io.cairnfs.rpc.frame;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a connection: cuts what is read into frames, gathers what is written into one flush
 * for each burst of reads, and turns every fault of the bytes into one call of {@link #onFault}.
 * The only handler of its channel's pipeline besides encryption. All methods run on the event loop.
 */
public abstract class FrameConnection extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(FrameConnection.class);

  private final FrameLimits limits;
  private final Runnable flushTask = this::flushScheduled;

  private ChannelHandlerContext context;
  private FrameReader reader;
  private FrameWriter writer;
  private boolean reading;
  private boolean flushScheduled;
  private boolean dirty;
  private boolean closed;
  private int pauses;

  protected FrameConnection(FrameLimits limits) {
    this.limits = limits;
  }

  /** One frame; see {@link FrameReader.Sink}. */
  protected abstract void onFrame(FrameKind kind, ByteBuf header, ByteBuf payload)
      throws CairnException, InvalidProtocolBufferException;

  /** The socket is connected. */
  protected void onOpen() {}

  /**
   * The peer sent what is no frame, or a frame that makes no sense here. The connection is closed
   * after this returns and what it wrote was sent.
   */
  protected abstract void onFault(CairnException fault);

  /** The connection is gone: called exactly once. */
  protected abstract void onClosed();

  /** {@link Channel#isWritable} has changed. */
  protected abstract void onWritabilityChanged();

  protected final Channel channel() {
    return context.channel();
  }

  protected final boolean isClosed() {
    return closed;
  }

  /** The writer; call {@link #flushSoon} after using it. */
  protected final FrameWriter writer() {
    dirty = true;
    return writer;
  }

  /**
   * Makes what was written go out: at the end of this burst of reads, or of the tasks that wait.
   */
  protected final void flushSoon() {
    if (!reading && !flushScheduled && !closed) {
      flushScheduled = true;
      context.channel().eventLoop().execute(flushTask);
    }
  }

  /** Sends a handshake message at once. */
  protected final void sendHandshake(FrameKind kind, MessageLite message) {
    writer().message(kind, message);
    flush();
  }

  /** The handshake is done: full-size frames of other kinds may come now. */
  protected final void establish() {
    reader.establish();
  }

  /** Stops reading from the socket until as many {@link #resume} have come. */
  protected final void pause() {
    pauses++;
    context.channel().config().setAutoRead(false);
  }

  protected final void resume() {
    pauses--;
    if (pauses == 0) {
      context.channel().config().setAutoRead(true);
    }
  }

  /** Sends what was written and closes; nothing if there is no channel yet. */
  protected final void close() {
    if (context != null && !closed) {
      reader.close();
      flush();
      disconnect();
    }
  }

  // A failure to close has no other consequence: the channel is gone either way.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void disconnect() {
    context.close();
  }

  /** A header message. */
  protected static <T extends MessageLite> T parse(Parser<T> parser, ByteBuf header)
      throws InvalidProtocolBufferException {
    ByteBuffer bytes = header.nioBuffer();
    return parser.parseFrom(CodedInputStream.newInstance(bytes));
  }

  @Override
  public final void handlerAdded(ChannelHandlerContext added) {
    context = added;
    reader = new FrameReader(added.alloc(), limits, this::onFrame);
    writer = new FrameWriter(added, limits);
    added.channel().config().setRecvByteBufAllocator(new DirectReadAllocator(reader));
  }

  @Override
  public final void channelActive(ChannelHandlerContext active) {
    SameHost.tune(active.channel());
    onOpen();
  }

  @Override
  public final void channelRead(ChannelHandlerContext from, Object message) {
    if (!(message instanceof ByteBuf bytes)) {
      ReferenceCountUtil.release(message);
      return;
    }
    reading = true;
    try {
      reader.read(bytes);
    } catch (CairnException e) {
      fault(e);
    } catch (InvalidProtocolBufferException e) {
      fault(new CairnException(ErrorCode.MALFORMED, "header is malformed: " + e.getMessage(), e));
    }
  }

  private void fault(CairnException fault) {
    reader.close();
    if (!closed) {
      onFault(fault);
      close();
    }
  }

  @Override
  public final void channelReadComplete(ChannelHandlerContext from) {
    reading = false;
    flush();
  }

  @Override
  public final void channelWritabilityChanged(ChannelHandlerContext from) {
    if (!closed) {
      onWritabilityChanged();
    }
  }

  @Override
  public final void channelInactive(ChannelHandlerContext from) {
    shut();
  }

  @Override
  public final void handlerRemoved(ChannelHandlerContext from) {
    shut();
  }

  private void shut() {
    if (!closed) {
      closed = true;
      reader.close();
      writer.close();
      onClosed();
    }
  }

  @Override
  public final void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
    if (cause instanceof IOException) {
      log.debug("peer={} connection failed: {}", from.channel().remoteAddress(), cause.toString());
    } else {
      log.error("peer={} connection failed", from.channel().remoteAddress(), cause);
    }
    disconnect();
  }

  private void flushScheduled() {
    flushScheduled = false;
    flush();
  }

  private void flush() {
    if (dirty && !closed) {
      dirty = false;
      writer.flush();
    }
  }
}
