package io.cairnfs.localcluster;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.admin.ServerStatusReply;
import java.util.Optional;

/** Asks a server how it is. */
@FunctionalInterface
public interface StatusProbe {
  /** Empty when it does not answer soon. */
  Optional<ServerStatusReply> ask(HostPort address);
}
