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
  void onlyChunksOfCodedPoolsAreCells() {
    PoolId coded = PoolId.coded(CodingPolicy.RS_6_3, StorageClass.ARCHIVE);
    ChunkId cell = ChunkId.of(coded.value(), 7, 5 * ChunkId.MAX_CELLS + 8);
    assertThat(cell.isCell()).isTrue();
    assertThat(cell.value()).isPositive();
    assertThat(cell.cell()).isEqualTo(8);
    assertThat(cell.withCell(0)).isEqualTo(ChunkId.of(coded.value(), 7, 160));
    assertThat(cell.withCell(31).cell()).isEqualTo(31);
    assertThatThrownBy(() -> cell.withCell(32)).hasMessageContaining("cell 32");

    ChunkId whole = ChunkId.of(PoolId.replicated(StorageClass.SSD).value(), 7, 8);
    assertThat(whole.isCell()).isFalse();
    assertThatThrownBy(whole::cell).hasMessageContaining("no cell");
  }

  @Test
  void partsOutsideTheirRangeAreRefused() {
    assertThatThrownBy(() -> ChunkId.of(1024, 0, 1)).hasMessageContaining("pool 1024");
    assertThatThrownBy(() -> ChunkId.of(0, 16384, 1)).hasMessageContaining("slot 16384");
    assertThatThrownBy(() -> ChunkId.of(0, 0, 0)).hasMessageContaining("counter 0");
  }
}
