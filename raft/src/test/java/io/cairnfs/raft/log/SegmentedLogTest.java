package io.cairnfs.raft.log;

import static io.cairnfs.raft.log.LogFixture.all;
import static io.cairnfs.raft.log.LogFixture.appendInPieces;
import static io.cairnfs.raft.log.LogFixture.entries;
import static io.cairnfs.raft.log.LogFixture.entry;
import static io.cairnfs.raft.log.LogFixture.format;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.VoteState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class SegmentedLogTest {
  private final SimulatedDisk disk = new SimulatedDisk("disk");

  private static long segments(SimulatedDisk disk) {
    return disk.files().stream().filter(name -> name.contains("/log-")).count();
  }

  @Test
  void aNewLogIsEmpty() throws IOException {
    SegmentedLog log = format(disk).log();
    assertThat(log.firstIndex()).isEqualTo(1);
    assertThat(log.lastIndex()).isZero();
    assertThat(log.term(0)).isZero();
    assertThat(all(log)).isEmpty();
  }

  @Test
  void whatWasForcedIsThereAfterARestart() throws IOException {
    RaftStorage storage = format(disk);
    List<LogEntry> written = entries(1, 100, 3, 500);
    storage.log().append(written.subList(0, 10));
    appendInPieces(storage.log(), written.subList(10, 99));
    assertThat(storage.log().forcedIndex()).isLessThan(99);
    assertThat(storage.log().force()).isEqualTo(99);
    assertThat(segments(disk)).isGreaterThan(2);
    disk.losePower(new SplittableRandom(1));
    SegmentedLog log = LogFixture.open(disk).log();
    assertThat(all(log)).isEqualTo(written);
    assertThat(log.lastTerm()).isEqualTo(3);
    assertThat(log.forcedIndex()).isEqualTo(99);
  }

  @Test
  void readsAreBoundedByBytesButNeverEmpty() throws IOException {
    SegmentedLog log = format(disk).log();
    appendInPieces(log, entries(1, 51, 1, 960));
    assertThat(log.read(5, 50, 1)).hasSize(1);
    assertThat(log.read(5, 50, 10_000))
        .hasSize(10)
        .first()
        .extracting(LogEntry::index)
        .isEqualTo(5L);
    assertThat(log.read(1, 51, 1 << 20)).hasSize(50);
    assertThatThrownBy(() -> log.read(1, 52, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> log.read(0, 2, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> log.read(3, 3, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anEntryLargerThanASegmentGetsALongerOne() throws IOException {
    RaftStorage storage = format(disk);
    List<LogEntry> written = List.of(entry(1, 1, 60_000), entry(2, 1, 10), entry(3, 1, 60_000));
    storage.log().append(written);
    storage.log().force();
    disk.losePower(new SplittableRandom(2));
    assertThat(all(LogFixture.open(disk).log())).isEqualTo(written);
  }

  @Test
  void entriesThatDoNotContinueTheLogAreRefused() throws IOException {
    SegmentedLog log = format(disk).log();
    log.append(entries(1, 4, 2, 10));
    assertThatThrownBy(() -> log.append(entries(5, 6, 2, 10)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> log.append(entries(4, 5, 1, 10)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> log.append(List.of(entry(4, 2, 65 << 10))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("larger than 65536");
    assertThat(log.lastIndex()).isEqualTo(3);
  }

  @Test
  void aCutSuffixNeverComesBack() throws IOException {
    RaftStorage storage = format(disk);
    SegmentedLog log = storage.log();
    appendInPieces(log, entries(1, 101, 1, 700));
    log.force();
    long before = segments(disk);
    log.truncateSuffix(7);
    assertThat(segments(disk)).isEqualTo(1).isLessThan(before);
    assertThat(log.lastIndex()).isEqualTo(7);
    log.append(entries(8, 9, 2, 30));
    log.force();
    disk.losePower(new SplittableRandom(3));
    SegmentedLog after = LogFixture.open(disk).log();
    List<LogEntry> expected = new ArrayList<>(entries(1, 8, 1, 700));
    expected.addAll(entries(8, 9, 2, 30));
    assertThat(all(after)).isEqualTo(expected);
    assertThat(after.term(7)).isEqualTo(1);
    assertThat(after.term(8)).isEqualTo(2);
  }

  @Test
  void writingReplacesWhatConflicts() throws IOException {
    RaftStorage storage = format(disk);
    storage.write(entries(1, 11, 1, 100));
    storage.log().force();
    storage.write(entries(5, 7, 2, 50));
    storage.log().force();
    assertThat(storage.log().lastIndex()).isEqualTo(6);
    assertThat(storage.log().term(5)).isEqualTo(2);
  }

  @Test
  void aPrefixIsDeletedInWholeSegments() throws IOException {
    RaftStorage storage = format(disk);
    SegmentedLog log = storage.log();
    appendInPieces(log, entries(1, 101, 1, 700));
    log.force();
    log.truncatePrefix(60);
    assertThat(log.firstIndex()).isGreaterThan(40).isLessThanOrEqualTo(61);
    long first = log.firstIndex();
    disk.losePower(new SplittableRandom(4));
    SegmentedLog after = LogFixture.open(disk).log();
    assertThat(after.firstIndex()).isEqualTo(first);
    assertThat(all(after)).isEqualTo(entries(first, 101, 1, 700));
    assertThat(after.term(first - 1)).isEqualTo(1);
    assertThatThrownBy(() -> after.term(first - 2)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aResetLogBeginsBehindItsBase() throws IOException {
    RaftStorage storage = format(disk);
    storage.log().append(entries(1, 101, 1, 700));
    storage.log().reset(500, 4);
    assertThat(storage.log().firstIndex()).isEqualTo(501);
    storage.log().append(entries(501, 503, 5, 10));
    storage.log().force();
    disk.losePower(new SplittableRandom(5));
    SegmentedLog after = LogFixture.open(disk).log();
    assertThat(after.term(500)).isEqualTo(4);
    assertThat(all(after)).isEqualTo(entries(501, 503, 5, 10));
  }

  @Test
  void membershipsAreFoundAgain() throws IOException {
    RaftStorage storage = format(disk);
    LogEntry change = new LogEntry(2, 1, EntryKind.MEMBERSHIP, new byte[] {1, 2});
    LogEntry other = new LogEntry(4, 1, EntryKind.MEMBERSHIP, new byte[] {3});
    storage.log().append(List.of(entry(1, 1, 5), change, entry(3, 1, 5), other, entry(5, 1, 5)));
    storage.log().force();
    assertThat(storage.log().memberships(0)).containsExactly(change, other);
    SegmentedLog after = LogFixture.open(disk).log();
    assertThat(after.memberships(2)).containsExactly(other);
    after.truncateSuffix(3);
    assertThat(after.memberships(0)).containsExactly(change);
  }

  @Test
  void aFullDiskRefusesAnAppendAndNothingElse() throws IOException {
    RaftStorage storage = format(disk);
    SegmentedLog log = storage.log();
    log.append(entries(1, 11, 1, 500));
    log.force();
    disk.limitCapacity(disk.usedBytes() + 512);
    assertThatThrownBy(log::preallocate).isInstanceOf(CairnException.class);
    assertThat(log.isFull()).isTrue();
    long room = log.sureRoomBytes();
    assertThat(room).isPositive().isLessThan(16 << 10);
    assertThatThrownBy(() -> log.append(entries(11, 61, 1, 500)))
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.NO_SPACE));
    assertThat(log.lastIndex()).isEqualTo(10);

    // An election: vote, and the entry that begins the term.
    storage.saveVote(new VoteState(9, Optional.of(new MemberId("m2"))));
    log.append(entries(11, 12, 9, 0));
    log.force();
    log.truncateSuffix(5);
    disk.losePower(new SplittableRandom(6));
    RaftStorage after = LogFixture.open(disk);
    assertThat(after.vote()).isEqualTo(new VoteState(9, Optional.of(new MemberId("m2"))));
    assertThat(all(after.log())).isEqualTo(entries(1, 6, 1, 500));

    disk.limitCapacity(Long.MAX_VALUE);
    after.log().append(entries(6, 61, 9, 500));
    assertThat(after.log().isFull()).isFalse();
  }

  @Test
  void afterAFailedForceEverythingIsRefused() throws IOException {
    SegmentedLog log = format(disk).log();
    log.append(entries(1, 11, 1, 500));
    disk.failForces(1);
    assertThatThrownBy(log::force).isInstanceOf(IOException.class);
    assertThat(log.forcedIndex()).isZero();
    assertThatThrownBy(log::force).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> log.append(entries(11, 12, 1, 5)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aSpareIsUsedForTheNextSegment() throws IOException {
    SegmentedLog log = format(disk).log();
    assertThat(log.needsPreallocation()).isTrue();
    log.preallocate();
    assertThat(log.needsPreallocation()).isFalse();
    assertThat(log.sureRoomBytes()).isEqualTo((16 << 10) - 4096 - 1024);
    log.append(entries(1, 31, 1, 500));
    assertThat(log.needsPreallocation()).isTrue();
    assertThat(segments(disk)).isEqualTo(2);
  }
}
