package io.cairnfs.common.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ChunkIdTest {
  @Test
  void partsComeBack() {
    ChunkId chunk = ChunkId.of(1023, 16383, ChunkId.MAX_COUNTER);
    assertThat(chunk.pool()).isEqualTo(1023);
    assertThat(chunk.slot()).isEqualTo(16383);
    assertThat(chunk.counter()).isEqualTo(ChunkId.MAX_COUNTER);
    assertThat(chunk.value()).isEqualTo(-1L);
  }

  @Test
  void orderIsPoolThenSlotThenCounter() {
    assertThat(ChunkId.of(512, 0, 1)).isGreaterThan(ChunkId.of(511, 16383, 9));
    assertThat(ChunkId.of(0, 2, 1)).isGreaterThan(ChunkId.of(0, 1, ChunkId.MAX_COUNTER));
  }

  @Test
  void partsOutsideTheirRangeAreRefused() {
    assertThatThrownBy(() -> ChunkId.of(1024, 0, 1)).hasMessageContaining("pool 1024");
    assertThatThrownBy(() -> ChunkId.of(0, 16384, 1)).hasMessageContaining("slot 16384");
    assertThatThrownBy(() -> ChunkId.of(0, 0, 0)).hasMessageContaining("counter 0");
  }
}
