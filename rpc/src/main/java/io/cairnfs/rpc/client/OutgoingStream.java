package io.cairnfs.rpc.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.FrameWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/** A stream call. Its state is the event loop's; frames sent before there is a connection wait. */
final class OutgoingStream extends Exchange implements ClientStream {
  private record Frame(MessageLite message, ByteBuf payload) {}

  private final EventLoop eventLoop;
  private final StreamListener listener;
  private final CancellableFuture<RpcReply> finished = new CancellableFuture<>();
  private final ArrayDeque<Frame> waiting = new ArrayDeque<>();

  private Runnable onEnd = () -> {};

  /** Null until the request was sent. */
  private ClientConnection connection;

  private volatile boolean writable;

  OutgoingStream(EventLoop eventLoop, Method method, MessageLite request, StreamListener listener) {
    super(method, request, Long.MAX_VALUE);
    this.eventLoop = eventLoop;
    this.listener = listener;
    finished.onCancel(this::cancel);
  }

  /** Which connection it is about to be sent on. */
  void attach(ClientConnection to) {
    connection = to;
  }

  /** Runs the action when the stream has ended; at once if it has. */
  void onEnd(Runnable action) {
    if (isEnded()) {
      action.run();
    } else {
      onEnd = action;
    }
  }

  @Override
  public void send(MessageLite message, ByteBuf payload) {
    if (eventLoop.inEventLoop()) {
      sendOnLoop(message, payload);
      return;
    }
    try {
      eventLoop.execute(() -> sendOnLoop(message, payload));
    } catch (RejectedExecutionException e) {
      payload.release();
      finished.completeExceptionally(
          new CairnException(ErrorCode.CONNECTION_LOST, "the client was closed", e));
    }
  }

  private void sendOnLoop(MessageLite message, ByteBuf payload) {
    if (isEnded()) {
      payload.release();
    } else if (!isSent()) {
      waiting.add(new Frame(message, payload));
    } else {
      connection.sendData(this, message, payload);
    }
  }

  @Override
  public boolean isWritable() {
    return writable;
  }

  @Override
  public void cancel() {
    if (eventLoop.inEventLoop()) {
      cancelOnLoop();
    } else {
      eventLoop.execute(this::cancelOnLoop);
    }
  }

  private void cancelOnLoop() {
    if (isEnded()) {
      return;
    }
    CairnException cause = new CairnException(ErrorCode.CANCELLED, method() + " was cancelled");
    if (connection != null) {
      connection.abandon(this, cause);
    } else if (end()) {
      fail(cause);
    }
  }

  @Override
  public CompletableFuture<RpcReply> finished() {
    return finished;
  }

  @Override
  public EventLoop eventLoop() {
    return eventLoop;
  }

  @Override
  void write(FrameWriter writer, long id, int timeoutMillis) throws CairnException {
    writer.request(id, method().number(), timeoutMillis, request(), true, Unpooled.EMPTY_BUFFER);
  }

  @Override
  void started() {
    while (!waiting.isEmpty() && !isEnded()) {
      Frame frame = waiting.poll();
      connection.sendData(this, frame.message, frame.payload);
    }
  }

  @Override
  void writable(boolean takesMore) {
    boolean became = takesMore && !writable;
    writable = takesMore;
    if (became) {
      listener.onWritable();
    }
  }

  @Override
  void acknowledged(ByteString message) {
    listener.onAck(message);
  }

  @Override
  void succeed(ByteString message, ByteBuf payload) {
    finish();
    if (!finished.complete(new RpcReply(message, payload))) {
      payload.release();
    }
  }

  @Override
  void fail(CairnException cause) {
    finish();
    finished.completeExceptionally(cause);
  }

  private void finish() {
    writable = false;
    waiting.forEach(frame -> frame.payload.release());
    waiting.clear();
    onEnd.run();
  }
}
