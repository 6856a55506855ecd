package io.cairnfs.localcluster;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.admin.ServerStatusRequest;
import io.cairnfs.rpc.client.RpcClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Asks over the network, and waits no longer than a person would. */
final class RpcStatusProbe implements StatusProbe {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final RpcClient client;

  RpcStatusProbe(RpcClient client) {
    this.client = client;
  }

  @Override
  public CompletableFuture<Optional<ServerStatusReply>> ask(HostPort address) {
    return client
        .call(
            address,
            Method.SERVER_STATUS,
            ServerStatusRequest.getDefaultInstance(),
            ServerStatusReply.parser(),
            PATIENCE)
        .handle(
            // Not answering is an answer: the caller shows the role as such.
            (reply, failure) -> failure == null ? Optional.of(reply) : Optional.empty());
  }
}
