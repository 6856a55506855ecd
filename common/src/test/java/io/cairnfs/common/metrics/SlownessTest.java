package io.cairnfs.common.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SlownessTest {
  private final Slowness slowness = new Slowness();

  private boolean judge(long micros, long others) {
    return slowness.judge(OptionalLong.of(micros), OptionalLong.of(others));
  }

  private boolean silence() {
    return slowness.judge(OptionalLong.empty(), OptionalLong.of(1_000));
  }

  private void makeSlow() {
    for (int i = 0; i < Slowness.WINDOWS; i++) {
      assertThat(slowness.isSlow()).isFalse();
      judge(60_000, 10_000);
    }
    assertThat(slowness.isSlow()).isTrue();
  }

  @Test
  void threeWindowsInARowMakeSlow() {
    assertThat(judge(60_000, 10_000)).isFalse();
    assertThat(judge(60_000, 10_000)).isFalse();
    assertThat(judge(50_000, 10_000)).isFalse();
    makeSlow();
  }

  @Test
  void aWindowWithoutAStatementBreaksTheRow() {
    judge(60_000, 10_000);
    judge(60_000, 10_000);
    assertThat(silence()).isFalse();
    assertThat(judge(60_000, 10_000)).isFalse();
    assertThat(slowness.judge(OptionalLong.of(60_000), OptionalLong.empty())).isFalse();
    makeSlow();
  }

  @Test
  void nobodyIsSlowBelowTheFloor() {
    for (int i = 0; i < 10; i++) {
      assertThat(judge(50_000, 100)).isFalse();
    }
  }

  @Test
  void threeWindowsUnderHalfOfItEndIt() {
    makeSlow();
    assertThat(judge(24_000, 10_000)).isTrue();
    assertThat(judge(24_000, 10_000)).isTrue();
    // Between the two limits it stays as it is.
    assertThat(judge(30_000, 10_000)).isTrue();
    assertThat(judge(24_000, 10_000)).isTrue();
    assertThat(judge(24_000, 10_000)).isTrue();
    assertThat(judge(24_000, 10_000)).isFalse();
  }

  @Test
  void whoGetsNothingToDoIsTriedAgain() {
    makeSlow();
    assertThat(silence()).isTrue();
    assertThat(silence()).isTrue();
    assertThat(silence()).isFalse();
  }

  @Test
  void ofTwoMiddleOnesTheMedianIsTheLarger() {
    assertThat(Slowness.median()).isEmpty();
    assertThat(Slowness.median(7)).hasValue(7);
    assertThat(Slowness.median(9, 1, 5, 3)).hasValue(5);
    assertThat(Slowness.median(9, 1, 5)).hasValue(5);
  }
}
