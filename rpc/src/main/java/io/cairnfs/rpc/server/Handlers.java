package io.cairnfs.rpc.server;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.cairnfs.common.rpc.Method;
import java.util.concurrent.Executor;

/** Where services put the handlers of their methods. */
public interface Handlers {
  /** Answers a method where the call arrives. */
  @CanIgnoreReturnValue
  Handlers handler(Method method, RpcHandler handler);

  /** Answers a method on an executor; a call it rejects is refused with BUSY. */
  @CanIgnoreReturnValue
  Handlers handler(Method method, RpcHandler handler, Executor executor);

  /** Accepts streams of a method. */
  @CanIgnoreReturnValue
  Handlers streamHandler(Method method, StreamHandler handler);
}
