package io.cairnfs.raft.log;

import static io.cairnfs.raft.log.LogFixture.DIRECTORY;
import static io.cairnfs.raft.log.LogFixture.IDENTITY;
import static io.cairnfs.raft.log.LogFixture.SMALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.VoteState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class RaftStorageTest {
  private static final VoteState FIRST = new VoteState(3, Optional.of(new MemberId("m2")));
  private static final VoteState SECOND = new VoteState(4, Optional.of(new MemberId("m3")));

  private final SimulatedDisk disk = new SimulatedDisk("disk");

  private static void expect(ErrorCode code, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            CairnException.class, refusal -> assertThat(refusal.code()).isEqualTo(code));
  }

  private RaftStorage open(RaftIdentity identity) throws IOException {
    return RaftStorage.open(disk, DIRECTORY, identity, SMALL, new SplittableRandom(1));
  }

  @Test
  void anUnformattedOrEmptiedDirectoryIsRefused() throws IOException {
    expect(ErrorCode.NOT_FOUND, () -> LogFixture.open(disk));
    LogFixture.format(disk).close();
    for (String name : disk.files()) {
      disk.delete(name);
    }
    assertThatThrownBy(() -> LogFixture.open(disk))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("join again as a new member");
  }

  @Test
  void aFormattedDirectoryIsNotFormattedAgain() throws IOException {
    LogFixture.format(disk).close();
    expect(ErrorCode.EXISTS, () -> RaftStorage.format(disk, DIRECTORY, IDENTITY));
    disk.delete(DIRECTORY + "/state");
    expect(ErrorCode.EXISTS, () -> RaftStorage.format(disk, DIRECTORY, IDENTITY));
  }

  @Test
  void anotherMembersDirectoryIsRefused() throws IOException {
    LogFixture.format(disk).close();
    expect(ErrorCode.WRONG_CLUSTER, () -> open(new RaftIdentity("group-2", "m1")));
    expect(ErrorCode.WRONG_CLUSTER, () -> open(new RaftIdentity("group-1", "m2")));
  }

  @Test
  void aSavedVoteSurvivesAPowerCut() throws IOException {
    LogFixture.format(disk).saveVote(FIRST);
    disk.losePower(new SplittableRandom(1));
    assertThat(LogFixture.open(disk).vote()).isEqualTo(FIRST);
  }

  @Test
  void aVoteIsNeverTakenBack() throws IOException {
    RaftStorage storage = LogFixture.format(disk);
    storage.saveVote(FIRST);
    assertThatThrownBy(() -> storage.saveVote(new VoteState(2, Optional.empty())))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> storage.saveVote(new VoteState(3, Optional.of(new MemberId("m3")))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> storage.saveVote(new VoteState(3, Optional.empty())))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(storage.vote()).isEqualTo(FIRST);
  }

  /**
   * Whatever step the power fails at: the old vote or the new one, and the new one if it returned.
   */
  @Test
  void aPowerCutAtAnyStepOfSavingLeavesOneVoteWhole() throws IOException {
    for (long step = 0; ; step++) {
      for (int seed = 0; seed < 20; seed++) {
        SimulatedDisk machine = new SimulatedDisk("disk");
        CrashingDisk process = new CrashingDisk(machine);
        RaftStorage storage = LogFixture.format(process);
        storage.saveVote(FIRST);
        process.crashAfter(step);
        boolean returned = false;
        try {
          storage.saveVote(SECOND);
          returned = true;
        } catch (CrashingDisk.Crash crash) {
          assertThat(crash).hasMessageStartingWith("crash before");
        }
        machine.losePower(new SplittableRandom(seed));
        VoteState found = LogFixture.open(machine).vote();
        assertThat(found).isIn(FIRST, SECOND);
        if (returned) {
          assertThat(found).isEqualTo(SECOND);
          assertThat(step).isGreaterThan(3);
          return;
        }
      }
    }
  }

  @Test
  void aPowerCutAtAnyStepOfFormattingLeavesADirectoryThatIsOrIsNotFormatted() throws IOException {
    for (long step = 0; ; step++) {
      SimulatedDisk machine = new SimulatedDisk("disk");
      CrashingDisk process = new CrashingDisk(machine);
      process.crashAfter(step);
      boolean returned = false;
      try {
        LogFixture.format(process);
        returned = true;
      } catch (CrashingDisk.Crash crash) {
        assertThat(crash).hasMessageStartingWith("crash before");
      }
      machine.losePower(new SplittableRandom(step));
      RaftStorage storage =
          RaftStorage.isFormatted(machine, DIRECTORY)
              ? LogFixture.open(machine)
              : LogFixture.format(machine);
      assertThat(storage.log().lastIndex()).isZero();
      if (returned) {
        return;
      }
    }
  }

  @Test
  void aDamagedStateFileIsNamed() throws IOException {
    LogFixture.format(disk).saveVote(FIRST);
    disk.flipBit(DIRECTORY + "/state", 18 * 8);
    assertThatThrownBy(() -> LogFixture.open(disk))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("raft/state: corrupt at offset 8");
  }

  @Test
  void aNewerFormatIsRefusedByName() throws IOException {
    LogFixture.format(disk).close();
    try (DiskFile file = disk.open(DIRECTORY + "/state", Disk.OpenMode.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 3}), 4);
      file.force();
    }
    expect(ErrorCode.WRONG_VERSION, () -> LogFixture.open(disk));
    assertThatThrownBy(() -> LogFixture.open(disk)).hasMessageContaining("version 3 is newer");
  }
}
