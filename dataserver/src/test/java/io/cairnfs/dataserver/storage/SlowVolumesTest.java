package io.cairnfs.dataserver.storage;

import static io.cairnfs.dataserver.storage.Replicas.append;
import static io.cairnfs.dataserver.storage.Replicas.bytes;
import static io.cairnfs.dataserver.storage.Replicas.verified;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.ManualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A store on a large volume and a small one, either of which may be slow. */
class SlowVolumesTest {
  private static final ChunkId ON_LARGE = ChunkId.of(0, 17, 1);
  private static final ChunkId ON_SMALL = ChunkId.of(0, 17, 2);
  private static final int PACKET = 10;
  private static final int FORCES = 60;

  private final ManualClock clock = new ManualClock(0);
  private final SimulatedDisk large = new SimulatedDisk("large");
  private final SimulatedDisk small = new SimulatedDisk("small");
  private final LaggingDisk largeLag = new LaggingDisk(large, clock);
  private final LaggingDisk smallLag = new LaggingDisk(small, clock);
  private final byte[] content = bytes(3, 100_000);
  private ReplicaStore store;
  private ReplicaWriter onLarge;
  private ReplicaWriter onSmall;
  private int written;
  private int chunks = 100;

  @BeforeEach
  void open() throws IOException {
    large.limitCapacity(1L << 40);
    small.limitCapacity(1L << 39);
    store = Replicas.open(clock, new VolumeOptions(0, 0), List.of(largeLag, smallLag));
    onLarge = store.create(ON_LARGE, 1, 1 << 20);
    large.limitCapacity(1L << 38);
    clock.advance(Duration.ofSeconds(2));
    onSmall = store.create(ON_SMALL, 1, 1 << 20);
    large.limitCapacity(1L << 40);
    clock.advance(Duration.ofSeconds(2));
    assertThat(newChunkIsOn(large)).isTrue();
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  /** Forces on both volumes, then the window ends. */
  private void window() throws IOException {
    for (int i = 0; i < FORCES; i++) {
      append(onLarge, content, written, written + PACKET, Durability.FORCED);
      append(onSmall, content, written, written + PACKET, Durability.FORCED);
      written += PACKET;
    }
    store.endLatencyWindow();
    clock.advance(Duration.ofSeconds(2));
  }

  private void windows(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      window();
    }
  }

  private boolean newChunkIsOn(SimulatedDisk disk) throws IOException {
    int before = disk.files().size();
    store.create(ChunkId.of(0, 17, ++chunks), 1, 1 << 20).finish();
    return disk.files().size() > before;
  }

  @Test
  void aVolumeTellsHowLongItTook() throws IOException {
    largeLag.force = Duration.ofMillis(80);
    largeLag.read = Duration.ofMillis(3);
    window();
    VolumeLatency latency = store.volumes().get(0).latency();
    assertThat(latency.forceMicros().orElseThrow()).isBetween(80_000L, 85_000L);
    assertThat(latency.writeMicros()).hasValue(0);
    assertThat(latency.readMicros()).isEqualTo(OptionalLong.empty());
    assertThat(store.volumes().get(1).latency().forceMicros()).hasValue(0);
    for (int i = 0; i < 60; i++) {
      assertThat(verified(store.read(ON_LARGE, ReadRange.of(0, written, 0, 0)))).hasSize(written);
    }
    store.endLatencyWindow();
    assertThat(store.volumes().get(0).latency().forceMicros()).isEmpty();
    assertThat(store.volumes().get(0).latency().readMicros().orElseThrow())
        .isBetween(3_000L, 3_200L);
  }

  @Test
  void newReplicasGoToTheOthersFirstWhileOneIsSlow() throws IOException {
    largeLag.force = Duration.ofMillis(80);
    windows(2);
    assertThat(newChunkIsOn(large)).isTrue();
    windows(1);
    assertThat(newChunkIsOn(small)).isTrue();
    largeLag.force = Duration.ofMillis(5);
    windows(3);
    assertThat(newChunkIsOn(large)).isTrue();
  }

  @Test
  void aSlowVolumeIsBetterThanAFullOne() throws IOException {
    largeLag.force = Duration.ofMillis(80);
    windows(3);
    small.limitCapacity(small.usedBytes() + 1);
    clock.advance(Duration.ofSeconds(2));
    assertThat(newChunkIsOn(large)).isTrue();
  }

  @Test
  void whereBothAreSlowNeitherIs() throws IOException {
    largeLag.force = Duration.ofMillis(80);
    smallLag.force = Duration.ofMillis(80);
    windows(5);
    assertThat(newChunkIsOn(large)).isTrue();
  }
}
