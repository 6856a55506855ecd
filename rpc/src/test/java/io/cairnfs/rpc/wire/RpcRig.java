package io.cairnfs.rpc.wire;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/** A server and a client in one process, over a real socket. */
final class RpcRig implements AutoCloseable {
  static final PeerIdentity SERVER =
      new PeerIdentity("c1", PeerRole.DATA_SERVER, "", "d1", "127.0.0.1", "test");
  static final PeerIdentity CLIENT =
      new PeerIdentity("c1", PeerRole.CLIENT, "ann", "x1", "desk", "test");

  final RpcEventLoops loops;
  final Queue<Throwable> fatal = new ConcurrentLinkedQueue<>();
  final RpcServer server;
  final RpcClient client;

  RpcRig(RpcEventLoops.Transport transport, Consumer<RpcServer.Builder> handlers)
      throws CairnException {
    this(1, transport, handlers);
  }

  RpcRig(int eventLoops, RpcEventLoops.Transport transport, Consumer<RpcServer.Builder> handlers)
      throws CairnException {
    this(
        eventLoops,
        transport,
        RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
        RpcClientOptions.DEFAULT,
        handlers);
  }

  RpcRig(
      RpcEventLoops.Transport transport,
      RpcServerOptions options,
      RpcClientOptions clientOptions,
      Consumer<RpcServer.Builder> handlers)
      throws CairnException {
    this(1, transport, options, clientOptions, handlers);
  }

  RpcRig(
      int eventLoops,
      RpcEventLoops.Transport transport,
      RpcServerOptions options,
      RpcClientOptions clientOptions,
      Consumer<RpcServer.Builder> handlers)
      throws CairnException {
    loops = RpcEventLoops.create(eventLoops, "rpc-test", transport);
    RpcServer.Builder builder =
        RpcServer.builder(loops, options, () -> SERVER, new SystemClock()).onFatal(fatal::add);
    handlers.accept(builder);
    server = builder.start();
    client = RpcClient.create(loops, clientOptions, () -> CLIENT, new SystemClock());
  }

  HostPort address() {
    return server.address();
  }

  @Override
  public void close() {
    client.close();
    server.close();
    loops.close();
  }
}
