package io.cairnfs.common.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HistogramTest {
  @Test
  void everyValueLiesInsideItsBucket() {
    for (long value : new long[] {0, 1, 15, 16, 17, 31, 32, 1000, 1 << 20, Long.MAX_VALUE}) {
      int bucket = Histogram.bucket(value);
      assertThat(Histogram.upperEdge(bucket)).isGreaterThanOrEqualTo(value);
      if (bucket > 0) {
        assertThat(Histogram.upperEdge(bucket - 1)).isLessThan(value);
      }
    }
  }

  @Test
  void quantilesAreWithinOneSixteenth() {
    Histogram histogram = new MetricRegistry().histogram("x.micros");
    for (int i = 1; i <= 1000; i++) {
      histogram.record(i);
    }
    HistogramSnapshot snapshot = histogram.snapshot();
    assertThat(snapshot.count()).isEqualTo(1000);
    assertThat(snapshot.mean()).isEqualTo(500.5);
    assertThat(snapshot.p50()).isBetween(500L, 532L);
    assertThat(snapshot.p99()).isBetween(990L, 1000L);
    assertThat(snapshot.max()).isEqualTo(1000);
  }

  @Test
  void anEmptyHistogramIsAllZero() {
    assertThat(new MetricRegistry().histogram("x").snapshot())
        .isEqualTo(new HistogramSnapshot(0, 0, 0, 0, 0, 0));
  }
}
