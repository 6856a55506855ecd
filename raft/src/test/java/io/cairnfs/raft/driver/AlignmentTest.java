package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.raft.CheckpointManifest;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.checkpoint.CheckpointStore;
import io.cairnfs.raft.checkpoint.PartSource;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.log.CrashingDisk;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A member's start after its process ended anywhere in an installation (hazard A15). */
final class AlignmentTest {
  private static final RaftIdentity IDENTITY = new RaftIdentity("group-1", "m1");
  private static final LogOptions SMALL = new LogOptions(64 << 10, 1 << 10, 8 << 10);
  private static final MemberId SENDER = new MemberId("m2");

  @TempDir Path root;

  private static MemberDirectory open(Disk disk, Path path) throws IOException {
    return MemberDirectory.open(disk, path, IDENTITY, SMALL, new SplittableRandom(1));
  }

  private static MemberDirectory open(Path path) throws IOException {
    return open(new SystemDisk(path), path);
  }

  private static LogEntry entry(long index) {
    byte[] word = ("word-" + index).getBytes(StandardCharsets.UTF_8);
    return new LogEntry(index, 1, EntryKind.COMMANDS, word);
  }

  private static void append(MemberDirectory member, long from, long to) throws IOException {
    List<LogEntry> entries = new ArrayList<>();
    for (long index = from; index < to; index++) {
      entries.add(entry(index));
    }
    member.storage().log().append(entries);
    member.storage().log().force();
  }

  private static void applyAll(ListMachine machine, long upTo) {
    for (long index = machine.appliedIndex() + 1; index <= upTo; index++) {
      machine.apply(index, 1, entry(index).payload());
    }
  }

  /** A member with entries 1 to 10, of which its machine has applied five. */
  private static Path member(Path path) throws IOException {
    Files.createDirectories(path);
    MemberDirectory.format(path, IDENTITY, Membership.NONE);
    try (MemberDirectory member = open(path)) {
      append(member, 1, 11);
    }
    return path;
  }

  /** Another member's checkpoint at index 40. */
  private PartSource sender() throws IOException {
    Path path = Files.createDirectories(root.resolve("sender"));
    CheckpointStore.format(new SystemDisk(path), "checkpoints", Membership.NONE);
    CheckpointStore store =
        CheckpointStore.open(new SystemDisk(path), path, "checkpoints", "group-1");
    ListMachine machine = new ListMachine(path.resolve("machine"));
    applyAll(machine, 40);
    store.make(machine, index -> Membership.NONE);
    return new PartSource() {
      @Override
      public CheckpointManifest manifest() throws IOException {
        return store.manifest(40, 1);
      }

      @Override
      public byte[] part(String file, long offset, int maxBytes) throws IOException {
        return store.part(40, 1, file, offset, maxBytes);
      }
    };
  }

  @Test
  void aCrashAtAnyStepOfAnInstallationIsCarriedThroughOrUndone() throws IOException {
    PartSource sender = sender();
    int undone = 0;
    int carriedThrough = 0;
    for (long step = 0; ; step++) {
      Path path = member(root.resolve("member-" + step));
      ListMachine machine = new ListMachine(path.resolve("machine"));
      applyAll(machine, 5);
      CrashingDisk disk = new CrashingDisk(new SystemDisk(path));
      boolean returned = false;
      try (MemberDirectory member = open(disk, path)) {
        disk.crashAfter(step);
        member.checkpoints().receive(40, 1, SENDER, sender);
        member.storage().log().reset(40, 1);
        returned = true;
      } catch (CrashingDisk.Crash crash) {
        assertThat(crash).hasMessageStartingWith("crash before");
      }
      try (MemberDirectory member = open(path)) {
        ListMachine restarted = new ListMachine(path.resolve("machine"));
        Alignment.align(member, restarted);
        long last = member.storage().log().lastIndex();
        assertThat(last).isIn(10L, 40L);
        if (last == 40) {
          assertThat(restarted.appliedIndex()).isEqualTo(40);
          assertThat(restarted.words()).hasSize(40).last().isEqualTo("word-40");
          carriedThrough++;
        } else {
          assertThat(restarted.appliedIndex()).isZero();
          undone++;
        }
      }
      if (returned) {
        assertThat(undone).isPositive();
        assertThat(carriedThrough).isGreaterThan(3);
        return;
      }
    }
  }

  @Test
  void aMachineAheadOfTheLogIsDamage() throws IOException {
    Path path = member(root.resolve("member"));
    ListMachine machine = new ListMachine(path.resolve("machine"));
    applyAll(machine, 11);
    try (MemberDirectory member = open(path)) {
      assertThatThrownBy(() -> Alignment.align(member, machine))
          .isInstanceOfSatisfying(
              CairnException.class,
              refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.CORRUPT))
          .hasMessageContaining("log [1, 10], state machine at (11, 1)");
    }
  }

  @Test
  void aMachineThatLostItsStateIsGivenTheCheckpointAgain() throws IOException {
    Path path = member(root.resolve("member"));
    try (MemberDirectory member = open(path)) {
      ListMachine machine = new ListMachine(path.resolve("machine"));
      applyAll(machine, 8);
      member.checkpoints().make(machine, index -> Membership.NONE);
      member.storage().log().reset(8, 1);
      Files.delete(path.resolve("machine/words"));
      ListMachine restarted = new ListMachine(path.resolve("machine"));
      Alignment.align(member, restarted);
      assertThat(restarted.appliedIndex()).isEqualTo(8);
    }
  }

  @Test
  void aGapBetweenMachineAndLogIsDamage() throws IOException {
    Path path = member(root.resolve("member"));
    try (MemberDirectory member = open(path)) {
      member.storage().log().reset(30, 1);
      append(member, 31, 33);
      ListMachine machine = new ListMachine(path.resolve("machine"));
      assertThatThrownBy(() -> Alignment.align(member, machine))
          .isInstanceOf(CairnException.class)
          .hasMessageContaining("no checkpoint lies between");
    }
  }
}
