package io.cairnfs.client.base;

import java.time.Duration;

/** What the parts of the client tell a person who waits. Called on event loops: must not block. */
public interface ClientEvents {
  void metaserversUnreachable(Duration waited, String addresses, String reason);

  void callFailedOver(String fromAddress, String toAddress);

  void pipelineFailedOver(String chunk, String failedServer, String reason);

  void readFailedOver(String chunk, String failedServer, String reason);
}
