package io.cairnfs.rpc.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.frame.HandshakeReply;
import io.cairnfs.proto.frame.ResponseHeader;
import io.cairnfs.proto.frame.StreamAckHeader;
import io.cairnfs.rpc.frame.ErrorStatuses;
import io.cairnfs.rpc.frame.FrameConnection;
import io.cairnfs.rpc.frame.FrameKind;
import io.cairnfs.rpc.frame.Handshakes;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The caller's end of one connection: CONNECTING until the handshake was answered, then
 * ESTABLISHED, then gone for good. Owned by the event loop.
 */
final class ClientConnection extends FrameConnection {
  private static final Logger log = LoggerFactory.getLogger(ClientConnection.class);

  private final HostPort address;
  private final RpcClientOptions options;
  private final Supplier<PeerIdentity> self;
  private final Clock clock;
  private final EventLoop eventLoop;
  private final Consumer<ClientConnection> onGone;
  private final CompletableFuture<Peer> established = new CompletableFuture<>();

  /** Exchanges that wait for the connection. */
  private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();

  private final LongObjectMap<Exchange> outstanding = new LongObjectHashMap<>();
  private final Deadlines deadlines = new Deadlines();
  private ScheduledFuture<?> connectTimer;
  private ScheduledFuture<?> deadlineTimer;
  private ScheduledFuture<?> idleTimer;
  private long armedNanos = Long.MAX_VALUE;
  private long lastCallId;
  private long lastUseNanos;

  /** Why the connection is gone or going; null while it is not. */
  private CairnException ending;

  private volatile boolean gone;

  ClientConnection(
      HostPort address,
      RpcClientOptions options,
      Supplier<PeerIdentity> self,
      Clock clock,
      EventLoop eventLoop,
      Consumer<ClientConnection> onGone) {
    super(options.limits());
    this.address = address;
    this.options = options;
    this.self = self;
    this.clock = clock;
    this.eventLoop = eventLoop;
    this.onGone = onGone;
    lastUseNanos = clock.monotonicNanos();
  }

  HostPort address() {
    return address;
  }

  EventLoop eventLoop() {
    return eventLoop;
  }

  /** Completes with who is at the other end. */
  CompletableFuture<Peer> established() {
    return established;
  }

  /** Takes no more exchanges. Safe for any thread. */
  boolean isGone() {
    return gone;
  }

  /** Starts the clock of the connection attempt. On the event loop, like all that follows. */
  void begin() {
    connectTimer =
        eventLoop.schedule(
            () ->
                end(
                    new CairnException(
                        ErrorCode.UNAVAILABLE,
                        "no connection to " + address + " within " + options.connectTimeout())),
            options.connectTimeout().toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** There will be no connection. */
  void connectFailed(Throwable cause) {
    end(
        new CairnException(
            ErrorCode.UNAVAILABLE,
            "cannot connect to " + address + ": " + cause.getMessage(),
            cause));
  }

  /**
   * Takes over an exchange. One that comes when the attempt to connect has failed already, on a
   * busy machine, learns why as those that waited for it did.
   *
   * @return false, having done nothing, when the connection was there and is gone: another may do
   */
  boolean start(Exchange exchange) {
    if (ending != null) {
      if (!established.isCompletedExceptionally()) {
        return false;
      }
      if (exchange.end()) {
        exchange.fail(ending);
      }
      return true;
    }
    int count = waiting.size() + outstanding.size();
    if (count >= options.maxCallsPerConnection()) {
      if (exchange.end()) {
        exchange.fail(CairnException.busy(count + " calls are outstanding to " + address, 0));
      }
      return true;
    }
    if (exchange.deadlineNanos() != Long.MAX_VALUE) {
      deadlines.add(exchange, count + 1);
      arm(exchange.deadlineNanos());
    }
    if (established.isDone()) {
      send(exchange);
    } else {
      waiting.add(exchange);
    }
    return true;
  }

  private void send(Exchange exchange) {
    if (exchange.isEnded()) {
      return;
    }
    long id = ++lastCallId;
    long now = clock.monotonicNanos();
    lastUseNanos = now;
    try {
      exchange.write(writer(), id, timeoutMillis(exchange.deadlineNanos(), now));
    } catch (CairnException e) {
      if (exchange.end()) {
        exchange.fail(e);
      }
      return;
    }
    exchange.sent(id);
    outstanding.put(id, exchange);
    exchange.started();
    if (!exchange.isEnded()) {
      exchange.writable(channel().isWritable());
    }
    flushSoon();
  }

  private static int timeoutMillis(long deadlineNanos, long now) {
    if (deadlineNanos == Long.MAX_VALUE) {
      return 0;
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - now);
    return (int) Math.max(1, Math.min(millis, Integer.MAX_VALUE));
  }

  /** Sends data of a stream that was started here; takes ownership of the payload. */
  void sendData(Exchange stream, MessageLite message, ByteBuf payload) {
    if (ending != null) {
      payload.release();
      return;
    }
    try {
      writer().streamData(stream.callId(), message, payload);
    } catch (CairnException e) {
      payload.release();
      abandon(stream, e);
      return;
    }
    flushSoon();
    if (!channel().isWritable()) {
      stream.writable(false);
    }
  }

  /** Ends an exchange from this side. */
  void abandon(Exchange exchange, CairnException cause) {
    if (!exchange.end()) {
      return;
    }
    if (exchange.isSent()) {
      outstanding.remove(exchange.callId());
      if (ending == null) {
        writer().cancel(exchange.callId());
        flushSoon();
      }
    } else {
      waiting.remove(exchange);
    }
    exchange.fail(cause);
  }

  /** Closes; what is outstanding fails with the cause. */
  void end(CairnException cause) {
    if (ending != null) {
      return;
    }
    ending = cause;
    gone = true;
    onGone.accept(this);
    cancel(connectTimer);
    cancel(deadlineTimer);
    cancel(idleTimer);
    established.completeExceptionally(cause);
    List<Exchange> unsent = new ArrayList<>(waiting);
    waiting.clear();
    List<Exchange> sent = new ArrayList<>(outstanding.values());
    outstanding.clear();
    for (Exchange exchange : unsent) {
      if (exchange.end()) {
        exchange.fail(cause);
      }
    }
    for (Exchange exchange : sent) {
      if (exchange.end()) {
        exchange.fail(cause);
      }
    }
    close();
  }

  private static void cancel(ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  private void arm(long deadlineNanos) {
    if (deadlineNanos >= armedNanos) {
      return;
    }
    cancel(deadlineTimer);
    armedNanos = deadlineNanos;
    long wait = Math.max(0, deadlineNanos - clock.monotonicNanos());
    deadlineTimer = eventLoop.schedule(this::expire, wait, TimeUnit.NANOSECONDS);
  }

  private void expire() {
    armedNanos = Long.MAX_VALUE;
    if (ending != null) {
      return;
    }
    for (Exchange exchange : deadlines.expired(clock.monotonicNanos())) {
      abandon(
          exchange,
          new CairnException(
              ErrorCode.TIMED_OUT, exchange.method() + " to " + address + " timed out"));
    }
    long next = deadlines.next();
    if (next != Long.MAX_VALUE) {
      arm(next);
    }
  }

  @Override
  protected void onOpen() {
    if (ending != null) {
      close();
    } else {
      sendHandshake(FrameKind.HANDSHAKE_REQUEST, Handshakes.request(self.get()));
    }
  }

  @Override
  protected void onFrame(FrameKind kind, ByteBuf header, ByteBuf payload)
      throws CairnException, InvalidProtocolBufferException {
    boolean taken = false;
    try {
      switch (kind) {
        case HANDSHAKE_REPLY -> handshake(parse(HandshakeReply.parser(), header));
        case RESPONSE -> {
          ResponseHeader response = parse(ResponseHeader.parser(), header);
          taken = true;
          response(response, payload);
        }
        case STREAM_ACK -> {
          StreamAckHeader ack = parse(StreamAckHeader.parser(), header);
          Exchange exchange = outstanding.get(ack.getCallId());
          if (exchange != null) {
            exchange.acknowledged(ack.getMessage());
          }
        }
        case HANDSHAKE_REQUEST, REQUEST, STREAM_DATA, CANCEL ->
            throw new CairnException(ErrorCode.MALFORMED, kind + " from a server");
      }
    } finally {
      if (!taken) {
        payload.release();
      }
    }
  }

  private void handshake(HandshakeReply reply) throws CairnException {
    if (reply.hasError()) {
      throw ErrorStatuses.toException(reply.getError());
    }
    PeerIdentity identity = Handshakes.identity(reply);
    Handshakes.check(self.get(), reply.getProtocolVersion(), identity);
    establish();
    cancel(connectTimer);
    scheduleIdleCheck(options.idleTimeout().toNanos());
    established.complete(new Peer(identity, channel().remoteAddress()));
    while (!waiting.isEmpty() && ending == null) {
      send(waiting.poll());
    }
  }

  private void response(ResponseHeader response, ByteBuf payload) throws CairnException {
    if (response.getCallId() == 0) {
      payload.release();
      throw ErrorStatuses.toException(response.getError());
    }
    Exchange exchange = outstanding.remove(response.getCallId());
    if (exchange == null || !exchange.end()) {
      // Abandoned here before the answer came.
      payload.release();
    } else if (response.hasError()) {
      payload.release();
      exchange.fail(ErrorStatuses.toException(response.getError()));
    } else {
      exchange.succeed(response.getMessage(), payload);
    }
  }

  private void scheduleIdleCheck(long waitNanos) {
    idleTimer = eventLoop.schedule(this::checkIdle, waitNanos, TimeUnit.NANOSECONDS);
  }

  private void checkIdle() {
    long idle = clock.monotonicNanos() - lastUseNanos;
    long limit = options.idleTimeout().toNanos();
    if (!outstanding.isEmpty()) {
      scheduleIdleCheck(limit);
    } else if (idle < limit) {
      scheduleIdleCheck(limit - idle);
    } else {
      end(new CairnException(ErrorCode.CONNECTION_LOST, "idle connection to " + address));
    }
  }

  @Override
  protected void onFault(CairnException fault) {
    log.debug("peer={} closed: {} {}", address, fault.code(), fault.getMessage());
    end(fault);
  }

  @Override
  protected void onWritabilityChanged() {
    boolean writable = channel().isWritable();
    for (Exchange exchange : new ArrayList<>(outstanding.values())) {
      exchange.writable(writable);
    }
  }

  @Override
  protected void onClosed() {
    end(
        established.isDone()
            ? new CairnException(ErrorCode.CONNECTION_LOST, "connection to " + address + " lost")
            : new CairnException(
                ErrorCode.UNAVAILABLE, address + " closed the connection before the handshake"));
  }
}
