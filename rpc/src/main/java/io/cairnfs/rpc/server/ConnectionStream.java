package io.cairnfs.rpc.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;

/** A stream on a connection. All its state is the event loop's. */
final class ConnectionStream extends Exchange implements ServerStream {
  private final ServerConnection connection;
  private StreamReceiver receiver;
  private boolean ended;
  private boolean paused;

  ConnectionStream(ServerConnection connection, long callId, Method method, ByteString message) {
    super(callId, method, message);
    this.connection = connection;
  }

  void open(StreamHandler handler) throws CairnException {
    receiver = handler.open(this);
  }

  void data(ByteString message, ByteBuf payload) throws CairnException {
    if (ended) {
      payload.release();
    } else {
      receiver.onData(message, payload);
    }
  }

  @Override
  void broken(CairnException cause) {
    if (!ended) {
      ended = true;
      unpause();
      if (receiver != null) {
        receiver.onBroken(cause);
      }
    }
  }

  @Override
  public Peer peer() {
    return connection.peer();
  }

  @Override
  public EventLoop eventLoop() {
    return connection.eventLoop();
  }

  @Override
  public void ack(MessageLite message) {
    connection.runOnLoop(
        () -> {
          if (!ended) {
            try {
              connection.out().streamAck(callId(), message);
            } catch (CairnException e) {
              end(e);
            }
            connection.sendSoon();
          }
        });
  }

  @Override
  public void finish(MessageLite reply) {
    connection.runOnLoop(
        () -> {
          if (ended) {
            return;
          }
          ended = true;
          unpause();
          connection.ended(this);
          try {
            connection.out().response(callId(), reply, Unpooled.EMPTY_BUFFER);
          } catch (CairnException e) {
            connection
                .out()
                .refusal(callId(), new CairnException(ErrorCode.INTERNAL, e.getMessage(), e));
          }
          connection.sendSoon();
        });
  }

  @Override
  public void fail(CairnException refusal) {
    connection.runOnLoop(() -> end(refusal));
  }

  private void end(CairnException refusal) {
    if (!ended) {
      ended = true;
      unpause();
      connection.ended(this);
      connection.out().refusal(callId(), refusal);
      connection.sendSoon();
    }
  }

  @Override
  public void pauseReading() {
    connection.runOnLoop(
        () -> {
          if (!ended && !paused) {
            paused = true;
            connection.pauseReading();
          }
        });
  }

  @Override
  public void resumeReading() {
    connection.runOnLoop(this::unpause);
  }

  private void unpause() {
    if (paused) {
      paused = false;
      connection.resumeReading();
    }
  }
}
