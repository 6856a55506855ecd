package io.cairnfs.localcluster;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.admin.ServerStatusReply;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Asks a server how it is. */
@FunctionalInterface
public interface StatusProbe {
  /** Empty when it does not answer soon. */
  CompletableFuture<Optional<ServerStatusReply>> ask(HostPort address);
}
