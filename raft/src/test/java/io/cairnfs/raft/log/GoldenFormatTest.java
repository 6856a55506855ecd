package io.cairnfs.raft.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.VoteState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The bytes on disk of each version, which every later version must be able to read. */
final class GoldenFormatTest {
  private static final String SEGMENT = "raft/log-00000000000000000001.segment";
  private static final String STATE = "raft/state";
  private static final LogOptions OPTIONS = new LogOptions(8192, 0, 1024);
  private static final List<LogEntry> ENTRIES =
      List.of(
          new LogEntry(1, 2, EntryKind.NO_OP, new byte[0]),
          new LogEntry(2, 2, EntryKind.COMMANDS, "cairn".getBytes(StandardCharsets.UTF_8)),
          new LogEntry(3, 3, EntryKind.MEMBERSHIP, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));

  private static final String GOLDEN_STATE =
      "43525354000000016da96d620000004500000000000000040000000000000003"
          + "0000000000000000000000000000000000000000000767726f75702d3100026d"
          + "3100026d32";

  /** Version 2: the instance behind the ids. */
  private static final String GOLDEN_STATE_2 =
      "43525354000000022ea841510000004d00000000000000040000000000000003"
          + "0000000000000000000000000000000000000000000767726f75702d3100026d"
          + "3100026d320123456789abcdef";

  private static final long INSTANCE = 0x0123456789abcdefL;
  private static final String GOLDEN_HEADER =
      "43524c5300000001a1d426020000000700000000000000010000000000000000"
          + "2b33382f5ddf9d68000000000000200067726f75702d3100";
  private static final String GOLDEN_RECORDS =
      "43524c524b3547cd000000000200000000000000000000020000000000000001"
          + "000000000000000043524c52f69e28e400000005010000000000000000000002"
          + "00000000000000020000000000000000636169726e00000043524c52c767a0fa"
          + "0000000803000000000000000000000300000000000000030000000000000000"
          + "010203040506070843524c52d0d19342000000007f0000000000000000000003"
          + "00000000000000030000000000000003";

  private static String hex(SimulatedDisk disk, String name, int from, int to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(to - from);
    try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
      file.read(bytes, from);
    }
    return HexFormat.of().formatHex(bytes.array());
  }

  private static RaftStorage open(SimulatedDisk disk) throws IOException {
    return RaftStorage.open(
        disk, "raft", LogFixture.IDENTITY, OPTIONS, new SplittableRandom(20_261_121));
  }

  @Test
  void whatIsWrittenIsTheGoldenBytes() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    RaftStorage.format(disk, "raft", LogFixture.IDENTITY);
    RaftStorage storage = open(disk);
    storage.log().append(ENTRIES);
    storage.log().force();
    storage.log().mark();
    storage.saveVote(new VoteState(4, Optional.of(new MemberId("m2"))));
    assertThat(hex(disk, STATE, 0, GOLDEN_STATE.length() / 2)).isEqualTo(GOLDEN_STATE);
    assertThat(hex(disk, SEGMENT, 0, GOLDEN_HEADER.length() / 2)).isEqualTo(GOLDEN_HEADER);
    assertThat(hex(disk, SEGMENT, 4096, 4096 + GOLDEN_RECORDS.length() / 2))
        .isEqualTo(GOLDEN_RECORDS);
  }

  @Test
  void theGoldenBytesAreRead() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    disk.createDirectories("raft");
    create(disk, STATE, GOLDEN_STATE, "", 0);
    create(disk, SEGMENT, GOLDEN_HEADER, GOLDEN_RECORDS, 8192);
    RaftStorage storage = open(disk);
    assertThat(storage.vote()).isEqualTo(new VoteState(4, Optional.of(new MemberId("m2"))));
    assertThat(LogFixture.all(storage.log())).isEqualTo(ENTRIES);
    assertThat(storage.log().memberships(0)).containsExactly(ENTRIES.get(2));
  }

  @Test
  void aStateWithAnInstanceIsVersionTwo() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    disk.createDirectories("raft");
    create(disk, STATE, GOLDEN_STATE, "", 0);
    create(disk, SEGMENT, GOLDEN_HEADER, GOLDEN_RECORDS, 8192);
    RaftStorage storage = open(disk);
    assertThat(storage.instance()).isZero();
    storage.giveInstance(INSTANCE);
    assertThat(hex(disk, STATE, 0, GOLDEN_STATE_2.length() / 2)).isEqualTo(GOLDEN_STATE_2);
    storage.close();

    RaftStorage again = open(disk);
    assertThat(again.instance()).isEqualTo(INSTANCE);
    assertThat(again.vote()).isEqualTo(new VoteState(4, Optional.of(new MemberId("m2"))));
    assertThatThrownBy(() -> again.giveInstance(1)).isInstanceOf(IllegalStateException.class);
  }

  private static void create(
      SimulatedDisk disk, String name, String start, String records, int length)
      throws IOException {
    try (DiskFile file = disk.open(name, Disk.OpenMode.CREATE)) {
      file.write(ByteBuffer.wrap(HexFormat.of().parseHex(start)), 0);
      if (!records.isEmpty()) {
        file.write(ByteBuffer.wrap(HexFormat.of().parseHex(records)), 4096);
        file.write(ByteBuffer.allocate(1), length - 1);
      }
      file.force();
    }
  }
}
