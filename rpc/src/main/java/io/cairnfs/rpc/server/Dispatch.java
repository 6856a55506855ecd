package io.cairnfs.rpc.server;

import io.cairnfs.common.rpc.Method;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Who answers which method; fixed before the server starts. */
final class Dispatch {
  /** A handler and where it runs. */
  record Target(RpcHandler handler, Executor executor) {}

  private final Map<Method, Target> calls;
  private final Map<Method, StreamHandler> streams;
  private final Consumer<Throwable> onFatal;

  Dispatch(
      Map<Method, Target> calls, Map<Method, StreamHandler> streams, Consumer<Throwable> onFatal) {
    this.calls = copy(calls);
    this.streams = copy(streams);
    this.onFatal = onFatal;
  }

  private static <V> Map<Method, V> copy(Map<Method, V> from) {
    EnumMap<Method, V> copy = new EnumMap<>(Method.class);
    copy.putAll(from);
    return copy;
  }

  /** The handler of a method; null if there is none. */
  Target call(Method method) {
    return calls.get(method);
  }

  /** The stream handler of a method; null if there is none. */
  StreamHandler stream(Method method) {
    return streams.get(method);
  }

  /** A handler failed in a way that it must not. */
  void fatal(Throwable error) {
    onFatal.accept(error);
  }
}
