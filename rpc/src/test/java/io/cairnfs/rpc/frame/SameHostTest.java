package io.cairnfs.rpc.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class SameHostTest {
  private static InetAddress address(int a, int b, int c, int d) throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d});
  }

  @Test
  void ofOneMachineAreLoopbackAndOneAddressTwice() throws UnknownHostException {
    assertThat(SameHost.connects(address(127, 0, 0, 1), address(127, 0, 0, 3))).isTrue();
    assertThat(SameHost.connects(address(10, 0, 0, 5), address(10, 0, 0, 5))).isTrue();
    assertThat(SameHost.connects(address(10, 0, 0, 5), address(10, 0, 0, 6))).isFalse();
  }

  @Test
  void connectionsWithinTheMachineAreNotPaced() {
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try {
      Channel server =
          new ServerBootstrap()
              .group(loops)
              .channel(EpollServerSocketChannel.class)
              .childHandler(new ChannelInboundHandlerAdapter())
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .syncUninterruptibly()
              .channel();
      Channel client =
          new Bootstrap()
              .group(loops)
              .channel(EpollSocketChannel.class)
              .handler(new ChannelHandlerAdapter() {})
              .connect(server.localAddress())
              .syncUninterruptibly()
              .channel();

      SameHost.tune(client);

      ByteBuffer control = client.config().getOption(SameHost.CONGESTION_CONTROL);
      assertThat(StandardCharsets.US_ASCII.decode(control).toString()).isEqualTo("reno");
    } finally {
      loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
  }
}
