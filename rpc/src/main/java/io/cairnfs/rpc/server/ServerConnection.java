package io.cairnfs.rpc.server;

import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.frame.CancelHeader;
import io.cairnfs.proto.frame.HandshakeRequest;
import io.cairnfs.proto.frame.RequestHeader;
import io.cairnfs.proto.frame.StreamDataHeader;
import io.cairnfs.rpc.frame.FrameConnection;
import io.cairnfs.rpc.frame.FrameKind;
import io.cairnfs.rpc.frame.FrameWriter;
import io.cairnfs.rpc.frame.Handshakes;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's end of a connection: AWAITING_HANDSHAKE until a fitting handshake came, then
 * ESTABLISHED, then gone. Owned by the event loop.
 */
final class ServerConnection extends FrameConnection {
  private static final Logger log = LoggerFactory.getLogger(ServerConnection.class);
  private static final int BUSY_RETRY_MILLIS = 50;

  /** What all connections of a server share. */
  interface Shared {
    RpcServerOptions options();

    Dispatch dispatch();

    PeerIdentity self();

    Clock clock();

    void closed(ServerConnection connection);
  }

  private final Shared shared;
  private final LongObjectMap<Exchange> outstanding = new LongObjectHashMap<>();
  private final EventLoop eventLoop;
  private ScheduledFuture<?> handshakeTimer;
  private volatile Peer peer;
  private boolean unwritable;

  ServerConnection(Shared shared, EventLoop eventLoop) {
    super(shared.options().limits());
    this.shared = shared;
    this.eventLoop = eventLoop;
  }

  Peer peer() {
    return peer;
  }

  EventLoop eventLoop() {
    return eventLoop;
  }

  boolean isGone() {
    return isClosed();
  }

  FrameWriter out() {
    return writer();
  }

  void sendSoon() {
    flushSoon();
  }

  void pauseReading() {
    pause();
  }

  void resumeReading() {
    resume();
  }

  /** Runs on the event loop, at once if this is it; false when the loop has shut down. */
  boolean runOnLoop(Runnable action) {
    if (eventLoop.inEventLoop()) {
      action.run();
      return true;
    }
    try {
      eventLoop.execute(action);
      return true;
    } catch (RejectedExecutionException e) {
      log.debug("peer={} event loop has shut down", peer);
      return false;
    }
  }

  void ended(Exchange exchange) {
    outstanding.remove(exchange.callId());
  }

  void disconnect() {
    runOnLoop(this::close);
  }

  @Override
  protected void onOpen() {
    handshakeTimer =
        eventLoop.schedule(
            this::handshakeTimedOut,
            shared.options().handshakeTimeout().toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private void handshakeTimedOut() {
    if (peer == null && !isClosed()) {
      log.info("peer={} no handshake within {}", remote(), shared.options().handshakeTimeout());
      close();
    }
  }

  @Override
  protected void onFrame(FrameKind kind, ByteBuf header, ByteBuf payload)
      throws CairnException, InvalidProtocolBufferException {
    boolean taken = false;
    try {
      switch (kind) {
        case HANDSHAKE_REQUEST -> handshake(parse(HandshakeRequest.parser(), header));
        case REQUEST -> {
          RequestHeader request = parse(RequestHeader.parser(), header);
          taken = true;
          request(request, payload);
        }
        case STREAM_DATA -> {
          StreamDataHeader data = parse(StreamDataHeader.parser(), header);
          taken = true;
          data(data, payload);
        }
        case CANCEL -> cancel(parse(CancelHeader.parser(), header));
        case HANDSHAKE_REPLY, RESPONSE, STREAM_ACK ->
            throw new CairnException(ErrorCode.MALFORMED, kind + " from a caller");
      }
    } finally {
      if (!taken) {
        payload.release();
      }
    }
  }

  private void handshake(HandshakeRequest request) throws CairnException {
    PeerIdentity self = shared.self();
    PeerIdentity identity = Handshakes.identity(request);
    Handshakes.check(self, request.getProtocolVersion(), identity);
    peer = new Peer(identity, channel().remoteAddress());
    handshakeTimer.cancel(false);
    establish();
    sendHandshake(FrameKind.HANDSHAKE_REPLY, Handshakes.acceptance(self));
    log.debug("peer={} connected as {}", peer, identity);
  }

  private void request(RequestHeader request, ByteBuf payload) throws CairnException {
    long callId = request.getCallId();
    if (callId == 0 || outstanding.containsKey(callId)) {
      payload.release();
      throw new CairnException(ErrorCode.MALFORMED, "request with call id " + callId + " in use");
    }
    Optional<Method> method = Method.ofNumber(request.getMethod());
    if (method.isEmpty()) {
      payload.release();
      refuse(callId, ErrorCode.UNKNOWN_METHOD, "unknown method " + request.getMethod());
    } else if (outstanding.size() >= shared.options().maxCallsPerConnection()) {
      payload.release();
      writer()
          .refusal(
              callId,
              CairnException.busy(
                  outstanding.size() + " calls are outstanding on this connection",
                  BUSY_RETRY_MILLIS));
      flushSoon();
    } else if (request.getStream()) {
      payload.release();
      openStream(callId, method.get(), request);
    } else {
      call(callId, method.get(), request, payload);
    }
  }

  private void call(long callId, Method method, RequestHeader request, ByteBuf payload) {
    Dispatch.Target target = shared.dispatch().call(method);
    if (target == null) {
      payload.release();
      refuse(callId, ErrorCode.UNKNOWN_METHOD, "method " + method + " is not answered here");
      return;
    }
    long now = shared.clock().monotonicNanos();
    ConnectionCall call =
        new ConnectionCall(
            this, callId, method, request.getMessage(), payload, now, deadline(request, now));
    outstanding.put(callId, call);
    try {
      target.executor().execute(() -> handle(target.handler(), call));
    } catch (RejectedExecutionException e) {
      log.debug("peer={} method={} rejected", peer, method, e);
      call.fail(CairnException.busy("too many " + method + " calls", BUSY_RETRY_MILLIS));
    }
  }

  private static OptionalLong deadline(RequestHeader request, long nowNanos) {
    long millis = request.getTimeoutMillis() & 0xffff_ffffL;
    return millis == 0
        ? OptionalLong.empty()
        : OptionalLong.of(nowNanos + TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @SuppressWarnings("CatchThrowable")
  private void handle(RpcHandler handler, ConnectionCall call) {
    try {
      handler.handle(call);
    } catch (CairnException e) {
      if (!call.tryFail(e)) {
        shared
            .dispatch()
            .fatal(new IllegalStateException(call.method() + " refused after its answer", e));
      }
    } catch (Throwable e) {
      call.tryFail(internal(call.method(), e));
      shared.dispatch().fatal(e);
    }
  }

  private void openStream(long callId, Method method, RequestHeader request) {
    StreamHandler handler = shared.dispatch().stream(method);
    if (handler == null) {
      refuse(callId, ErrorCode.UNKNOWN_METHOD, "no stream of method " + method + " here");
      return;
    }
    ConnectionStream stream = new ConnectionStream(this, callId, method, request.getMessage());
    outstanding.put(callId, stream);
    guard(stream, () -> stream.open(handler));
  }

  private void data(StreamDataHeader data, ByteBuf payload) throws CairnException {
    Exchange exchange = outstanding.get(data.getCallId());
    if (exchange instanceof ConnectionStream stream) {
      guard(stream, () -> stream.data(data.getMessage(), payload));
    } else {
      // Sent before the caller heard that the stream had ended.
      payload.release();
      if (exchange != null) {
        throw new CairnException(
            ErrorCode.MALFORMED, "stream data for the call " + data.getCallId());
      }
    }
  }

  private interface StreamStep {
    void run() throws CairnException;
  }

  @SuppressWarnings("CatchThrowable")
  private void guard(ConnectionStream stream, StreamStep step) {
    try {
      step.run();
    } catch (CairnException e) {
      stream.fail(e);
    } catch (Throwable e) {
      stream.fail(internal(stream.method(), e));
      shared.dispatch().fatal(e);
    }
  }

  private static CairnException internal(Method method, Throwable error) {
    return new CairnException(ErrorCode.INTERNAL, method + " failed: " + error, error);
  }

  private void cancel(CancelHeader cancel) {
    Exchange exchange = outstanding.get(cancel.getCallId());
    if (exchange == null) {
      return;
    }
    if (exchange instanceof ConnectionStream) {
      ended(exchange);
    }
    exchange.broken(new CairnException(ErrorCode.CANCELLED, "cancelled by the caller"));
  }

  private void refuse(long callId, ErrorCode code, String problem) {
    writer().refusal(callId, new CairnException(code, problem));
    flushSoon();
  }

  @Override
  protected void onFault(CairnException fault) {
    if (peer == null) {
      log.info("peer={} refused: {} {}", remote(), fault.code(), fault.getMessage());
      sendHandshake(FrameKind.HANDSHAKE_REPLY, Handshakes.refusal(shared.self(), fault));
    } else {
      log.warn("peer={} closed: {} {}", peer, fault.code(), fault.getMessage());
      writer().refusal(0, fault);
    }
  }

  @Override
  protected void onWritabilityChanged() {
    boolean writable = channel().isWritable();
    if (writable == unwritable) {
      unwritable = !writable;
      if (unwritable) {
        pause();
      } else {
        resume();
      }
    }
  }

  @Override
  protected void onClosed() {
    if (handshakeTimer != null) {
      handshakeTimer.cancel(false);
    }
    CairnException lost = new CairnException(ErrorCode.CONNECTION_LOST, "connection lost");
    for (Exchange exchange : new ArrayList<>(outstanding.values())) {
      exchange.broken(lost);
    }
    outstanding.clear();
    shared.closed(this);
  }

  private String remote() {
    return String.valueOf(channel().remoteAddress());
  }
}
