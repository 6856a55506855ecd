package io.cairnfs.metaserver.chunk;

import io.cairnfs.proto.types.ServerHealth;

/** Who is up, as the leader knows it just now. Any thread may ask. */
public interface ReplicaHealth {
  ServerHealth of(int server);

  /** It is up, and takes much longer than the others. */
  default boolean isSlow(int server) {
    return false;
  }
}
