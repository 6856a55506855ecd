package io.cairnfs.raft.log;

import static io.cairnfs.raft.log.LogFixture.DIRECTORY;
import static io.cairnfs.raft.log.LogFixture.all;
import static io.cairnfs.raft.log.LogFixture.appendInPieces;
import static io.cairnfs.raft.log.LogFixture.entries;
import static io.cairnfs.raft.log.LogFixture.format;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.VoteState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Torn or corrupt: what a log does about a record that is not what was written (hazard A14). */
final class LogRecoveryTest {
  private static final String FIRST = DIRECTORY + "/log-00000000000000000001.segment";
  private static final int PAGE = 4096;
  private static final int RECORD = SegmentFormat.recordBytes(200);

  private final SimulatedDisk disk = new SimulatedDisk("disk");
  private RaftStorage storage;
  private SegmentedLog log;

  @BeforeEach
  void formatAndForceTen() throws IOException {
    storage = format(disk);
    log = storage.log();
    log.append(entries(1, 11, 1, 200));
    log.force();
  }

  private static int offsetOf(long index) {
    return SegmentFormat.HEADER_BYTES + (int) (index - 1) * RECORD;
  }

  private void damage(long index) throws IOException {
    disk.flipBit(FIRST, 8L * (offsetOf(index) + 100));
  }

  private List<Long> recovered() throws IOException {
    return all(LogFixture.open(disk).log()).stream().map(entry -> entry.index()).toList();
  }

  private void expectCorruption(long index, String evidence) {
    assertThatThrownBy(this::recovered)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(FIRST + ": corrupt at offset " + offsetOf(index))
        .hasMessageContaining("index " + index)
        .hasMessageContaining(evidence);
  }

  @Test
  void hazardA14ABadRecordInABatchThatWasNeverForcedIsATornTail() throws IOException {
    log.append(entries(11, 21, 1, 200));
    damage(13);
    assertThat(recovered()).hasSize(12).last().isEqualTo(12L);
    // What lay behind it is gone for good, also for a second start.
    assertThat(recovered()).hasSize(12);
  }

  @Test
  void hazardA14ABadRecordThatALaterOneCallsForcedIsDamage() throws IOException {
    log.append(entries(11, 12, 1, 200));
    damage(7);
    expectCorruption(7, "says that 10 was forced");
  }

  @Test
  void hazardA14TheNewestForcedRecordIsProtectedByAMark() throws IOException {
    log.mark();
    damage(10);
    expectCorruption(10, "says that 10 was forced");
  }

  @Test
  void hazardA14TheNewestForcedRecordIsProtectedByTheStateFile() throws IOException {
    storage.saveVote(new VoteState(5, Optional.empty()));
    damage(10);
    expectCorruption(10, "forced mark is 10");
  }

  @Test
  void rotOfTheNewestUnmarkedRecordCannotBeToldFromATornOne() throws IOException {
    damage(10);
    assertThat(recovered()).hasSize(9);
  }

  @Test
  void recordsThatVanishedAreDamageToo() throws IOException {
    log.mark();
    try (DiskFile file = disk.open(FIRST, Disk.OpenMode.WRITE)) {
      file.write(ByteBuffer.allocate(RECORD), offsetOf(10));
      file.force();
    }
    expectCorruption(10, "says that 10 was forced");
  }

  @Test
  void aBadRecordBeforeALaterSegmentIsDamage() throws IOException {
    log.append(entries(11, 101, 1, 200));
    log.force();
    damage(4);
    assertThatThrownBy(this::recovered)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("a later segment begins at");
  }

  @Test
  void aMissingSegmentIsDamage() throws IOException {
    appendInPieces(log, entries(11, 201, 1, 200));
    log.force();
    String second =
        disk.files().stream().filter(name -> name.contains("/log-")).sorted().toList().get(1);
    disk.delete(second);
    assertThatThrownBy(this::recovered)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("a later segment begins at");
  }

  @Test
  void aLogWithoutAnySegmentIsDamage() throws IOException {
    disk.delete(FIRST);
    assertThatThrownBy(this::recovered)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("no segment");
  }

  @Test
  void aDamagedHeaderIsNamed() throws IOException {
    disk.flipBit(FIRST, 8 * 17);
    assertThatThrownBy(this::recovered)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(FIRST + ": corrupt at offset 8");
  }

  @Test
  void aShortenedSegmentIsNamed() throws IOException {
    try (DiskFile file = disk.open(FIRST, Disk.OpenMode.WRITE)) {
      file.truncate(5000);
    }
    assertThatThrownBy(this::recovered)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("a file of 16384 bytes");
  }

  @Test
  void aSegmentOfAnotherGroupIsRefused() throws IOException {
    SimulatedDisk other = new SimulatedDisk("other");
    RaftStorage.format(other, DIRECTORY, new RaftIdentity("group-2", "m1"));
    RaftStorage.open(
            other,
            DIRECTORY,
            new RaftIdentity("group-2", "m1"),
            LogFixture.SMALL,
            new SplittableRandom(1))
        .close();
    ByteBuffer foreign = ByteBuffer.allocate(16 << 10);
    try (DiskFile file = other.open(FIRST, Disk.OpenMode.READ)) {
      file.read(foreign, 0);
    }
    try (DiskFile file = disk.open(FIRST, Disk.OpenMode.WRITE)) {
      file.write(foreign.flip(), 0);
    }
    assertThatThrownBy(this::recovered)
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.WRONG_CLUSTER));
  }

  @Test
  void aRecordInsideAPayloadDoesNotCount() throws IOException {
    // A user stored what looks like a record that vouches for everything.
    ByteBuffer forged = ByteBuffer.allocate(64);
    SegmentFormat.putMark(forged, 1, 1_000, 1_000, 0x1234);
    log.append(List.of(new LogEntry(11, 1, EntryKind.COMMANDS, forged.array())));
    disk.flipBit(FIRST, 8L * (offsetOf(11) + 20));
    assertThat(recovered()).hasSize(10);
  }

  /** What can be read after a failed force is not on the disk, and no later force puts it there. */
  @Test
  void recordsWhoseForceFailedAreWrittenAgainBeforeTheyCount() throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      SimulatedDisk machine = new SimulatedDisk("disk");
      SegmentedLog first = format(machine).log();
      first.append(entries(1, 11, 1, 200));
      first.force();
      first.append(entries(11, 16, 1, 200));
      failForce(machine, first);
      machine.killProcess();
      SegmentedLog second = LogFixture.open(machine).log();
      assertThat(second.forcedIndex()).isEqualTo(15);
      machine.losePower(new SplittableRandom(seed));
      assertThat(all(LogFixture.open(machine).log())).isEqualTo(entries(1, 16, 1, 200));
    }
  }

  private static void failForce(SimulatedDisk machine, SegmentedLog log) {
    machine.failForces(1);
    assertThatThrownBy(log::force).hasMessageContaining("Input/output error");
  }

  @Test
  void aMarkBeforeRecordsWhoseForceFailedIsWrittenAgainToo() throws IOException {
    // The mark ends with its page, so that nothing written behind it takes it along.
    int payload = PAGE - 2 * SegmentFormat.RECORD_HEADER_BYTES;
    for (int seed = 0; seed < 20; seed++) {
      SimulatedDisk machine = new SimulatedDisk("disk");
      SegmentedLog first = format(machine).log();
      first.append(entries(1, 2, 1, payload));
      first.force();
      first.mark();
      first.append(entries(2, 4, 1, 200));
      failForce(machine, first);
      machine.killProcess();
      assertThat(LogFixture.open(machine).log().lastIndex()).isEqualTo(3);
      machine.losePower(new SplittableRandom(seed));
      assertThat(LogFixture.open(machine).log().lastIndex()).isEqualTo(3);
    }
  }

  /** The zeros over a torn tail are seen but not forced: what they hide must not speak again. */
  @Test
  void aTornTailWhoseZeroingFailedIsZeroedAgain() throws IOException {
    // Sixteen records fill a page, so that writing one page does not take the next one along.
    int payload = PAGE / 16 - SegmentFormat.RECORD_HEADER_BYTES;
    int hidden = 0;
    for (int passing = 0; passing < 8; passing++) {
      for (int seed = 0; seed < 60; seed++) {
        SimulatedDisk machine = new SimulatedDisk("disk");
        SegmentedLog first = format(machine).log();
        first.append(entries(1, 11, 1, payload));
        first.force();
        first.append(entries(11, 49, 1, payload));
        machine.losePower(new SplittableRandom(seed));
        machine.failForcesAfter(passing, 1);
        boolean failed = false;
        try {
          LogFixture.open(machine).close();
        } catch (IOException e) {
          failed = true;
        }
        machine.killProcess();
        machine.failForces(0);
        SegmentedLog second = LogFixture.open(machine).log();
        if (second.lastIndex() >= 16) {
          continue;
        }
        hidden += failed ? 1 : 0;
        second.append(entries(second.lastIndex() + 1, 17, 1, payload));
        second.force();
        machine.losePower(new SplittableRandom(seed + 100));
        assertThat(LogFixture.open(machine).log().lastIndex()).isEqualTo(16);
      }
    }
    assertThat(hidden).isPositive();
  }

  @Test
  void bytesThatChangeBetweenTwoReadsOfAStartAreNotWrittenAgain() throws IOException {
    log.append(entries(11, 13, 1, 200));
    log.force();
    CrashingDisk changing = new CrashingDisk(disk);
    changing.beforeReadAt(offsetOf(10), () -> disk.flipBit(FIRST, 8L * (offsetOf(12) + 100)));
    assertThatThrownBy(() -> LogFixture.open(changing))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(FIRST + ": corrupt at offset " + offsetOf(12))
        .hasMessageContaining("a moment ago");
  }

  @Test
  void aPowerCutAtAnyStepOfCuttingLeavesTheOldLogOrTheNewOne() throws IOException {
    for (long step = 0; ; step++) {
      boolean returned = false;
      for (int seed = 0; seed < 10; seed++) {
        SimulatedDisk machine = new SimulatedDisk("disk");
        CrashingDisk process = new CrashingDisk(machine);
        SegmentedLog cut = format(process).log();
        appendInPieces(cut, entries(1, 81, 1, 400));
        cut.force();
        cut.append(entries(81, 91, 1, 400));
        process.crashAfter(step);
        try {
          cut.truncateSuffix(9);
          returned = true;
        } catch (CrashingDisk.Crash crash) {
          assertThat(crash).hasMessageStartingWith("crash before");
        }
        machine.losePower(new SplittableRandom(seed));
        RaftStorage after = LogFixture.open(machine);
        long last = after.log().lastIndex();
        if (returned) {
          assertThat(last).isEqualTo(9);
        } else {
          assertThat(last == 9 || (last >= 80 && last <= 90)).as("last %d", last).isTrue();
        }
        assertThat(all(after.log())).isEqualTo(entries(1, last + 1, 1, 400));
        after.write(entries(10, 13, 2, 400));
        after.log().force();
        machine.losePower(new SplittableRandom(seed));
        assertThat(LogFixture.open(machine).log().lastIndex()).isEqualTo(12);
      }
      if (returned) {
        assertThat(step).isGreaterThan(8);
        return;
      }
    }
  }

  @Test
  void aPowerCutAtAnyStepOfAResetLeavesTheOldLogOrTheNewOne() throws IOException {
    for (long step = 0; ; step++) {
      SimulatedDisk machine = new SimulatedDisk("disk");
      CrashingDisk process = new CrashingDisk(machine);
      SegmentedLog old = format(process).log();
      appendInPieces(old, entries(1, 81, 1, 400));
      old.force();
      process.crashAfter(step);
      boolean returned = false;
      try {
        old.reset(500, 3);
        returned = true;
      } catch (CrashingDisk.Crash crash) {
        assertThat(crash).hasMessageStartingWith("crash before");
      }
      machine.losePower(new SplittableRandom(step));
      SegmentedLog after = LogFixture.open(machine).log();
      assertThat(after.lastIndex()).isIn(80L, 500L);
      if (returned) {
        assertThat(after.lastIndex()).isEqualTo(500);
        return;
      }
    }
  }
}
