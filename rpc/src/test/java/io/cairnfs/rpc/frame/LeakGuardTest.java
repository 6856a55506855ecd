package io.cairnfs.rpc.frame;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.rpc.testing.LeakGuard;
import io.netty.buffer.PooledByteBufAllocator;
import org.junit.jupiter.api.Test;

/** The guard of the other tests must be able to fail. */
final class LeakGuardTest {
  @Test
  void aBufferThatIsNotReleasedIsReported() {
    LeakGuard guard = new LeakGuard();
    guard.beforeAll(null);
    for (int i = 0; i < 100; i++) {
      PooledByteBufAllocator.DEFAULT.directBuffer(64 + i).writeByte(i);
    }
    assertThatThrownBy(() -> guard.afterAll(null)).isInstanceOf(AssertionError.class);
    guard.beforeAll(null);
  }
}
