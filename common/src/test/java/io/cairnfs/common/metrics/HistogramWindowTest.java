package io.cairnfs.common.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HistogramWindowTest {
  @Test
  void onlyWhatCameSinceTheBeginningCounts() {
    Histogram histogram = new Histogram();
    histogram.record(1_000_000);
    HistogramWindow window = new HistogramWindow(histogram);
    assertThat(window.count()).isZero();
    assertThat(window.quantile(0.99)).isZero();
    for (int i = 1; i <= 100; i++) {
      histogram.record(i);
    }
    assertThat(window.count()).isEqualTo(100);
    assertThat(window.quantile(0.5)).isBetween(50L, 54L);
    assertThat(window.quantile(1)).isBetween(100L, 107L);
    window.begin();
    histogram.record(7);
    assertThat(window.count()).isEqualTo(1);
    assertThat(window.quantile(0.99)).isEqualTo(7);
  }
}
