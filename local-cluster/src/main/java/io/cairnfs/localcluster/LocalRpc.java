package io.cairnfs.localcluster;

import com.google.common.base.Splitter;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.util.List;

/** How the tools of this package reach servers. */
final class LocalRpc {
  private LocalRpc() {}

  static RpcClient client(RpcEventLoops loops) {
    PeerIdentity self =
        new PeerIdentity(
            "",
            PeerRole.ADMINISTRATOR,
            System.getProperty("user.name", "nobody"),
            "local",
            "localhost",
            CairnVersion.text());
    return RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self, new SystemClock());
  }

  static CairnFileSystem connect(List<HostPort> metaservers) throws CairnException {
    return connect(ClientOptions.builder(metaservers).clientName("local").build());
  }

  static CairnFileSystem connect(ClientOptions options) throws CairnException {
    return CairnFileSystem.connect(options);
  }

  /** The addresses in {@code cairn://host:port,host:port}. */
  static List<HostPort> addresses(String uri) {
    return Splitter.on(',')
        .splitToStream(uri.substring("cairn://".length()))
        .map(HostPort::parse)
        .toList();
  }
}
