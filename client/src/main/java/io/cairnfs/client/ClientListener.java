package io.cairnfs.client;

import java.time.Duration;

/**
 * Told of what a person who waits may want to know. Called on the client's own threads: return
 * quickly and do not call the file system.
 */
public interface ClientListener {
  /** Does nothing. */
  ClientListener NONE = new ClientListener() {};

  /**
   * No metaserver answered for another {@link ClientOptions#unreachableReportInterval()}.
   *
   * @param waited since the call that waits longest began to wait
   * @param addresses who was asked
   * @param reason the last error
   */
  default void metaserversUnreachable(Duration waited, String addresses, String reason) {}

  /** A call went on at another metaserver than the one it began at. */
  default void callFailedOver(String fromAddress, String toAddress) {}

  /** A pipeline lost a member; its stream goes on in another chunk. */
  default void pipelineFailedOver(String chunk, String failedServer, String reason) {}

  /** A read goes on at another replica. */
  default void readFailedOver(String chunk, String failedServer, String reason) {}
}
