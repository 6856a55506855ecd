package io.cairnfs.simulation.system;

import java.util.function.BiConsumer;

/**
 * What goes wrong where futures are completed would be kept by the futures: it is remembered here,
 * by thread, since a seed has one thread.
 */
final class Watched {
  private static final ThreadLocal<Throwable> FIRST = new ThreadLocal<>();

  private Watched() {}

  /** A new run begins on this thread. */
  static void begin() {
    FIRST.remove();
  }

  static void remember(Throwable failure) {
    if (FIRST.get() == null) {
      FIRST.set(failure);
    }
  }

  /** Throws what was remembered. */
  static void rethrow() {
    Throwable failure = FIRST.get();
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  /** A callback of a future, whose failures count. */
  static <T> BiConsumer<T, Throwable> then(BiConsumer<T, Throwable> callback) {
    return (value, failure) -> {
      try {
        callback.accept(value, failure);
      } catch (RuntimeException | Error e) {
        remember(e);
        throw e;
      }
    };
  }
}
