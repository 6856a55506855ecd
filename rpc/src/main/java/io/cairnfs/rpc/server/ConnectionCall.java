package io.cairnfs.rpc.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.FrameWriter;
import io.cairnfs.rpc.frame.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/** A call on a connection. The answer is kept in fields until the event loop has sent it. */
final class ConnectionCall extends Exchange implements ServerCall, Runnable {
  private final ServerConnection connection;
  private final ByteBuf payload;
  private final long arrivedNanos;
  private final OptionalLong deadlineNanos;
  private final AtomicBoolean answered = new AtomicBoolean();

  private volatile boolean cancelled;

  /** Guarded by this. */
  private Runnable onCancel;

  private MessageLite answer;
  private ByteBuf answerPayload;
  private FileRegion answerRegion;
  private CairnException refusal;

  ConnectionCall(
      ServerConnection connection,
      long callId,
      Method method,
      ByteString message,
      ByteBuf payload,
      long arrivedNanos,
      OptionalLong deadlineNanos) {
    super(callId, method, message);
    this.connection = connection;
    this.payload = payload;
    this.arrivedNanos = arrivedNanos;
    this.deadlineNanos = deadlineNanos;
  }

  @Override
  public ByteBuf payload() {
    return payload;
  }

  @Override
  public Peer peer() {
    return connection.peer();
  }

  @Override
  public long arrivedNanos() {
    return arrivedNanos;
  }

  @Override
  public OptionalLong deadlineNanos() {
    return deadlineNanos;
  }

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  @Override
  public void onCancel(Runnable action) {
    synchronized (this) {
      if (onCancel != null) {
        throw new IllegalStateException(method() + " call has an action for cancellation already");
      }
      onCancel = action;
      if (!cancelled) {
        return;
      }
    }
    connection.runOnLoop(action);
  }

  @Override
  void broken(CairnException cause) {
    Runnable action;
    synchronized (this) {
      if (cancelled) {
        return;
      }
      cancelled = true;
      action = onCancel;
    }
    if (action != null && !answered.get()) {
      action.run();
    }
  }

  @Override
  public EventLoop eventLoop() {
    return connection.eventLoop();
  }

  @Override
  public void reply(MessageLite message) {
    reply(message, Unpooled.EMPTY_BUFFER);
  }

  @Override
  public void reply(MessageLite message, ByteBuf bytes) {
    if (!answered.compareAndSet(false, true)) {
      bytes.release();
      throw answeredTwice();
    }
    answer = message;
    answerPayload = bytes;
    send();
  }

  @Override
  public void reply(MessageLite message, ByteBuf first, FileRegion rest) {
    if (!answered.compareAndSet(false, true)) {
      first.release();
      rest.release();
      throw answeredTwice();
    }
    answer = message;
    answerPayload = first;
    answerRegion = rest;
    send();
  }

  @Override
  public void fail(CairnException cause) {
    if (!tryFail(cause)) {
      throw answeredTwice();
    }
  }

  /** Refuses the call unless it was answered. */
  boolean tryFail(CairnException cause) {
    if (!answered.compareAndSet(false, true)) {
      return false;
    }
    refusal = cause;
    send();
    return true;
  }

  private IllegalStateException answeredTwice() {
    return new IllegalStateException(method() + " call of " + peer() + " was answered twice");
  }

  private void send() {
    if (!connection.runOnLoop(this)) {
      drop();
      payload.release();
    }
  }

  /** Sends the answer; on the event loop. */
  @Override
  public void run() {
    payload.release();
    connection.ended(this);
    if (cancelled || connection.isGone()) {
      drop();
      return;
    }
    FrameWriter writer = connection.out();
    if (refusal != null) {
      writer.refusal(callId(), refusal);
    } else {
      try {
        if (answerRegion != null) {
          writer.response(callId(), answer, answerPayload, answerRegion);
        } else {
          writer.response(callId(), answer, answerPayload);
        }
      } catch (CairnException e) {
        drop();
        writer.refusal(callId(), new CairnException(ErrorCode.INTERNAL, e.getMessage(), e));
      }
    }
    connection.sendSoon();
  }

  private void drop() {
    if (answerPayload != null) {
      answerPayload.release();
    }
    if (answerRegion != null) {
      answerRegion.release();
    }
  }
}
