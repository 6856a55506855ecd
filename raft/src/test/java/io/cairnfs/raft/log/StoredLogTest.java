package io.cairnfs.raft.log;

import static io.cairnfs.raft.log.LogFixture.DIRECTORY;
import static io.cairnfs.raft.log.LogFixture.entries;
import static io.cairnfs.raft.log.LogFixture.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.core.LogEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StoredLogTest {
  private final SimulatedDisk disk = new SimulatedDisk("disk");
  private final List<LogEntry> read = new ArrayList<>();

  private StoredLog.Extent read() throws IOException {
    read.clear();
    return new StoredLog(disk, DIRECTORY).read(read::add);
  }

  @Test
  void allSegmentsAreReadWhileTheMemberGoesOn() throws IOException {
    List<LogEntry> written = entries(1, 100, 3, 500);
    try (RaftStorage storage = LogFixture.format(disk)) {
      LogFixture.appendInPieces(storage.log(), written);
      storage.log().force();
      assertThat(disk.list(DIRECTORY).stream().filter(SegmentFiles::isSegment))
          .hasSizeGreaterThan(2);
      assertThat(read()).isEqualTo(new StoredLog.Extent(1, 99, 3));
      assertThat(read).isEqualTo(written);
      storage.log().append(List.of(entry(100, 4, 10)));
      assertThat(read()).isEqualTo(new StoredLog.Extent(1, 100, 4));
    }
  }

  @Test
  void aMemberThatHasJustBeenFormattedHasNothing() throws IOException {
    RaftStorage.format(disk, DIRECTORY, LogFixture.IDENTITY);
    assertThat(read()).isEqualTo(new StoredLog.Extent(1, 0, 0));
    LogFixture.open(disk).close();
    assertThat(read()).isEqualTo(new StoredLog.Extent(1, 0, 0));
  }

  @Test
  void aTornRecordEndsTheLog() throws IOException {
    String segment = written();
    damage(segment, -1);
    assertThat(read().lastIndex()).isEqualTo(99).isEqualTo(read.size());
  }

  @Test
  void aGapBetweenSegmentsIsDamage() throws IOException {
    written();
    String first = DIRECTORY + "/" + segments().get(0);
    damage(first, SegmentFormat.HEADER_BYTES + 50);
    assertThatThrownBy(this::read)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(segments().get(1));
  }

  @Test
  void whatIsNoMembersDirectoryIsSaidToBeNone() {
    assertThatThrownBy(this::read)
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
  }

  private List<String> segments() throws IOException {
    return disk.list(DIRECTORY).stream().filter(SegmentFiles::isSegment).toList();
  }

  /** The last segment of a log of 99 entries and a torn one. */
  private String written() throws IOException {
    try (RaftStorage storage = LogFixture.format(disk)) {
      LogFixture.appendInPieces(storage.log(), entries(1, 101, 3, 500));
      storage.log().force();
    }
    return DIRECTORY + "/" + segments().get(segments().size() - 1);
  }

  /** Flips a byte; a negative offset counts from the last byte that is not zero. */
  private void damage(String name, int offset) throws IOException {
    try (DiskFile file = disk.open(name, Disk.OpenMode.WRITE)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      int unused = file.read(bytes, 0);
      int at = offset;
      if (at < 0) {
        at = bytes.capacity() - 1;
        while (bytes.get(at) == 0) {
          at--;
        }
      }
      file.write(ByteBuffer.wrap(new byte[] {(byte) (bytes.get(at) ^ 1)}), at);
    }
  }
}
