package io.cairnfs.dataserver.storage;

import static io.cairnfs.dataserver.storage.Replicas.append;
import static io.cairnfs.dataserver.storage.Replicas.bytes;
import static io.cairnfs.dataserver.storage.Replicas.range;
import static io.cairnfs.dataserver.storage.Replicas.verified;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The process dies before each single change of the disk, and the machine loses power with it. */
class CrashTest {
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 1);
  private static final VolumeOptions UNBOUNDED = new VolumeOptions(0, 0);
  private static final int SEEDS = 12;
  private static final int MAX = 1 << 20;

  private final ManualClock clock = new ManualClock(0);
  private final byte[] content = bytes(3, 100_000);

  /** What was answered before the crash. */
  private static final class Promises {
    int synced;
    int epoch;
    int sealed = -1;
    int sealing = -1;
  }

  private interface Script {
    void run(ReplicaStore store, Promises promises) throws IOException;
  }

  private int crashEverywhere(Script script) throws IOException {
    int crashes = 0;
    for (int point = 0; ; point++) {
      boolean crashed = false;
      for (int seed = 0; seed < SEEDS; seed++) {
        crashed = crash(script, point, seed);
      }
      if (!crashed) {
        return crashes;
      }
      crashes++;
    }
  }

  private boolean crash(Script script, int point, int seed) throws IOException {
    SimulatedDisk disk = new SimulatedDisk("v1");
    disk.limitCapacity(1L << 40);
    Replicas.open(clock, UNBOUNDED, List.of(disk)).close();
    CrashingDisk crashing = new CrashingDisk(disk, point);
    Promises promises = new Promises();
    try {
      ReplicaStore store = Replicas.open(clock, UNBOUNDED, List.of(crashing));
      script.run(store, promises);
    } catch (IOException e) {
      assertThat(crashing.hasCrashed()).as("unexpected: %s", e).isTrue();
    }
    disk.losePower(new Random(1000L * point + seed));
    check(disk, promises, "crash before change " + point + ", seed " + seed);
    return crashing.hasCrashed();
  }

  private void check(SimulatedDisk disk, Promises promises, String where) throws IOException {
    ReplicaStore store = Replicas.open(clock, UNBOUNDED, List.of(disk));
    Optional<ReplicaStatus> status = store.status(CHUNK);
    if (promises.sealed >= 0) {
      assertThat(status.map(ReplicaStatus::state)).as(where).contains(State.SEALED);
    }
    if (promises.synced > 0 || promises.epoch > 0) {
      assertThat(status).as(where).isPresent();
    }
    assertThat(store.badReplicas(10)).as(where).isEmpty();
    if (status.isEmpty()) {
      return;
    }
    int length = (int) status.get().length();
    if (status.get().state() == State.SEALED) {
      assertThat(length).as(where).isEqualTo(promises.sealing);
    } else {
      assertThat(length).as(where).isGreaterThanOrEqualTo(promises.synced);
      assertThat(status.get().epoch()).as(where).isGreaterThanOrEqualTo(promises.epoch);
    }
    byte[] read = verified(store.read(CHUNK, ReadRange.of(0, 200_000, length, 0)));
    assertThat(read).as(where).isEqualTo(range(content, 0, length));
    if (promises.sealing >= 0 && status.get().state() != State.SEALED) {
      store.seal(CHUNK, promises.sealing, 3, 1);
      assertThat(verified(store.read(CHUNK, ReadRange.of(0, 200_000, 0, 0))))
          .as(where)
          .isEqualTo(range(content, 0, promises.sealing));
    }
    store.close();
  }

  private void sync(ReplicaWriter writer, int from, int to, Promises promises)
      throws CairnException {
    append(writer, content, from, to, Durability.FORCED);
    promises.synced = to;
  }

  @Test
  void hazardA10SyncedBytesOfAPartialCellSurviveItsGrowth() throws IOException {
    int points =
        crashEverywhere(
            (store, promises) -> {
              ReplicaWriter writer = store.create(CHUNK, 1, MAX);
              sync(writer, 0, 1000, promises);
              append(writer, content, 1000, 1500, Durability.WRITTEN);
              append(writer, content, 1500, 4095, Durability.WRITTEN);
              append(writer, content, 4095, 4100, Durability.WRITTEN);
              sync(writer, 4100, 4200, promises);
              append(writer, content, 4200, 30_000, Durability.WRITTEN);
            });
    assertThat(points).isGreaterThan(20);
  }

  @Test
  void syncedBytesSurviveInLargePackets() throws IOException {
    crashEverywhere(
        (store, promises) -> {
          ReplicaWriter writer = store.create(CHUNK, 1, MAX);
          append(writer, content, 0, 40_000, Durability.WRITTEN);
          sync(writer, 40_000, 70_000, promises);
          append(writer, content, 70_000, 100_000, Durability.WRITTEN);
          writer.finish();
          store.forceClosed();
          promises.synced = 100_000;
        });
  }

  /** From the third on they find room that was made ahead; the packet at the end is too large. */
  private void syncOftenALittle(ReplicaStore store, Promises promises) throws CairnException {
    ReplicaWriter writer = store.create(CHUNK, 1, MAX);
    int[] ends = {700, 1400, 5000, 5100, 9196, 9200, 20_000};
    int from = 0;
    for (int end : ends) {
      sync(writer, from, end, promises);
      from = end;
    }
    assertThat(store.volumes().get(0).usedBytes()).isGreaterThan(RoomAhead.MIN_DATA_BYTES);
    append(writer, content, 20_000, 20_001, Durability.WRITTEN);
    sync(writer, 20_001, 100_000, promises);
    writer.finish();
  }

  @Test
  void smallSyncedAppendsSurviveInRoomMadeAhead() throws IOException {
    int points = crashEverywhere(this::syncOftenALittle);
    assertThat(points).isGreaterThan(30);
  }

  @Test
  void whatLiesAheadIsNoPartOfAReplicaThatIsFencedAndSealed() throws IOException {
    crashEverywhere(
        (store, promises) -> {
          syncOftenALittle(store, promises);
          store.fence(CHUNK, 5);
          promises.epoch = 5;
          promises.sealing = 9196;
          promises.synced = 9196;
          store.seal(CHUNK, 9196, 3, 5);
          promises.sealed = 9196;
        });
  }

  @Test
  void hazardA9SealedMeansWholeAndForced() throws IOException {
    crashEverywhere(
        (store, promises) -> {
          ReplicaWriter writer = store.create(CHUNK, 1, MAX);
          append(writer, content, 0, 50_000, Durability.WRITTEN);
          sync(writer, 50_000, 60_001, promises);
          writer.finish();
          promises.synced = 0;
          promises.sealing = 45_001;
          promises.synced = 45_001;
          store.seal(CHUNK, 45_001, 3, 1);
          promises.sealed = 45_001;
        });
  }

  @Test
  void hazardA3AFenceOnceAnsweredIsNeverForgotten() throws IOException {
    crashEverywhere(
        (store, promises) -> {
          ReplicaWriter writer = store.create(CHUNK, 1, MAX);
          append(writer, content, 0, 5000, Durability.WRITTEN);
          FenceResult fenced = store.fence(CHUNK, 5);
          promises.epoch = 5;
          promises.synced = (int) fenced.validLength();
          writer.finish();
          store.fence(CHUNK, 6);
          promises.epoch = 6;
        });
  }

  @Test
  void aFenceOfAnAbsentReplicaIsNeverForgotten() throws IOException {
    crashEverywhere(
        (store, promises) -> {
          store.fence(CHUNK, 5);
          promises.epoch = 5;
        });
  }

  @Test
  void aCopyIsThereAsAWholeOrNotAtAll() throws IOException {
    crashEverywhere(
        (store, promises) -> {
          promises.sealing = 9000;
          try (ReplicaCopy copy = store.beginCopy(CHUNK, 9000, 1, 3, ReadPace.FREE).orElseThrow()) {
            ReplicaPacket packet = Replicas.packet(content, 0, 9000);
            int[] sums = new int[3];
            packet.checksums().asIntBuffer().get(sums);
            copy.append(packet.payload().get(0), sums);
            copy.finish();
          }
          promises.sealed = 9000;
        });
  }

  @Test
  void aFenceBehindRoomMadeAheadSurvivesTheNextPowerCut() throws IOException {
    for (int seed = 0; seed < 50; seed++) {
      SimulatedDisk disk = new SimulatedDisk("v1");
      disk.limitCapacity(1L << 40);
      ReplicaStore store = Replicas.open(clock, UNBOUNDED, List.of(disk));
      Promises promises = new Promises();
      syncOftenALittle(store, promises);
      Random random = new Random(seed);
      disk.losePower(random);
      try (ReplicaStore again = Replicas.open(clock, UNBOUNDED, List.of(disk))) {
        assertThat(again.fence(CHUNK, 7).validLength()).as("seed %d", seed).isEqualTo(100_000);
      }
      disk.losePower(random);
      try (ReplicaStore again = Replicas.open(clock, UNBOUNDED, List.of(disk))) {
        ReplicaStatus status = again.status(CHUNK).orElseThrow();
        assertThat(status.epoch()).as("seed %d", seed).isEqualTo(7);
        assertThat(status.length()).as("seed %d", seed).isEqualTo(100_000);
      }
    }
  }

  @Test
  void aRestartAfterAPowerCutSurvivesTheNextPowerCut() throws IOException {
    for (int seed = 0; seed < 50; seed++) {
      SimulatedDisk disk = new SimulatedDisk("v1");
      disk.limitCapacity(1L << 40);
      ReplicaStore store = Replicas.open(clock, UNBOUNDED, List.of(disk));
      ReplicaWriter writer = store.create(CHUNK, 1, MAX);
      append(writer, content, 0, 6000, Durability.FORCED);
      append(writer, content, 6000, 20_000, Durability.WRITTEN);
      Random random = new Random(seed);
      disk.losePower(random);
      long first;
      try (ReplicaStore again = Replicas.open(clock, UNBOUNDED, List.of(disk))) {
        again.forceClosed();
        first = again.status(CHUNK).orElseThrow().length();
      }
      disk.losePower(random);
      try (ReplicaStore again = Replicas.open(clock, UNBOUNDED, List.of(disk))) {
        assertThat(again.status(CHUNK).orElseThrow().length())
            .as("seed %d", seed)
            .isEqualTo(first)
            .isGreaterThanOrEqualTo(6000);
      }
    }
  }
}
