package io.cairnfs.rpc.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits with a deadline. */
final class Await {
  private static final long SECONDS = 8;

  private Await() {}

  static <T> T value(CompletableFuture<T> future) throws Exception {
    return future.get(SECONDS, TimeUnit.SECONDS);
  }

  static CairnException refusal(CompletableFuture<?> future, ErrorCode code) throws Exception {
    try {
      Object value = future.get(SECONDS, TimeUnit.SECONDS);
      throw new AssertionError("no refusal but " + value);
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(CairnException.class);
      CairnException refusal = (CairnException) e.getCause();
      assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(code);
      return refusal;
    }
  }

  static void until(BooleanSupplier condition) throws TimeoutException {
    for (int i = 0; i < SECONDS * 1000; i++) {
      if (condition.getAsBoolean()) {
        return;
      }
      LockSupport.parkNanos(1_000_000);
    }
    throw new TimeoutException("the condition did not come true");
  }
}
