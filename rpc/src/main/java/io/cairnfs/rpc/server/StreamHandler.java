package io.cairnfs.rpc.server;

import io.cairnfs.common.error.CairnException;

/** Accepts the stream calls of one method. */
@FunctionalInterface
public interface StreamHandler {
  /**
   * Begins a stream; runs on the connection's event loop and must not block. Data that arrives goes
   * to the receiver that is returned.
   *
   * @throws CairnException to refuse the stream: the same as {@link ServerStream#fail}
   */
  StreamReceiver open(ServerStream stream) throws CairnException;
}
