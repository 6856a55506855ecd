package io.cairnfs.rpc.frame;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections that do not leave the machine. Whatever congestion control the system uses, they get
 * the plain one, which every Linux has and everybody may choose (TCP_CONGESTION of tcp(7)): there
 * is no link whose rate could be learnt, and one that paces what it sends by timers, such as BBR,
 * costs twice the processor time per byte and half the rate.
 */
final class SameHost {
  private static final Logger log = LoggerFactory.getLogger(SameHost.class);

  private static final int IPPROTO_TCP = 6;
  private static final int TCP_CONGESTION = 13;
  private static final byte[] PLAIN = "reno".getBytes(StandardCharsets.US_ASCII);
  static final RawUnixChannelOption CONGESTION_CONTROL =
      new RawUnixChannelOption("TCP_CONGESTION", IPPROTO_TCP, TCP_CONGESTION, PLAIN.length);

  private SameHost() {}

  /** Both ends have one address, or loopback ones. */
  static boolean connects(Channel channel) {
    return channel.localAddress() instanceof InetSocketAddress local
        && channel.remoteAddress() instanceof InetSocketAddress remote
        && connects(local.getAddress(), remote.getAddress());
  }

  static boolean connects(InetAddress local, InetAddress remote) {
    return remote.isLoopbackAddress() || remote.equals(local);
  }

  /** Of a connection that was just made; does nothing where the transport cannot. */
  static void tune(Channel channel) {
    if (channel instanceof EpollSocketChannel && connects(channel)) {
      try {
        channel.config().setOption(CONGESTION_CONTROL, ByteBuffer.wrap(PLAIN));
      } catch (ChannelException e) {
        // Slower, but as good.
        log.debug(
            "peer={} keeps its congestion control: {}", channel.remoteAddress(), e.toString());
      }
    }
  }
}
