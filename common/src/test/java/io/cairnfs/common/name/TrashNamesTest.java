package io.cairnfs.common.name;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TrashNamesTest {
  /** 2026-11-23 02:53:09 UTC. */
  private static final long SECONDS = 1_795_402_389;

  private static final long NANOS = SECONDS * 1_000_000_000;

  @Test
  void checkpointsAreNamedByTheirSecond() {
    assertThat(TrashNames.checkpoint(NANOS + 999_999_999, 0)).isEqualTo("261123025309");
    assertThat(TrashNames.checkpoint(NANOS, 2)).isEqualTo("261123025309-2");
  }

  @Test
  void theTimeIsReadBackFromTheName() {
    assertThat(TrashNames.checkpointTime("261123025309")).hasValue(NANOS);
    assertThat(TrashNames.checkpointTime("261123025309-1000")).hasValue(NANOS);
    assertThat(TrashNames.checkpointTime("2611230253")).hasValue((SECONDS - 9) * 1_000_000_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Current", "", "26112302530", "261323025309", "261123025309x", "261123025309-"})
  void otherNamesHaveNoTime(String name) {
    assertThat(TrashNames.checkpointTime(name)).isEmpty();
  }
}
