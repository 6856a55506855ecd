package io.cairnfs.rpc.client;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Calls servers. Keeps one connection for calls to each address, made when first needed, made anew
 * after it was lost, closed when idle; and connections for streams, each used by one stream at a
 * time. Safe for any thread.
 *
 * <p>Futures complete on the event loop of the connection: whoever continues there must not block.
 * They fail with a {@link io.cairnfs.common.error.CairnException}: the server's refusal; TIMED_OUT
 * at the deadline; CONNECTION_LOST when the connection broke after the call was sent, so that it
 * may or may not have been executed; UNAVAILABLE when no connection could be made, so that it was
 * not; WRONG_CLUSTER or WRONG_VERSION from the handshake; BUSY when too many calls are outstanding.
 * Cancelling the future tells the server that the answer is not wanted.
 */
public interface RpcClient extends AutoCloseable {
  /**
   * A client that connects over TCP.
   *
   * @param self what it says of itself; asked for every handshake, since a process may learn its
   *     cluster id late
   */
  static RpcClient create(
      RpcEventLoops loops, RpcClientOptions options, Supplier<PeerIdentity> self, Clock clock) {
    return new NettyRpcClient(loops, options, self, clock);
  }

  /** Calls and waits no longer than the time-out. The payload of the reply must be released. */
  CompletableFuture<RpcReply> call(
      HostPort address, Method method, MessageLite request, Duration timeout);

  /** Calls with raw bytes; takes ownership of the payload, also on failure. */
  CompletableFuture<RpcReply> call(
      HostPort address, Method method, MessageLite request, ByteBuf payload, Duration timeout);

  /** Calls for a message; raw bytes of the reply, if any, are dropped. */
  <T extends MessageLite> CompletableFuture<T> call(
      HostPort address, Method method, MessageLite request, Parser<T> reply, Duration timeout);

  /**
   * Opens a stream on a connection that no other stream or call uses meanwhile. Returns at once;
   * frames sent before the connection is there are kept. Opened on an event loop of this client's,
   * the stream stays on that loop.
   */
  ClientStream openStream(
      HostPort address, Method method, MessageLite request, StreamListener listener);

  /** Makes the connection if there is none and says who is at the other end. */
  CompletableFuture<Peer> connect(HostPort address);

  /** Closes all connections; outstanding calls fail with CONNECTION_LOST. */
  @Override
  void close();
}
