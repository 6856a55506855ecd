package io.cairnfs.rpc.server;

import io.cairnfs.common.error.CairnException;

/** Answers the calls of one method. */
@FunctionalInterface
public interface RpcHandler {
  /**
   * Answers a call, now or later, exactly once, by {@code reply} or {@code fail}. Runs on the
   * connection's event loop, where it must not block, unless an executor was given with the
   * handler.
   *
   * @throws CairnException to refuse the call: the same as {@link ServerCall#fail}. Any unchecked
   *     exception answers INTERNAL and goes to the server's handler of fatal errors.
   */
  void handle(ServerCall call) throws CairnException;
}
