package io.cairnfs.rpc.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/** The client over Netty. Finds or makes the connection; the connection does the rest. */
final class NettyRpcClient implements RpcClient {
  /** A connection can turn out to be gone when an exchange reaches it, so a new one is tried. */
  private static final int ATTEMPTS = 3;

  private final Connector connector;
  private final RpcEventLoops loops;
  private final Clock clock;

  /** The connection for calls to each address. */
  private final Map<HostPort, ClientConnection> callConnections = new ConcurrentHashMap<>();

  /** Connections that no stream uses at the moment. */
  private final Map<HostPort, ConcurrentLinkedDeque<ClientConnection>> idleStreamConnections =
      new ConcurrentHashMap<>();

  private final Set<ClientConnection> all = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  NettyRpcClient(
      RpcEventLoops loops, RpcClientOptions options, Supplier<PeerIdentity> self, Clock clock) {
    this.loops = loops;
    this.clock = clock;
    connector = new Connector(loops, options, self, clock);
  }

  @Override
  public CompletableFuture<RpcReply> call(
      HostPort address, Method method, MessageLite request, Duration timeout) {
    return call(address, method, request, Unpooled.EMPTY_BUFFER, timeout);
  }

  @Override
  public CompletableFuture<RpcReply> call(
      HostPort address, Method method, MessageLite request, ByteBuf payload, Duration timeout) {
    return start(address, method, request, payload, timeout, RpcReply::new);
  }

  @Override
  public <T extends MessageLite> CompletableFuture<T> call(
      HostPort address, Method method, MessageLite request, Parser<T> reply, Duration timeout) {
    return start(
        address,
        method,
        request,
        Unpooled.EMPTY_BUFFER,
        timeout,
        (message, payload) -> {
          payload.release();
          return parse(reply, method, message);
        });
  }

  private static <T> T parse(Parser<T> parser, Method method, ByteString message)
      throws CairnException {
    try {
      return parser.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new CairnException(
          ErrorCode.MALFORMED, method + " reply is malformed: " + e.getMessage(), e);
    }
  }

  private <T> CompletableFuture<T> start(
      HostPort address,
      Method method,
      MessageLite request,
      ByteBuf payload,
      Duration timeout,
      Call.Converter<T> converter) {
    if (timeout.isNegative() || timeout.isZero()) {
      payload.release();
      return CompletableFuture.failedFuture(
          new CairnException(
              ErrorCode.TIMED_OUT, method + " to " + address + " was given no time"));
    }
    Call<T> call =
        new Call<>(
            method,
            request,
            payload,
            clock.monotonicNanos() + timeout.toNanos(),
            converter,
            new CancellableFuture<>());
    dispatch(address, call, 1);
    return call.future();
  }

  private void dispatch(HostPort address, Call<?> call, int attempt) {
    if (closed) {
      unavailable(address, call);
      return;
    }
    ClientConnection connection;
    try {
      connection = callConnection(address);
    } catch (RejectedExecutionException e) {
      unavailable(address, call);
      return;
    }
    onLoop(
        connection.eventLoop(),
        call,
        () -> {
          if (connection.start(call)) {
            call.future()
                .onCancel(
                    () ->
                        connection
                            .eventLoop()
                            .execute(
                                () ->
                                    connection.abandon(
                                        call,
                                        new CairnException(
                                            ErrorCode.CANCELLED, call.method() + " cancelled"))));
          } else if (attempt == ATTEMPTS) {
            unavailable(address, call);
          } else {
            dispatch(address, call, attempt + 1);
          }
        });
  }

  private ClientConnection callConnection(HostPort address) {
    ClientConnection known = callConnections.get(address);
    if (known != null && !known.isGone()) {
      return known;
    }
    return callConnections.compute(
        address,
        (key, current) ->
            current != null && !current.isGone() ? current : open(address, loops.group().next()));
  }

  private ClientConnection open(HostPort address, EventLoop eventLoop) {
    ClientConnection connection = connector.prepare(address, eventLoop, this::forget);
    connector.connect(connection);
    all.add(connection);
    return connection;
  }

  private void forget(ClientConnection connection) {
    all.remove(connection);
    callConnections.remove(connection.address(), connection);
    ConcurrentLinkedDeque<ClientConnection> idle = idleStreamConnections.get(connection.address());
    if (idle != null) {
      idle.remove(connection);
    }
  }

  @Override
  public ClientStream openStream(
      HostPort address, Method method, MessageLite request, StreamListener listener) {
    ConcurrentLinkedDeque<ClientConnection> idle =
        idleStreamConnections.computeIfAbsent(address, key -> new ConcurrentLinkedDeque<>());
    Optional<EventLoop> current = currentLoop();
    ClientConnection reused = current.isPresent() ? pollOf(current.get(), idle) : idle.pollLast();
    EventLoop eventLoop =
        reused != null ? reused.eventLoop() : current.orElseGet(() -> loops.group().next());
    OutgoingStream stream = new OutgoingStream(eventLoop, method, request, listener);
    onLoop(eventLoop, stream, () -> startStream(address, stream, reused, idle));
    return stream;
  }

  /** Whoever opens a stream on an event loop hears of it there: two hand-overs less each time. */
  private Optional<EventLoop> currentLoop() {
    for (EventExecutor loop : loops.group()) {
      if (loop.inEventLoop()) {
        return Optional.of((EventLoop) loop);
      }
    }
    return Optional.empty();
  }

  /** One of the event loop's connections, or null. */
  private static ClientConnection pollOf(
      EventLoop loop, ConcurrentLinkedDeque<ClientConnection> idle) {
    Iterator<ClientConnection> newestFirst = idle.descendingIterator();
    while (newestFirst.hasNext()) {
      ClientConnection connection = newestFirst.next();
      // Another thread may have taken it meanwhile.
      if (connection.eventLoop() == loop && idle.remove(connection)) {
        return connection;
      }
    }
    return null;
  }

  private void startStream(
      HostPort address,
      OutgoingStream stream,
      ClientConnection reused,
      ConcurrentLinkedDeque<ClientConnection> idle) {
    ClientConnection connection = reused;
    if (connection == null || connection.isGone()) {
      if (closed) {
        unavailable(address, stream);
        return;
      }
      try {
        connection = open(address, stream.eventLoop());
      } catch (RejectedExecutionException e) {
        unavailable(address, stream);
        return;
      }
    }
    ClientConnection used = connection;
    stream.attach(used);
    if (!used.start(stream)) {
      unavailable(address, stream);
      return;
    }
    stream.onEnd(() -> reuse(used, idle));
  }

  private static void reuse(ClientConnection used, ConcurrentLinkedDeque<ClientConnection> idle) {
    if (!used.isGone()) {
      idle.addLast(used);
    }
  }

  private void onLoop(EventLoop eventLoop, Exchange exchange, Runnable action) {
    if (eventLoop.inEventLoop()) {
      action.run();
      return;
    }
    try {
      eventLoop.execute(action);
    } catch (RejectedExecutionException e) {
      if (exchange.end()) {
        exchange.fail(new CairnException(ErrorCode.UNAVAILABLE, "the client was closed", e));
      }
    }
  }

  private void unavailable(HostPort address, Exchange exchange) {
    if (exchange.end()) {
      exchange.fail(
          new CairnException(
              ErrorCode.UNAVAILABLE,
              closed ? "the client was closed" : "no connection to " + address));
    }
  }

  @Override
  public CompletableFuture<Peer> connect(HostPort address) {
    try {
      return callConnection(address).established().copy();
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(
          new CairnException(ErrorCode.UNAVAILABLE, "no connection to " + address, e));
    }
  }

  @Override
  public void close() {
    closed = true;
    List<ClientConnection> open = new ArrayList<>(all);
    for (ClientConnection connection : open) {
      CairnException cause = new CairnException(ErrorCode.CONNECTION_LOST, "the client was closed");
      try {
        connection.eventLoop().execute(() -> connection.end(cause));
      } catch (RejectedExecutionException e) {
        all.remove(connection);
      }
    }
  }
}
