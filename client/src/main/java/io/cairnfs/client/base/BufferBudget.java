package io.cairnfs.client.base;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes of file content that all streams of a client may hold. Never makes anybody wait, so that
 * streams cannot lock each other out: who gets nothing goes on with the least that it needs. Safe
 * for any thread.
 */
public final class BufferBudget {
  private final AtomicLong available;

  public BufferBudget(long bytes) {
    available = new AtomicLong(bytes);
  }

  /** Takes all of it or nothing. */
  public boolean tryAcquire(long bytes) {
    long now = available.get();
    while (now >= bytes) {
      if (available.compareAndSet(now, now - bytes)) {
        return true;
      }
      now = available.get();
    }
    return false;
  }

  public void release(long bytes) {
    available.addAndGet(bytes);
  }

  public long availableBytes() {
    return available.get();
  }
}
