package io.cairnfs.shell.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CopyTest {
  @Test
  void theLineShowsBytesRateAndTimeLeft() {
    assertThat(TerminalProgress.line(512L << 20, 1L << 30, 2_000_000_000L))
        .isEqualTo("[============>           ]  50%  512 M of 1 G  256 MB/s  0:02 left");
    assertThat(TerminalProgress.line(1L << 30, 1L << 30, 1_000_000_000L))
        .isEqualTo("[========================] 100%  1 G of 1 G  1 GB/s  0:00 left");
  }

  @Test
  void withoutATotalNoTimeIsLeft() {
    assertThat(TerminalProgress.line(2048, -1, 1_000_000_000L)).isEqualTo("2 K  2 KB/s");
    assertThat(TerminalProgress.line(10, 0, 1_000_000_000L)).isEqualTo("10  10 B/s");
  }

  @Test
  void whatTakesHoursShowsHours() {
    assertThat(TerminalProgress.line(0, 100, 1_000_000_000L)).endsWith("-:-- left");
    assertThat(TerminalProgress.line(1, 7201, 1_000_000_000L)).endsWith("2:00:00 left");
  }

  @Test
  void errorsAreToldInOrderWhoeverFailsFirst() throws Exception {
    List<String> told = new ArrayList<>();
    CountDownLatch secondHasFailed = new CountDownLatch(1);
    try (InOrder workers = new InOrder(2, 10, e -> told.add(e.getMessage()))) {
      workers.submit(
          () -> {
            await(secondHasFailed);
            throw new IOException("first");
          });
      workers.submit(
          () -> {
            secondHasFailed.countDown();
            throw new IOException("second");
          });
      workers.drain();
    }
    assertThat(told).containsExactly("first", "second");
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(20, TimeUnit.SECONDS)) {
        throw new IOException("waited in vain");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void noMoreTasksAreUnderWayThanTheBound() throws Exception {
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (InOrder workers = new InOrder(3, 3, e -> {})) {
      for (int i = 0; i < 200; i++) {
        workers.submit(
            () -> {
              most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
              underWay.decrementAndGet();
            });
      }
      workers.drain();
    }
    assertThat(most.get()).isBetween(1, 3);
    assertThat(underWay.get()).isZero();
  }
}
