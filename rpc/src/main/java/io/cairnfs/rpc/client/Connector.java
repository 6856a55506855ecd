package io.cairnfs.rpc.client;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.Clock;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes connections. Host names are looked up on a thread of their own, since that may block. */
final class Connector {
  private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(2 << 20, 4 << 20);
  private static final Logger log = LoggerFactory.getLogger(Connector.class);
  private static final int MAX_LOOKUPS_WAITING = 1024;

  private final RpcEventLoops loops;
  private final RpcClientOptions options;
  private final Supplier<PeerIdentity> self;
  private final Clock clock;
  private final Executor lookups;

  Connector(
      RpcEventLoops loops, RpcClientOptions options, Supplier<PeerIdentity> self, Clock clock) {
    this.loops = loops;
    this.options = options;
    this.self = self;
    this.clock = clock;
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_LOOKUPS_WAITING),
            task -> {
              Thread thread = new Thread(task, "host-lookup");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    lookups = executor;
  }

  /** A connection that has not begun to connect. */
  ClientConnection prepare(
      HostPort address, EventLoop eventLoop, Consumer<ClientConnection> onGone) {
    return new ClientConnection(address, options, self, clock, eventLoop, onGone);
  }

  /**
   * Begins to connect; the outcome is told to the connection, on its event loop, later.
   *
   * @throws RejectedExecutionException when the event loop has shut down or too many host names
   *     wait to be looked up
   */
  void connect(ClientConnection connection) {
    connection.eventLoop().execute(connection::begin);
    String host = connection.address().host();
    if (host.equals("localhost")
        || NetUtil.isValidIpV4Address(host)
        || NetUtil.isValidIpV6Address(host)) {
      connect(connection, connection.address().toSocketAddress());
    } else {
      lookups.execute(() -> connect(connection, connection.address().toSocketAddress()));
    }
  }

  private void connect(ClientConnection connection, InetSocketAddress address) {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(connection.eventLoop())
            .channel(loops.socketChannelClass())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.ALLOCATOR, loops.allocator())
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                Math.toIntExact(options.connectTimeout().toMillis()))
            .handler(connection);
    if (loops.transport() == RpcEventLoops.Transport.EPOLL) {
      int seconds = (int) Math.max(1, options.peerTimeout().toSeconds() / 3);
      bootstrap
          .option(
              EpollChannelOption.TCP_USER_TIMEOUT,
              Math.toIntExact(options.peerTimeout().toMillis()))
          .option(EpollChannelOption.TCP_KEEPIDLE, seconds)
          .option(EpollChannelOption.TCP_KEEPINTVL, seconds)
          .option(EpollChannelOption.TCP_KEEPCNT, 2);
    }
    bootstrap
        .connect(address)
        .addListener(
            (ChannelFuture connected) -> {
              if (!connected.isSuccess()) {
                failed(connection, connected.cause());
              }
            });
  }

  /**
   * Not every failure is told on the connection's event loop, nor after the caller has returned.
   */
  private static void failed(ClientConnection connection, Throwable cause) {
    try {
      connection.eventLoop().execute(() -> connection.connectFailed(cause));
    } catch (RejectedExecutionException e) {
      log.debug("peer={} not connected, and the event loop has shut down", connection.address());
    }
  }
}
