package io.cairnfs.rpc.client;

import io.cairnfs.rpc.frame.FrameLimits;
import java.time.Duration;

/**
 * How a client connects and what it bears.
 *
 * @param limits bounds on frames
 * @param connectTimeout for the TCP connection and the handshake together
 * @param idleTimeout a connection without calls for so long is closed
 * @param peerTimeout a peer whose host answers nothing at all for so long is given up
 * @param maxCallsPerConnection further calls are refused with BUSY, without being sent
 */
public record RpcClientOptions(
    FrameLimits limits,
    Duration connectTimeout,
    Duration idleTimeout,
    Duration peerTimeout,
    int maxCallsPerConnection) {
  /** 3 s to connect, 60 s idle, 10 s for a dead host, 1,024 calls on a connection. */
  public static final RpcClientOptions DEFAULT =
      new RpcClientOptions(
          FrameLimits.DEFAULT,
          Duration.ofSeconds(3),
          Duration.ofSeconds(60),
          Duration.ofSeconds(10),
          1_024);

  public RpcClientOptions withConnectTimeout(Duration timeout) {
    return new RpcClientOptions(limits, timeout, idleTimeout, peerTimeout, maxCallsPerConnection);
  }

  public RpcClientOptions withIdleTimeout(Duration timeout) {
    return new RpcClientOptions(
        limits, connectTimeout, timeout, peerTimeout, maxCallsPerConnection);
  }

  public RpcClientOptions withMaxCallsPerConnection(int calls) {
    return new RpcClientOptions(limits, connectTimeout, idleTimeout, peerTimeout, calls);
  }
}
