package io.cairnfs.client;

import io.cairnfs.client.base.ClientEvents;
import java.time.Duration;

/** Hands the machinery's events to the application's listener. */
record ListenerEvents(ClientListener listener) implements ClientEvents {
  @Override
  public void metaserversUnreachable(Duration waited, String addresses, String reason) {
    listener.metaserversUnreachable(waited, addresses, reason);
  }

  @Override
  public void callFailedOver(String fromAddress, String toAddress) {
    listener.callFailedOver(fromAddress, toAddress);
  }

  @Override
  public void pipelineFailedOver(String chunk, String failedServer, String reason) {
    listener.pipelineFailedOver(chunk, failedServer, reason);
  }

  @Override
  public void readFailedOver(String chunk, String failedServer, String reason) {
    listener.readFailedOver(chunk, failedServer, reason);
  }
}
