package io.cairnfs.dataserver.storage;

import static io.cairnfs.dataserver.storage.Replicas.append;
import static io.cairnfs.dataserver.storage.Replicas.bytes;
import static io.cairnfs.dataserver.storage.Replicas.packet;
import static io.cairnfs.dataserver.storage.Replicas.range;
import static io.cairnfs.dataserver.storage.Replicas.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplicaStoreTest {
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 1);
  private static final ChunkId OTHER = ChunkId.of(0, 18, 2);
  private static final VolumeOptions UNBOUNDED = new VolumeOptions(0, 0);
  private static final long MAX = 1 << 20;

  private final ManualClock clock = new ManualClock(0);
  private final SimulatedDisk disk = new SimulatedDisk("v1");
  private final byte[] content = bytes(3, 100_000);
  private ReplicaStore store;

  @BeforeEach
  void openStore() throws IOException {
    disk.limitCapacity(1L << 40);
    store = Replicas.open(clock, UNBOUNDED, List.of(disk));
  }

  private void restart() throws IOException {
    store.close();
    disk.killProcess();
    store = Replicas.open(clock, UNBOUNDED, List.of(disk));
  }

  private static AbstractThrowableAssert<?, ?> assertRefused(
      ErrorCode code, ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }

  private ReplicaWriter written(ChunkId chunk, int length) throws CairnException {
    ReplicaWriter writer = store.create(chunk, 1, MAX);
    append(writer, content, 0, length, Durability.WRITTEN);
    return writer;
  }

  private void sealed(ChunkId chunk, int length) throws CairnException {
    written(chunk, length).finish();
    store.seal(chunk, length, 3, 1);
  }

  private byte[] read(long offset, int length, long known, long limit) throws IOException {
    return verified(store.read(CHUNK, ReadRange.of(offset, length, known, limit)));
  }

  @Test
  void packetsOfAnySizeReadBackFromOpenClosedAndSealedReplicas() throws IOException {
    ReplicaWriter writer = store.create(CHUNK, 1, MAX);
    int[] borders = {0, 1, 1000, 4096, 4097, 12288, 12288 + 4095, 50_000, 100_000};
    for (int i = 1; i < borders.length; i++) {
      append(writer, content, borders[i - 1], borders[i], Durability.WRITTEN);
      assertThat(read(0, 100_000, 0, 0)).isEqualTo(range(content, 0, borders[i]));
    }
    writer.finish();
    assertThat(read(5000, 10, 0, 0)).isEqualTo(range(content, 4096, 8192));
    store.seal(CHUNK, 100_000, 3, 1);
    assertThat(read(0, 100_000, 0, 0)).isEqualTo(content);
    assertThat(read(99_999, 10, 0, 0)).isEqualTo(range(content, 98_304, 100_000));
    assertThat(read(100_000, 10, 0, 0)).isEmpty();
    restart();
    assertThat(read(0, 100_000, 0, 0)).isEqualTo(content);
  }

  @Test
  void manySmallPacketsAreAppendedInOnePiece() throws IOException {
    ReplicaWriter writer = store.create(CHUNK, 1, MAX);
    writer.append(
        List.of(packet(content, 0, 10), packet(content, 10, 4100), packet(content, 4100, 4101)),
        Durability.FORCED);
    assertThat(writer.length()).isEqualTo(4101);
    restart();
    assertThat(store.unsealed())
        .singleElement()
        .satisfies(
            replica -> {
              assertThat(replica.length()).isEqualTo(4101);
              assertThat(replica.state()).isEqualTo(State.CLOSED);
            });
  }

  @Test
  void readersSeeOnlyWhatIsAcknowledgedOrCommitted() throws IOException {
    ReplicaWriter writer = store.create(CHUNK, 1, MAX);
    writer.append(List.of(packet(content, 0, 1500)), Durability.WRITTEN);
    assertThat(read(0, 4096, 0, 0)).isEmpty();
    writer.acknowledge(1000);
    assertThat(read(0, 4096, 0, 0)).isEqualTo(range(content, 0, 1000));
    assertThat(store.visibleLength(CHUNK)).isEqualTo(new VisibleLength(1000, true));
    assertThat(read(0, 4096, 1200, 0)).isEqualTo(range(content, 0, 1200));
    writer.append(List.of(packet(content, 1500, 9000)), Durability.WRITTEN);
    assertThat(read(0, 4096, 0, 0)).isEqualTo(range(content, 0, 1000));
    writer.finish();
    assertThat(store.visibleLength(CHUNK)).isEqualTo(new VisibleLength(1000, true));
    assertThat(read(0, 4096, 0, 0)).isEqualTo(range(content, 0, 1000));
    store.fence(CHUNK, 2);
    assertThat(store.visibleLength(CHUNK)).isEqualTo(new VisibleLength(1000, true));
  }

  @Test
  void hazardB2ARestartedReplicaAnswersCommittedBytesOnly() throws IOException {
    written(CHUNK, 9000);
    restart();
    assertThat(store.visibleLength(CHUNK).continuous()).isFalse();
    assertThat(read(0, 9000, 0, 0)).isEmpty();
    assertThat(read(0, 9000, 5000, 0)).isEqualTo(range(content, 0, 5000));
    assertThat(read(0, 9000, 20_000, 0)).isEqualTo(range(content, 0, 9000));
  }

  @Test
  void hazardA11TheLimitHidesTheNeighbourInASharedChunk() throws IOException {
    sealed(CHUNK, 100_000);
    assertThat(read(8192, 100, 0, 9000)).isEqualTo(range(content, 8192, 9000));
    assertThat(read(8192, 10_000, 0, 9000)).isEqualTo(range(content, 8192, 9000));
  }

  @Test
  void hazardA4AReplicaIsOpenForOneStreamEver() throws IOException {
    ReplicaWriter writer = written(CHUNK, 100);
    assertRefused(ErrorCode.CHUNK_EXISTS, () -> store.create(CHUNK, 1, MAX));
    assertRefused(
        ErrorCode.INVALID_ARGUMENT,
        () -> writer.append(List.of(packet(content, 80, 120)), Durability.WRITTEN));
    assertRefused(
        ErrorCode.CHUNK_CLOSED,
        () -> writer.append(List.of(packet(content, 100, 120)), Durability.WRITTEN));
    assertRefused(ErrorCode.CHUNK_EXISTS, () -> store.create(CHUNK, 2, MAX));
    restart();
    assertRefused(ErrorCode.CHUNK_EXISTS, () -> store.create(CHUNK, 2, MAX));
    store.seal(CHUNK, 100, 3, 1);
    assertRefused(ErrorCode.CHUNK_EXISTS, () -> store.create(CHUNK, 3, MAX));
  }

  @Test
  void hazardA3AFenceStopsTheStreamAndSurvivesARestart() throws IOException {
    ReplicaWriter writer = written(CHUNK, 5000);
    assertThat(store.fence(CHUNK, 2)).isEqualTo(new FenceResult(true, 5000, true));
    assertRefused(
        ErrorCode.CHUNK_CLOSED,
        () -> writer.append(List.of(packet(content, 5000, 5001)), Durability.WRITTEN));
    disk.losePower(new java.util.Random(1));
    store.close();
    store = Replicas.open(clock, UNBOUNDED, List.of(disk));
    assertRefused(ErrorCode.CHUNK_FENCED, () -> store.create(CHUNK, 1, MAX));
    assertThat(store.fence(CHUNK, 2)).isEqualTo(new FenceResult(true, 5000, false));
  }

  @Test
  void aFenceBeforeTheStreamKeepsTheStreamAway() throws IOException {
    assertThat(store.fence(CHUNK, 4)).isEqualTo(new FenceResult(false, 0, false));
    disk.losePower(new java.util.Random(1));
    store.close();
    store = Replicas.open(clock, UNBOUNDED, List.of(disk));
    assertRefused(ErrorCode.CHUNK_FENCED, () -> store.create(CHUNK, 3, MAX));
    assertThat(store.fence(CHUNK, 4)).isEqualTo(new FenceResult(true, 0, false));
  }

  @Test
  void bytesThatDoNotMatchTheirChecksumAreNotStored() throws IOException {
    ReplicaWriter writer = store.create(CHUNK, 1, MAX);
    ReplicaPacket good = packet(content, 0, 5000);
    ByteBuffer wrong = good.checksums().duplicate();
    wrong.putInt(4, wrong.getInt(4) ^ 1);
    assertRefused(
            ErrorCode.CHUNK_CORRUPT,
            () ->
                writer.append(
                    List.of(new ReplicaPacket(0, good.payload(), wrong)), Durability.WRITTEN))
        .hasMessageContaining("[4096, 5000)");
    assertThat(writer.length()).isZero();
  }

  @Test
  void aPacketWithTheWrongNumberOfChecksumsIsMalformed() throws IOException {
    ReplicaWriter writer = store.create(CHUNK, 1, MAX);
    assertRefused(
        ErrorCode.MALFORMED,
        () ->
            writer.append(
                List.of(
                    new ReplicaPacket(
                        0, packet(content, 0, 5000).payload(), ByteBuffer.allocate(4))),
                Durability.WRITTEN));
  }

  @Test
  void aReplicaNeverGrowsBeyondItsMaximum() throws IOException {
    ReplicaWriter writer = store.create(CHUNK, 1, 5000);
    append(writer, content, 0, 5000, Durability.WRITTEN);
    assertRefused(
        ErrorCode.TOO_LARGE,
        () -> writer.append(List.of(packet(content, 5000, 5001)), Durability.WRITTEN));
  }

  @Test
  void sealingCutsAReplicaThatIsLonger() throws IOException {
    written(CHUNK, 50_000).finish();
    store.seal(CHUNK, 10_001, 3, 2);
    assertThat(read(0, 50_000, 0, 0)).isEqualTo(range(content, 0, 10_001));
    assertThat(store.status(CHUNK)).map(ReplicaStatus::length).contains(10_001L);
    store.seal(CHUNK, 10_001, 3, 2);
    assertThat(store.verify(CHUNK, 10_001, ReadPace.FREE).good()).isTrue();
  }

  @Test
  void aReplicaShorterThanItsRowIsReportedAndNeverSealed() throws IOException {
    written(CHUNK, 5000).finish();
    assertRefused(ErrorCode.CHUNK_CORRUPT, () -> store.seal(CHUNK, 5001, 3, 1));
    assertThat(store.badReplicas(10)).containsExactly(CHUNK);
    assertThat(store.status(CHUNK)).map(ReplicaStatus::state).contains(State.CLOSED);
  }

  @Test
  void sealingAtAnotherLengthIsRefusedAndReported() throws IOException {
    sealed(CHUNK, 5000);
    assertRefused(ErrorCode.CHUNK_CORRUPT, () -> store.seal(CHUNK, 4000, 3, 1));
    assertThat(store.badReplicas(10)).containsExactly(CHUNK);
  }

  @Test
  void eachCellOfASlotHasASumOfItsOwn() throws IOException {
    int pool = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY).value();
    ChunkId third = ChunkId.of(pool, 17, 64).withCell(2);
    ChunkId fifth = third.withCell(4);
    sealed(third, 5000);
    sealed(fifth, 100);
    List<SlotSum> expected =
        List.of(
            new SlotSum(pool, 17, 130, ReplicaHash.of(third.value(), 5000), 1),
            new SlotSum(pool, 17, 132, ReplicaHash.of(fifth.value(), 100), 1));
    assertThat(store.slotSums()).containsExactlyInAnyOrderElementsOf(expected);
    restart();
    assertThat(store.slotSums()).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void slotSumsFollowSealsDeletesAndReplication() throws IOException {
    sealed(CHUNK, 5000);
    sealed(OTHER, 100);
    assertThat(store.slotSums())
        .containsExactlyInAnyOrder(
            new SlotSum(0, 17, 3, ReplicaHash.of(CHUNK.value(), 5000), 1),
            new SlotSum(0, 18, 3, ReplicaHash.of(OTHER.value(), 100), 1));
    store.seal(CHUNK, 5000, 2, 1);
    restart();
    assertThat(store.slotSums())
        .contains(new SlotSum(0, 17, 2, ReplicaHash.of(CHUNK.value(), 5000), 1));
    assertThat(store.delete(CHUNK)).isTrue();
    assertThat(store.delete(CHUNK)).isFalse();
    restart();
    assertThat(store.slotSums()).extracting(SlotSum::slot).containsExactly(18);
    assertRefused(ErrorCode.CHUNK_NOT_FOUND, () -> read(0, 10, 0, 0));
  }

  @Test
  void everyFlippedByteOfTheDataIsFound() throws IOException {
    sealed(CHUNK, 9000);
    String file = dataFile();
    for (int at : new int[] {0, 4095, 4096, 8999}) {
      disk.flipBit(file, (DataFileHeader.BYTES + at) * 8L);
      assertThat(store.verify(CHUNK, 9000, ReadPace.FREE).problem()).contains("checksum");
      disk.flipBit(file, (DataFileHeader.BYTES + at) * 8L);
      restart();
      assertThat(store.badReplicas(10)).containsExactly(CHUNK);
      store.delete(CHUNK);
      sealed(CHUNK, 9000);
    }
  }

  @Test
  void aFlippedBitOfAnyRegionOfEitherFileIsFoundWhileTheFilesAreOpen() throws IOException {
    int length = 9000;
    int sumsBytes = SealedChecksums.HEADER_BYTES + 4 * Cells.count(length);
    String sums = ReplicaPath.sealedSums(CHUNK);
    for (int at : new int[] {0, 8, 12, 20, 24, 32, 36, 2000, 4095, 4096, 4096 + length - 1}) {
      requireFound(length, dataFile(length), at);
    }
    for (int at = 0; at < sumsBytes; at++) {
      requireFound(length, sums, at);
    }
  }

  private void requireFound(int length, String file, int at) throws IOException {
    sealed(CHUNK, length);
    assertThat(read(0, 10, 0, 0)).isNotEmpty();
    disk.flipBit(file, at * 8L + 3);
    Verification result = store.verify(CHUNK, length, ReadPace.FREE);
    assertThat(result.good()).as("%s byte %d", file, at).isFalse();
    assertThat(store.describeBad(10)).containsExactly(new BadReplica(CHUNK, result.problem()));
    store.delete(CHUNK);
  }

  @Test
  void aFlippedByteInTheChecksumFileIsFound() throws IOException {
    sealed(CHUNK, 9000);
    String sums = ReplicaPath.sealedSums(CHUNK);
    disk.flipBit(sums, SealedChecksums.HEADER_BYTES * 8L);
    assertThat(store.verify(CHUNK, 9000, ReadPace.FREE).good()).isFalse();
    assertThat(store.slotSums()).isEmpty();
    restart();
    disk.flipBit(sums, 100);
    assertRefused(ErrorCode.CHUNK_CORRUPT, () -> read(0, 10, 0, 0));
  }

  @Test
  void aTruncatedFileIsRefusedWithItsNameAndSizes() throws IOException {
    sealed(CHUNK, 9000);
    restart();
    try (var file = disk.open(dataFile(), io.cairnfs.common.disk.Disk.OpenMode.WRITE)) {
      file.truncate(DataFileHeader.BYTES + 8000);
    }
    assertRefused(ErrorCode.CHUNK_CORRUPT, () -> read(0, 10, 0, 0))
        .hasMessageContaining("expected 13096 bytes, found 12096 bytes");
    assertThat(store.badReplicas(10)).containsExactly(CHUNK);
    assertThat(store.status(CHUNK)).isEmpty();
  }

  @Test
  void filesThatVanishedAreNoticedAtStart() throws IOException {
    sealed(CHUNK, 9000);
    sealed(OTHER, 9000);
    store.close();
    disk.delete(dataFile());
    disk.delete(ReplicaPath.sealedSums(OTHER));
    restart();
    assertThat(store.badReplicas(10)).containsExactly(OTHER);
    assertThat(store.slotSums()).isEmpty();
  }

  private void repaired(int length) throws IOException {
    sealed(CHUNK, length);
    disk.flipBit(dataFile(length), (DataFileHeader.BYTES + 50) * 8L);
    assertThat(store.verify(CHUNK, length, ReadPace.FREE).good()).isFalse();
    copy(length);
  }

  private String dataFile(int length) {
    return ReplicaPath.sealedData(new ReplicaPath.SealedName(CHUNK, length, 3));
  }

  private long used() {
    return store.volumes().get(0).usedBytes();
  }

  @Test
  void whatIsInQuarantineTakesSpaceAndIsListedUntilItsTime() throws IOException {
    repaired(9000);
    long both = 2 * ReplicaStore.storedBytes(9000);
    assertThat(used()).isEqualTo(both);
    assertThat(store.quarantined())
        .singleElement()
        .satisfies(
            kept -> {
              assertThat(kept.chunk()).isEqualTo(CHUNK);
              assertThat(kept.bytes()).isEqualTo(ReplicaStore.storedBytes(9000));
              assertThat(disk.exists(kept.file().substring(kept.file().indexOf("quarantine"))))
                  .isTrue();
            });
    clock.advance(Duration.ofHours(20));
    restart();
    assertThat(used()).isEqualTo(both);
    assertThat(store.sealedCount()).isEqualTo(1);
    store.sweepQuarantine(Duration.ofHours(21), both);
    assertThat(store.quarantined()).hasSize(1);
    clock.advance(Duration.ofHours(1));
    store.sweepQuarantine(Duration.ofHours(21), both);
    assertThat(store.quarantined()).isEmpty();
    assertThat(disk.list("quarantine")).isEmpty();
    assertThat(used()).isEqualTo(ReplicaStore.storedBytes(9000));
    assertThat(read(0, 9000, 0, 0)).isEqualTo(range(content, 0, 9000));
  }

  @Test
  void ofTooMuchInQuarantineTheOldestGoes() throws IOException {
    repaired(9000);
    store.delete(CHUNK);
    clock.advance(Duration.ofMinutes(1));
    repaired(8000);
    store.delete(CHUNK);
    repaired(7000);
    assertThat(store.quarantined()).hasSize(3);
    store.sweepQuarantine(
        Duration.ofDays(7), ReplicaStore.storedBytes(8000) + ReplicaStore.storedBytes(7000));
    assertThat(store.quarantined())
        .extracting(QuarantinedReplica::bytes)
        .containsExactlyInAnyOrder(ReplicaStore.storedBytes(8000), ReplicaStore.storedBytes(7000));
  }

  @Test
  void whatIsInQuarantineStaysWhileItsChunkIsBad() throws IOException {
    repaired(9000);
    disk.flipBit(dataFile(9000), (DataFileHeader.BYTES + 50) * 8L);
    assertThat(store.verify(CHUNK, 9000, ReadPace.FREE).good()).isFalse();
    store.sweepQuarantine(Duration.ZERO, 0);
    assertThat(store.quarantined()).hasSize(1);
    copy(9000);
    store.sweepQuarantine(Duration.ZERO, 0);
    assertThat(store.quarantined()).isEmpty();
  }

  @Test
  void filesOfOlderSoftwareInQuarantineAreKeptForAWholePeriod() throws IOException {
    repaired(9000);
    store.close();
    String name = disk.list("quarantine").get(0);
    String chunk = name.substring(0, 16);
    for (String file : disk.list("quarantine")) {
      disk.rename(
          "quarantine/" + file,
          "quarantine/" + chunk + ".0" + file.substring(file.lastIndexOf('.')));
    }
    clock.advance(Duration.ofDays(100));
    restart();
    store.sweepQuarantine(Duration.ofDays(7), 1 << 20);
    assertThat(store.quarantined()).hasSize(1);
    clock.advance(Duration.ofDays(7));
    store.sweepQuarantine(Duration.ofDays(7), 1 << 20);
    assertThat(store.quarantined()).isEmpty();
  }

  @Test
  void theNextReplicasAreInOrderAndTheRestIsCounted() throws IOException {
    for (int i = 1; i <= 5; i++) {
      ChunkId chunk = ChunkId.of(0, 20 - i, i);
      written(chunk, 1000 * i).finish();
      store.seal(chunk, 1000L * i, 3, 1);
    }
    SealedStretch first = store.sealedAfter(new ChunkId(0), 2);
    assertThat(first.next())
        .extracting(ReplicaStatus::chunk)
        .containsExactly(ChunkId.of(0, 15, 5), ChunkId.of(0, 16, 4));
    assertThat(first.replicas()).isEqualTo(5);
    SealedStretch rest = store.sealedAfter(ChunkId.of(0, 16, 4), 10);
    assertThat(rest.next())
        .extracting(ReplicaStatus::chunk)
        .containsExactly(ChunkId.of(0, 17, 3), ChunkId.of(0, 18, 2), ChunkId.of(0, 19, 1));
    assertThat(rest.bytes())
        .isEqualTo(
            ReplicaStore.storedBytes(3000)
                + ReplicaStore.storedBytes(2000)
                + ReplicaStore.storedBytes(1000));
    assertThat(store.sealedAfter(ChunkId.of(0, 19, 1), 10).next()).isEmpty();
  }

  @Test
  void aBadReplicaIsReplacedByAVerifiedCopyAndKeptAside() throws IOException {
    sealed(CHUNK, 9000);
    disk.flipBit(dataFile(), (DataFileHeader.BYTES + 5000) * 8L);
    assertThat(store.verify(CHUNK, 9000, ReadPace.FREE).good()).isFalse();
    copy(9000);
    assertThat(read(0, 9000, 0, 0)).isEqualTo(range(content, 0, 9000));
    assertThat(store.badReplicas(10)).isEmpty();
    assertThat(disk.list("quarantine")).hasSize(2);
    restart();
    assertThat(store.badReplicas(10)).isEmpty();
    assertThat(read(0, 9000, 0, 0)).isEqualTo(range(content, 0, 9000));
  }

  private void copy(int length) throws IOException {
    Optional<ReplicaCopy> copy = store.beginCopy(CHUNK, length, 2, 3, ReadPace.FREE);
    try (ReplicaCopy begun = copy.orElseThrow()) {
      copyUntil(begun, content, length, 8192);
      begun.finish();
    }
  }

  @Test
  void aCopyTakesThePlaceOfAnUnsealedReplica() throws IOException {
    written(CHUNK, 100).finish();
    copy(20_000);
    assertThat(store.unsealed()).isEmpty();
    assertThat(read(0, 20_000, 0, 0)).isEqualTo(range(content, 0, 20_000));
    restart();
    assertThat(store.unsealed()).isEmpty();
    assertThat(store.status(CHUNK)).map(ReplicaStatus::state).contains(State.SEALED);
    assertThat(store.beginCopy(CHUNK, 20_000, 2, 3, ReadPace.FREE)).isEmpty();
  }

  /** Forced at the end all at once, a whole chunk would keep everybody waiting for the disk. */
  @Test
  void aLongCopyIsForcedBitByBit() throws IOException {
    int length = 20 << 20;
    byte[] bytes = new byte[length];
    new SplittableRandom(1).nextBytes(bytes);
    try (ReplicaCopy copy = store.beginCopy(CHUNK, length, 2, 3, ReadPace.FREE).orElseThrow()) {
      long before = disk.forces();
      copyUntil(copy, bytes, 7 << 20, 1 << 20);
      assertThat(disk.forces()).isEqualTo(before);
      copyUntil(copy, bytes, 19 << 20, 1 << 20);
      assertThat(disk.forces()).isEqualTo(before + 2);
      copyUntil(copy, bytes, length, 1 << 20);
      assertThat(disk.forces()).as("the rest at the end").isEqualTo(before + 2);
      copy.finish();
    }
    assertThat(store.verify(CHUNK, length, ReadPace.FREE).good()).isTrue();
  }

  private static void copyUntil(ReplicaCopy copy, byte[] bytes, int until, int step)
      throws IOException {
    for (int at = (int) copy.length(); at < until; at += step) {
      ReplicaPacket packet = packet(bytes, at, Math.min(until, at + step));
      int[] sums = new int[packet.checksums().remaining() / 4];
      packet.checksums().asIntBuffer().get(sums);
      copy.append(packet.payload().get(0), sums);
    }
  }

  @Test
  void aCopyWithAWrongChecksumLeavesNothing() throws IOException {
    try (ReplicaCopy copy = store.beginCopy(CHUNK, 4096, 2, 3, ReadPace.FREE).orElseThrow()) {
      assertRefused(
          ErrorCode.CHUNK_CORRUPT, () -> copy.append(ByteBuffer.allocate(4096), new int[] {1}));
    }
    assertThat(disk.files()).noneMatch(name -> name.contains("copy"));
    assertThat(store.status(CHUNK)).isEmpty();
    assertThat(store.volumes().get(0).usedBytes()).isZero();
  }

  @Test
  void aFullVolumeRefusesAndServesAgainWhenSpaceIsFreed() throws IOException {
    store.close();
    store = Replicas.open(clock, new VolumeOptions(3 << 20, 0), List.of(disk));
    sealed(OTHER, 100_000);
    byte[] large = bytes(9, 3 << 20);
    ReplicaWriter writer = store.create(CHUNK, 1, 4 << 20);
    append(writer, large, 0, 1 << 20, Durability.WRITTEN);
    assertRefused(
        ErrorCode.NO_SPACE,
        () -> writer.append(List.of(packet(large, 1 << 20, 3 << 20)), Durability.WRITTEN));
    assertThat(writer.length()).isEqualTo(1 << 20);
    store.seal(CHUNK, 1 << 20, 3, 1);
    assertThat(verified(store.read(OTHER, ReadRange.of(0, 100_000, 0, 0)))).isEqualTo(content);
    ReplicaWriter second = store.create(ChunkId.of(0, 1, 50), 1, 4 << 20);
    append(second, large, 0, (1 << 20) - 100_000, Durability.WRITTEN);
    assertRefused(ErrorCode.NO_SPACE, () -> store.create(ChunkId.of(0, 1, 51), 1, MAX));
    store.delete(CHUNK);
    store.create(ChunkId.of(0, 1, 52), 1, MAX);
  }

  @Test
  void theDisksOwnLimitIsToldAsNoSpaceToo() throws IOException {
    ReplicaWriter writer = store.create(CHUNK, 1, MAX);
    append(writer, content, 0, 10_000, Durability.WRITTEN);
    disk.limitCapacity(disk.usedBytes() + 1000);
    assertRefused(
        ErrorCode.NO_SPACE,
        () -> writer.append(List.of(packet(content, 10_000, 20_000)), Durability.WRITTEN));
    disk.limitCapacity(1L << 40);
    clock.advance(Duration.ofSeconds(2));
    assertThat(store.volumes().get(0).failed()).isFalse();
    store.seal(CHUNK, 10_000, 3, 1);
    assertThat(read(0, 10_000, 0, 0)).isEqualTo(range(content, 0, 10_000));
  }

  @Test
  void aFailedForceTakesTheVolumeAndNothingElse() throws IOException {
    store.close();
    SimulatedDisk second = new SimulatedDisk("v2");
    second.limitCapacity(1L << 39);
    store = Replicas.open(clock, UNBOUNDED, List.of(disk, second));
    ReplicaWriter writer = written(CHUNK, 100);
    disk.failForces(1);
    assertRefused(
        ErrorCode.VOLUME_FAILED,
        () -> writer.append(List.of(packet(content, 100, 200)), Durability.FORCED));
    assertThat(store.volumes()).extracting(VolumeStatus::failed).containsExactly(true, false);
    assertRefused(ErrorCode.VOLUME_FAILED, () -> read(0, 100, 100, 0));
    assertRefused(ErrorCode.VOLUME_FAILED, () -> store.fence(CHUNK, 2));
    sealed(OTHER, 100);
    assertThat(second.files()).anyMatch(name -> name.endsWith(".64.3.data"));
    disk.failForces(0);
    assertRefused(ErrorCode.VOLUME_FAILED, () -> store.seal(CHUNK, 100, 3, 1));
  }

  @Test
  void chunksOfAPoolOfAClassLieOnItsVolumesOnly() throws IOException {
    store.close();
    SimulatedDisk fast = new SimulatedDisk("fast");
    fast.limitCapacity(1L << 30);
    SimulatedDisk other = new SimulatedDisk("other");
    store =
        Replicas.open(
            clock,
            List.of(
                Replicas.source(other, new VolumeOptions(0, 0)),
                Replicas.source(fast, new VolumeOptions(0, 0, StorageClass.SSD))));
    assertThat(store.volumes())
        .extracting(VolumeStatus::storage)
        .containsExactly(StorageClass.DISK, StorageClass.SSD);
    ChunkId onFast = ChunkId.of(PoolId.replicated(StorageClass.SSD).value(), 3, 1);
    ChunkId onDisk = ChunkId.of(PoolId.replicated(StorageClass.DISK).value(), 3, 2);
    ChunkId onArchive = ChunkId.of(PoolId.replicated(StorageClass.ARCHIVE).value(), 3, 3);
    sealed(onFast, 100);
    sealed(onDisk, 100);
    // Where there is more room, of any class.
    sealed(CHUNK, 100);
    assertThat(dataFiles(fast)).containsExactly(ReplicaPath.slotDirectory(onFast));
    assertThat(dataFiles(other))
        .containsExactlyInAnyOrder(
            ReplicaPath.slotDirectory(onDisk), ReplicaPath.slotDirectory(CHUNK));
    assertThatThrownBy(() -> store.create(onArchive, 1, MAX))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE))
        .hasMessage("there is no volume of class archive");
    fast.limitCapacity(fast.usedBytes());
    clock.advance(Duration.ofSeconds(2));
    ChunkId further = ChunkId.of(PoolId.replicated(StorageClass.SSD).value(), 3, 4);
    assertThatThrownBy(() -> store.create(further, 1, MAX))
        .hasMessage("no volume of class ssd has space left");
    sealed(OTHER, 100);
  }

  private static List<String> dataFiles(SimulatedDisk disk) {
    return disk.files().stream()
        .filter(name -> name.endsWith(".data"))
        .map(name -> name.substring(0, name.lastIndexOf('/')))
        .toList();
  }

  @Test
  void aFailedVolumesReplicasNoLongerCount() throws IOException {
    sealed(CHUNK, 100);
    ReplicaWriter writer = written(OTHER, 100);
    disk.failForces(1);
    assertRefused(ErrorCode.VOLUME_FAILED, () -> writer.append(List.of(), Durability.FORCED));
    assertThat(store.forgetFailedVolumes()).isEqualTo(1);
    assertThat(store.slotSums()).isEmpty();
    assertRefused(ErrorCode.VOLUME_FAILED, () -> store.create(ChunkId.of(0, 1, 9), 1, MAX));
  }

  @Test
  void newReplicasGoWhereSpaceIs() throws IOException {
    store.close();
    SimulatedDisk second = new SimulatedDisk("v2");
    second.limitCapacity(1L << 40);
    store = Replicas.open(clock, UNBOUNDED, List.of(disk, second));
    for (int i = 1; i <= 10; i++) {
      store.create(ChunkId.of(0, i, i), 1, MAX);
    }
    assertThat(disk.files().stream().filter(name -> name.endsWith(".data"))).hasSize(5);
    assertThat(second.files().stream().filter(name -> name.endsWith(".data"))).hasSize(5);
  }

  @Test
  void syncMakesAClosedReplicaDurable() throws IOException {
    written(CHUNK, 5000).finish();
    assertThat(store.sync(CHUNK, 5000)).isEqualTo(5000);
    assertRefused(ErrorCode.CHUNK_NOT_FOUND, () -> store.sync(CHUNK, 5001));
    assertRefused(ErrorCode.CHUNK_NOT_FOUND, () -> store.sync(OTHER, 0));
    disk.losePower(new java.util.Random(5));
    store.close();
    store = Replicas.open(clock, UNBOUNDED, List.of(disk));
    assertThat(store.unsealed()).extracting(ReplicaStatus::length).containsExactly(5000L);
  }

  @Test
  void readersKeepTheirFilesWhenTheReplicaIsDeleted() throws IOException {
    sealed(CHUNK, 9000);
    ReplicaRead read = store.read(CHUNK, ReadRange.of(0, 9000, 0, 0));
    store.delete(CHUNK);
    assertThat(verified(read)).isEqualTo(range(content, 0, 9000));
  }

  @Test
  void slotsAreListedInPages() throws IOException {
    for (int i = 1; i <= 5; i++) {
      sealed(ChunkId.of(0, 9, i), 10 * i);
    }
    sealed(OTHER, 10);
    assertThat(store.slot(0, 9, ChunkId.of(0, 9, 2), 2))
        .extracting(ReplicaStatus::chunk)
        .containsExactly(ChunkId.of(0, 9, 3), ChunkId.of(0, 9, 4));
    assertThat(store.nextSealed(ChunkId.of(0, 9, 5))).map(ReplicaStatus::chunk).contains(OTHER);
    assertThat(store.nextSealed(OTHER)).isEmpty();
  }

  @Test
  void oversizedAndNegativeRangesAreRefused() {
    assertRefused(
        ErrorCode.INVALID_ARGUMENT, () -> ReadRange.of(0, ReadRange.MAX_LENGTH + 1L, 0, 0));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> ReadRange.of(-1, 1, 0, 0));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> ReadRange.of(Long.MAX_VALUE, 1, 0, 0));
  }

  private String dataFile() {
    return disk.files().stream()
        .filter(name -> name.contains(ReplicaPath.hex(CHUNK)) && name.endsWith(".data"))
        .findFirst()
        .orElseThrow();
  }

  /** Not what the checksums, or memory, say of it. */
  @Test
  void whatTheDiskKeepsOfAReplicaIsToldInEveryState() throws IOException {
    int whole = Crc32c.of(content, 0, 100_000);
    written(CHUNK, 100_000).finish();
    assertThat(store.contentOnDisk(CHUNK, 100_000, ReadPace.FREE).checksum()).isEqualTo(whole);
    store.seal(CHUNK, 100_000, 3, 1);
    DiskContent kept = store.contentOnDisk(CHUNK, 100_000, ReadPace.FREE);
    assertThat(kept.checksum()).isEqualTo(whole);
    assertThat(kept.cells()).hasSize(25).startsWith(Crc32c.of(content, 0, 4096));
    assertThat(kept.cells()).endsWith(Crc32c.of(content, 98_304, 100_000 - 98_304));

    disk.flipBit(sealedFile(), 8L * (4096 + 50_000) + 3);
    byte[] flipped = content.clone();
    flipped[50_000] ^= 1 << 3;
    assertThat(store.contentOnDisk(CHUNK, 100_000, ReadPace.FREE).checksum())
        .isEqualTo(Crc32c.of(flipped, 0, 100_000));
    assertRefused(
        ErrorCode.CHUNK_CORRUPT, () -> store.contentOnDisk(CHUNK, 100_001, ReadPace.FREE));
    assertRefused(ErrorCode.CHUNK_NOT_FOUND, () -> store.contentOnDisk(OTHER, 1, ReadPace.FREE));
    disk.delete(sealedFile());
    assertRefused(
        ErrorCode.CHUNK_CORRUPT, () -> store.contentOnDisk(CHUNK, 100_000, ReadPace.FREE));
  }

  private static String sealedFile() {
    return ReplicaPath.sealedData(new ReplicaPath.SealedName(CHUNK, 100_000, 3));
  }
}
