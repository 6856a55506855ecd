package io.cairnfs.rpc.server;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on one address and answers calls. Built by {@link #builder}; handlers are given before it
 * starts. Safe for any thread.
 */
public final class RpcServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RpcServer.class);
  private static final int BACKLOG = 1024;
  private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(2 << 20, 4 << 20);

  private final RpcServerOptions options;
  private final Supplier<PeerIdentity> self;
  private final Clock clock;
  private final Dispatch dispatch;
  private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean full = new AtomicBoolean();
  private final Shared shared = new Shared();
  private Channel listener;

  private RpcServer(Builder builder) {
    options = builder.options;
    self = builder.self;
    clock = builder.clock;
    dispatch = new Dispatch(builder.calls, builder.streams, builder.onFatal);
  }

  /**
   * Begins to build a server.
   *
   * @param self what it says of itself; asked for every handshake, since a process may learn its
   *     cluster id late
   */
  public static Builder builder(
      RpcEventLoops loops, RpcServerOptions options, Supplier<PeerIdentity> self, Clock clock) {
    return new Builder(loops, options, self, clock);
  }

  /** Collects handlers, then starts the server. Not safe for several threads. */
  public static final class Builder implements Handlers {
    private final RpcEventLoops loops;
    private final RpcServerOptions options;
    private final Supplier<PeerIdentity> self;
    private final Clock clock;
    private final Map<Method, Dispatch.Target> calls = new EnumMap<>(Method.class);
    private final Map<Method, StreamHandler> streams = new EnumMap<>(Method.class);
    private Consumer<Throwable> onFatal = error -> log.error("handler failed", error);

    private Builder(
        RpcEventLoops loops, RpcServerOptions options, Supplier<PeerIdentity> self, Clock clock) {
      this.loops = loops;
      this.options = options;
      this.self = self;
      this.clock = clock;
    }

    /** Answers a method on the event loop. */
    @Override
    @CanIgnoreReturnValue
    public Builder handler(Method method, RpcHandler handler) {
      return handler(method, handler, Runnable::run);
    }

    /** Answers a method on an executor; a call it rejects is refused with BUSY. */
    @Override
    @CanIgnoreReturnValue
    public Builder handler(Method method, RpcHandler handler, Executor executor) {
      if (calls.put(method, new Dispatch.Target(handler, executor)) != null) {
        throw new IllegalStateException(method + " has a handler already");
      }
      return this;
    }

    /** Accepts streams of a method. */
    @Override
    @CanIgnoreReturnValue
    public Builder streamHandler(Method method, StreamHandler handler) {
      if (streams.put(method, handler) != null) {
        throw new IllegalStateException(method + " has a stream handler already");
      }
      return this;
    }

    /**
     * What happens when a handler throws anything but a CairnException: a server process stops.
     * Unless given, it is logged.
     */
    public Builder onFatal(Consumer<Throwable> action) {
      onFatal = action;
      return this;
    }

    /**
     * Binds and begins to answer. Blocks for the binding; not to be called on an event loop.
     *
     * @throws CairnException INVALID_ARGUMENT when the address is not known, NOT_PERMITTED when it
     *     is not loopback and the security mode does not allow that, IO_ERROR when it cannot be
     *     bound
     */
    public RpcServer start() throws CairnException {
      RpcServer server = new RpcServer(this);
      server.bind(loops);
      return server;
    }
  }

  private void bind(RpcEventLoops loops) throws CairnException {
    InetSocketAddress address = new InetSocketAddress(options.host(), options.port());
    if (address.isUnresolved()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "cannot listen on unknown host '" + options.host() + "'");
    }
    if (!address.getAddress().isLoopbackAddress() && options.securityMode() != SecurityMode.NONE) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED,
          "refusing to listen on "
              + options.host()
              + ":"
              + options.port()
              + ": callers are not authenticated, so only loopback addresses are allowed;"
              + " write security.mode = none in the configuration to listen there all the same");
    }
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.serverChannelClass())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.ALLOCATOR, loops.allocator())
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    accept(channel);
                  }
                });
    ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new CairnException(
          ErrorCode.IO_ERROR,
          "cannot listen on "
              + options.host()
              + ":"
              + options.port()
              + ": "
              + bound.cause().getMessage(),
          bound.cause());
    }
    listener = bound.channel();
  }

  private void accept(SocketChannel channel) {
    if (connections.size() >= options.maxConnections()) {
      if (full.compareAndSet(false, true)) {
        log.warn(
            "peer={} refused: {} connections are open already",
            channel.remoteAddress(),
            options.maxConnections());
      }
      refuse(channel);
      return;
    }
    full.set(false);
    ServerConnection connection = new ServerConnection(shared, channel.eventLoop());
    connections.add(connection);
    channel.pipeline().addLast(connection);
  }

  // Whether the refused connection closes well concerns nobody.
  @SuppressWarnings("FutureReturnValueIgnored")
  private static void refuse(SocketChannel channel) {
    channel.close();
  }

  /** Where the server listens: the port it got if 0 was asked for. */
  public HostPort address() {
    return new HostPort(options.host(), ((InetSocketAddress) listener.localAddress()).getPort());
  }

  /** Connections that are open. */
  public int connectionCount() {
    return connections.size();
  }

  /** Stops listening and closes all connections. Waits for the former; not for an event loop. */
  @Override
  public void close() {
    listener.close().awaitUninterruptibly();
    for (ServerConnection connection : new ArrayList<>(connections)) {
      connection.disconnect();
    }
  }

  private final class Shared implements ServerConnection.Shared {
    @Override
    public RpcServerOptions options() {
      return options;
    }

    @Override
    public Dispatch dispatch() {
      return dispatch;
    }

    @Override
    public PeerIdentity self() {
      return self.get();
    }

    @Override
    public Clock clock() {
      return clock;
    }

    @Override
    public void closed(ServerConnection connection) {
      connections.remove(connection);
    }
  }
}
