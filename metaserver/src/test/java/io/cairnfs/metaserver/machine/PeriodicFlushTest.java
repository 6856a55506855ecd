package io.cairnfs.metaserver.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PeriodicFlushTest {
  private final List<Long> flushes = new ArrayList<>();
  private long applied = 1_000;

  private final PeriodicFlush flush =
      new PeriodicFlush(
          new PeriodicFlush.Flushed() {
            @Override
            public long appliedIndex() {
              return applied;
            }

            @Override
            public void flush() {
              flushes.add(applied);
            }
          });

  private void second(int entries) throws IOException {
    applied += entries;
    flush.look();
  }

  @Test
  void aBurstIsFlushedAsSoonAsItIsOver() throws IOException {
    second(500);
    second(500);
    assertThat(flushes).isEmpty();
    second(3);
    assertThat(flushes).containsExactly(2_003L);
    second(3);
    assertThat(flushes).hasSize(1);
  }

  @Test
  void underLoadItIsDoneEveryTenSeconds() throws IOException {
    for (int i = 0; i < 30; i++) {
      second(500);
    }
    assertThat(flushes).containsExactly(6_000L, 11_000L, 16_000L);
  }

  @Test
  void whatTrickledInIsFlushedWhenItIsEnough() throws IOException {
    for (int i = 0; i < 7; i++) {
      second(9);
    }
    assertThat(flushes).containsExactly(1_054L);
  }
}
