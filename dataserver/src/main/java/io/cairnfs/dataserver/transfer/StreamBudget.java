package io.cairnfs.dataserver.transfer;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that all streams together hold in memory. Safe for any thread. */
final class StreamBudget {
  private final long limit;
  private final AtomicLong held = new AtomicLong();

  StreamBudget(long limit) {
    this.limit = limit;
  }

  void take(long bytes) {
    held.addAndGet(bytes);
  }

  void give(long bytes) {
    held.addAndGet(-bytes);
  }

  boolean isExhausted() {
    return held.get() >= limit;
  }

  long held() {
    return held.get();
  }
}
