package io.cairnfs.rpc.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The event loops of a process, shared by its servers and clients: epoll where the system has it,
 * NIO elsewhere. One or two threads are enough for a process.
 */
public final class RpcEventLoops implements AutoCloseable {
  private final EventLoopGroup group;
  private final Transport transport;

  /** What moves the bytes. */
  public enum Transport {
    EPOLL,
    NIO
  }

  private RpcEventLoops(EventLoopGroup group, Transport transport) {
    this.group = group;
    this.transport = transport;
  }

  /** Starts the loops on the best transport of this machine. */
  public static RpcEventLoops create(int threads, String threadName) {
    return create(threads, threadName, Epoll.isAvailable() ? Transport.EPOLL : Transport.NIO);
  }

  /** Starts the loops on the transport named. */
  public static RpcEventLoops create(int threads, String threadName, Transport transport) {
    DefaultThreadFactory factory = new DefaultThreadFactory(threadName, true);
    return new RpcEventLoops(
        new MultiThreadIoEventLoopGroup(
            threads,
            factory,
            transport == Transport.EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory()),
        transport);
  }

  public EventLoopGroup group() {
    return group;
  }

  public Transport transport() {
    return transport;
  }

  /** The one allocator of all connections: pooled, so that its behaviour is the measured one. */
  public ByteBufAllocator allocator() {
    return PooledByteBufAllocator.DEFAULT;
  }

  public Class<? extends SocketChannel> socketChannelClass() {
    return switch (transport) {
      case EPOLL -> EpollSocketChannel.class;
      case NIO -> NioSocketChannel.class;
    };
  }

  public Class<? extends ServerSocketChannel> serverChannelClass() {
    return switch (transport) {
      case EPOLL -> EpollServerSocketChannel.class;
      case NIO -> NioServerSocketChannel.class;
    };
  }

  /** Stops the loops and waits for it, at most five seconds. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
