package io.cairnfs.client;

import io.cairnfs.client.base.ClientEvents;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands the machinery's events to the application's listener. */
record ListenerEvents(ClientListener listener) implements ClientEvents {
  private static final Logger LOG = LoggerFactory.getLogger(ListenerEvents.class);

  /** The application's mistake must not stop the call that tells it something. */
  private static void tell(Runnable event) {
    try {
      event.run();
    } catch (RuntimeException e) {
      LOG.error("the application's listener failed", e);
    }
  }

  @Override
  public void metaserversUnreachable(Duration waited, String addresses, String reason) {
    tell(() -> listener.metaserversUnreachable(waited, addresses, reason));
  }

  @Override
  public void callFailedOver(String fromAddress, String toAddress) {
    tell(() -> listener.callFailedOver(fromAddress, toAddress));
  }

  @Override
  public void pipelineFailedOver(String chunk, String failedServer, String reason) {
    tell(() -> listener.pipelineFailedOver(chunk, failedServer, reason));
  }

  @Override
  public void readFailedOver(String chunk, String failedServer, String reason) {
    tell(() -> listener.readFailedOver(chunk, failedServer, reason));
  }
}
