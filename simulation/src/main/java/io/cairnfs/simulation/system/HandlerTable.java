package io.cairnfs.simulation.system;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.server.Handlers;
import io.cairnfs.rpc.server.RpcHandler;
import io.cairnfs.rpc.server.ServerCall;
import io.cairnfs.rpc.server.StreamHandler;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;

/** The handlers of one process. */
final class HandlerTable implements Handlers {
  private final Map<Method, Target> calls = new EnumMap<>(Method.class);
  private final Map<Method, StreamHandler> streams = new EnumMap<>(Method.class);

  private record Target(RpcHandler handler, Executor executor) {}

  @Override
  @CanIgnoreReturnValue
  public HandlerTable handler(Method method, RpcHandler handler) {
    return handler(method, handler, Runnable::run);
  }

  @Override
  @CanIgnoreReturnValue
  public HandlerTable handler(Method method, RpcHandler handler, Executor executor) {
    calls.put(method, new Target(handler, executor));
    return this;
  }

  @Override
  @CanIgnoreReturnValue
  public HandlerTable streamHandler(Method method, StreamHandler handler) {
    streams.put(method, handler);
    return this;
  }

  void answer(ServerCall call) {
    Target target = calls.get(call.method());
    if (target == null) {
      call.fail(new CairnException(ErrorCode.UNKNOWN_METHOD, call.method().toString()));
      return;
    }
    target.executor.execute(
        () -> {
          try {
            target.handler.handle(call);
          } catch (CairnException e) {
            call.fail(e);
          }
        });
  }

  StreamHandler stream(Method method) throws CairnException {
    StreamHandler handler = streams.get(method);
    if (handler == null) {
      throw new CairnException(ErrorCode.UNKNOWN_METHOD, method.toString());
    }
    return handler;
  }
}
