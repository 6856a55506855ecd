package io.cairnfs.client.chunk;

/** Tells the metaserver of a replica with a bad checksum; the server itself will be asked. */
@FunctionalInterface
public interface BadReplicaReporter {
  /** Must not block. */
  void report(long chunk, int server, String problem);
}
