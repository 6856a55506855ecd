package io.cairnfs.rpc.server;

import io.cairnfs.rpc.frame.FrameLimits;
import java.time.Duration;

/**
 * Where a server listens and what it bears.
 *
 * @param host address or name to listen on
 * @param port port to listen on; 0 = any free one
 * @param securityMode decides whether {@code host} may be other than loopback
 * @param limits bounds on frames
 * @param maxConnections connections beyond this are closed at once
 * @param maxCallsPerConnection calls outstanding on one connection beyond this are refused with
 *     BUSY
 * @param handshakeTimeout a connection without a handshake for so long is closed
 */
public record RpcServerOptions(
    String host,
    int port,
    SecurityMode securityMode,
    FrameLimits limits,
    int maxConnections,
    int maxCallsPerConnection,
    Duration handshakeTimeout) {
  public RpcServerOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " outside 0..65535");
    }
    if (maxConnections < 1 || maxCallsPerConnection < 1) {
      throw new IllegalArgumentException(
          "maxConnections " + maxConnections + ", maxCallsPerConnection " + maxCallsPerConnection);
    }
    if (handshakeTimeout.isNegative() || handshakeTimeout.isZero()) {
      throw new IllegalArgumentException("handshakeTimeout " + handshakeTimeout);
    }
  }

  /** Defaults: 10,000 connections, 1,024 calls on each, 5 s for the handshake. */
  public static RpcServerOptions of(String host, int port, SecurityMode securityMode) {
    return new RpcServerOptions(
        host, port, securityMode, FrameLimits.DEFAULT, 10_000, 1_024, Duration.ofSeconds(5));
  }

  public RpcServerOptions withMaxConnections(int connections) {
    return new RpcServerOptions(
        host, port, securityMode, limits, connections, maxCallsPerConnection, handshakeTimeout);
  }

  public RpcServerOptions withMaxCallsPerConnection(int calls) {
    return new RpcServerOptions(
        host, port, securityMode, limits, maxConnections, calls, handshakeTimeout);
  }

  public RpcServerOptions withHandshakeTimeout(Duration timeout) {
    return new RpcServerOptions(
        host, port, securityMode, limits, maxConnections, maxCallsPerConnection, timeout);
  }

  public RpcServerOptions withLimits(FrameLimits frameLimits) {
    return new RpcServerOptions(
        host,
        port,
        securityMode,
        frameLimits,
        maxConnections,
        maxCallsPerConnection,
        handshakeTimeout);
  }
}
