package io.cairnfs.rpc.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test class after which buffers were collected without having been released. */
public final class LeakGuard implements BeforeAllCallback, AfterAllCallback {
  private static final int COLLECTIONS = 50;
  private static final long COLLECTION_MILLIS = 200;
  private static final Queue<String> leaks = new ConcurrentLinkedQueue<>();

  @Override
  public void beforeAll(ExtensionContext context) {
    ByteBufUtil.setLeakListener((type, records) -> leaks.add(type + " " + records));
    leaks.clear();
  }

  @Override
  public void afterAll(ExtensionContext context) throws InterruptedException {
    // The collector hands references over in lists: when the second one has come back, all of the
    // first list have.
    awaitCollection();
    awaitCollection();
    // The detector reports when it next tracks a buffer.
    PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
    assertThat(leaks).isEmpty();
  }

  private static void awaitCollection() throws InterruptedException {
    ReferenceQueue<Object> collected = new ReferenceQueue<>();
    WeakReference<Object> canary = new WeakReference<>(new Object(), collected);
    Reference<?> seen = null;
    for (int attempt = 0; attempt < COLLECTIONS && seen == null; attempt++) {
      System.gc();
      seen = collected.remove(COLLECTION_MILLIS);
    }
    assertThat(seen).as("what was collected").isSameAs(canary);
  }
}
