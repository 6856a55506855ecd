package io.cairnfs.common.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RecentLatencyTest {
  private final RecentLatency latency = new RecentLatency();

  private void record(int values, long micros) {
    for (int i = 0; i < values; i++) {
      latency.record(micros * 1_000);
    }
  }

  @Test
  void fewValuesSayNothing() {
    record(49, 10_000);
    assertThat(latency.endWindow()).isEqualTo(49);
    assertThat(latency.p99Micros()).isEmpty();
    record(50, 10_000);
    assertThat(latency.p99Micros()).isEmpty();
    assertThat(latency.endWindow()).isEqualTo(50);
    assertThat(latency.p99Micros().orElseThrow()).isBetween(10_000L, 10_625L);
  }

  @Test
  void onlyTheLastWindowCounts() {
    record(1_000, 80_000);
    assertThat(latency.endWindow()).isEqualTo(1_000);
    record(1_000, 100);
    assertThat(latency.p99Micros().orElseThrow()).isGreaterThanOrEqualTo(80_000);
    assertThat(latency.endWindow()).isEqualTo(1_000);
    assertThat(latency.p99Micros().orElseThrow()).isBetween(100L, 107L);
    assertThat(latency.endWindow()).isZero();
    assertThat(latency.p99Micros()).isEmpty();
  }

  @Test
  void oneOddValueInAHundredIsNotThe99thPercentile() {
    record(99, 100);
    record(1, 5_000_000);
    assertThat(latency.endWindow()).isEqualTo(100);
    assertThat(latency.p99Micros().orElseThrow()).isBetween(100L, 107L);
  }
}
