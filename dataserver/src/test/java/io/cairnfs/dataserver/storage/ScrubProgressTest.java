package io.cairnfs.dataserver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.id.ChunkId;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScrubProgressTest {
  private final SimulatedDisk disk = new SimulatedDisk("d1");

  @Test
  void whatWasKeptIsRead() throws IOException {
    assertThat(ScrubProgress.read(disk)).isEqualTo(ScrubProgress.NONE);
    ScrubProgress progress =
        new ScrubProgress(
            ChunkId.of(0, 7, 9),
            true,
            Optional.of(ScrubRound.begin(1000).with(500, true).with(70, false)),
            Optional.of(new ScrubRound(1, 2, 3, 4, 5)));
    progress.write(disk);
    assertThat(ScrubProgress.read(disk)).isEqualTo(progress);
    assertThat(progress.round().orElseThrow()).isEqualTo(new ScrubRound(1000, 0, 2, 570, 1));
    ScrubProgress.NONE.write(disk);
    assertThat(ScrubProgress.read(disk)).isEqualTo(ScrubProgress.NONE);
  }

  @Test
  void aFileOfOlderSoftwareSaysOnlyWhereItWas() throws IOException {
    TextRecord.replace(
        disk, "SCRUB", TextRecord.encode("cairn-scrub", 1, Map.of("after", "0000070000000009")));
    assertThat(ScrubProgress.read(disk))
        .isEqualTo(
            new ScrubProgress(ChunkId.of(0, 7, 9), false, Optional.empty(), Optional.empty()));
  }

  @Test
  void whatIsNoNumberIsNamed() throws IOException {
    TextRecord.replace(
        disk,
        "SCRUB",
        TextRecord.encode("cairn-scrub", 1, Map.of("after", "0", "started", "yesterday")));
    assertThatThrownBy(() -> ScrubProgress.read(disk))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("yesterday");
  }
}
