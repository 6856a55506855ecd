package io.cairnfs.metaserver.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.ServerMembership;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The bytes of records: they are on disks, and change only with a new format version. */
class RecordFormatTest {
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 5);
  private static final ChunkRecord CHUNK_ROW =
      new ChunkRecord(
          CHUNK, ChunkState.OPEN, 2, 3, 300, 1 << 20, 7, 9, true, false, List.of(1, 2, 4), 77, 0);
  private static final ExtentRecord EXTENT = new ExtentRecord(100, 200, CHUNK, 4096, true, 77);
  private static final SlotRecord SLOT =
      new SlotRecord(
          0,
          17,
          6,
          List.of(1, 2, 3),
          Optional.of(new SlotJoin(1, 4, CHUNK.value(), true)),
          List.of(1, 4, 3));
  private static final ServerRecord SERVER =
      new ServerRecord(
          3,
          ByteString.copyFromUtf8("n"),
          "d3",
          "h",
          7003,
          "r1",
          ServerMembership.DRAINING,
          150,
          List.of("v1", "v2"),
          1000,
          77,
          ServerRecord.NO_LIMIT);
  private static final ServerRecord IN_MAINTENANCE =
      new ServerRecord(
          3,
          ByteString.copyFromUtf8("n"),
          "d3",
          "h",
          7003,
          "r1",
          ServerMembership.MAINTENANCE,
          100,
          List.of("v1"),
          1000,
          77,
          300);

  private static final ServerRecord OF_CLASSES =
      new ServerRecord(
          3,
          ByteString.copyFromUtf8("n"),
          "d3",
          "h",
          7003,
          "r1",
          ServerMembership.IN,
          100,
          List.of("v1"),
          1000,
          77,
          ServerRecord.NO_LIMIT,
          Map.of(StorageClass.SSD, 300L, StorageClass.ARCHIVE, 700L));

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void aCellHasItsChecksumToo() {
    ChunkId id = ChunkId.of(PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY).value(), 17, 68);
    ChunkRecord cell =
        new ChunkRecord(
            id,
            ChunkState.SEALED,
            1,
            1,
            300,
            1 << 20,
            0,
            0,
            false,
            false,
            List.of(4),
            77,
            0xfedcba98);
    assertThat(hex(cell.encode()))
        .isEqualTo("020300" + "0101ac02808040" + "0000" + "0104" + "4d" + "98f5f2f60f");
    assertThat(ChunkRecord.decode(id, cell.encode())).isEqualTo(cell);
    assertThat(ChunkRecord.decode(id, CHUNK_ROW.encode()).checksum()).isZero();
  }

  @Test
  void valuesAreTheseBytes() {
    assertThat(hex(CHUNK_ROW.encode()))
        .isEqualTo("010101" + "0203ac02808040" + "0709" + "03010204" + "4d");
    assertThat(hex(EXTENT.encode(77)))
        .isEqualTo("01c801" + "0000110000000005" + "8020" + "01" + "4d");
    assertThat(hex(SLOT.encode()))
        .isEqualTo("0106" + "03010203" + "03010403" + "01" + "0104" + "0000110000000005" + "01");
    assertThat(hex(SERVER.encode(77)))
        .isEqualTo(
            "01" + "016e" + "026433" + "0168" + "db36" + "027231" + "03" + "9601" + "02" + "027631"
                + "027632" + "e807" + "4d");
    assertThat(hex(IN_MAINTENANCE.encode(77)))
        .isEqualTo(
            "02" + "016e" + "026433" + "0168" + "db36" + "027231" + "04" + "64" + "01" + "027631"
                + "e807" + "4d" + "ac02");
    assertThat(hex(OF_CLASSES.encode(77)))
        .isEqualTo(
            "03" + "016e" + "026433" + "0168" + "db36" + "027231" + "01" + "64" + "01" + "027631"
                + "e807" + "4d" + "00" + "02" + "01ac02" + "03bc05");
    assertThat(hex(new PoolRecord(0, 4096, 3).encode())).isEqualTo("01802003");
    assertThat(hex(new ServerTotals(300, 2).encode())).isEqualTo("01ac0202");
    assertThat(hex(SlotDigests.encode(new SlotDigests.Digest(255, 2))))
        .isEqualTo("01" + "00000000000000ff" + "02");
  }

  @Test
  void keysAreTheseBytes() {
    InodeId inode = new InodeId(2);
    assertThat(hex(ChunkKeys.chunk(CHUNK))).isEqualTo("00" + "0000110000000005");
    assertThat(hex(ChunkKeys.slotOfChunks(0, 17))).isEqualTo("00" + "000011");
    assertThat(hex(ChunkKeys.slotOfChunks(1, 17))).isEqualTo("00" + "004011");
    assertThat(hex(ChunkKeys.extent(inode, 300)))
        .isEqualTo("00" + "0000000000000002" + "000000000000012c");
    assertThat(hex(ChunkKeys.reference(CHUNK, 4096, inode, 100)))
        .isEqualTo(
            "00"
                + "0000110000000005"
                + "0000000000001000"
                + "0000000000000002"
                + "0000000000000064");
    assertThat(hex(ChunkKeys.openOfSession(7, CHUNK)))
        .isEqualTo("0000" + "0000000000000007" + "0000110000000005");
    assertThat(hex(ChunkKeys.openInSlot(CHUNK))).isEqualTo("0001" + "0000110000000005");
    assertThat(hex(ChunkKeys.openInSlot(0, 17))).isEqualTo("0001" + "000011");
    assertThat(hex(ChunkKeys.settling(CHUNK))).isEqualTo("0002" + "0000110000000005");
    assertThat(hex(ChunkKeys.openOfInode(9, CHUNK)))
        .isEqualTo("0003" + "0000000000000009" + "0000110000000005");
    assertThat(hex(ChunkKeys.repairOfChunk(CHUNK, 3)))
        .isEqualTo("0000" + "0000110000000005" + "00000003");
    assertThat(hex(ChunkKeys.repairOfServer(3, CHUNK)))
        .isEqualTo("0001" + "00000003" + "0000110000000005");
    assertThat(hex(ChunkKeys.waiting(77, CHUNK)))
        .isEqualTo("0000" + "000000000000004d" + "0000110000000005");
    assertThat(hex(ChunkKeys.deletesOfServer(3, CHUNK)))
        .isEqualTo("0001" + "00000003" + "0000110000000005");
    assertThat(hex(ChunkKeys.deletesOfChunk(CHUNK, 3)))
        .isEqualTo("0002" + "0000110000000005" + "00000003");
    assertThat(hex(ChunkKeys.letGo(0, 17, 3))).isEqualTo("0003" + "0000" + "0011" + "00000003");
    assertThat(new String(ChunkKeys.slot(0, 17), java.nio.charset.StandardCharsets.ISO_8859_1))
        .isEqualTo("\0slot/\0\0\0\21");
  }

  @Test
  void valuesAreReadAsTheyWereWritten() {
    assertThat(ChunkRecord.decode(CHUNK, CHUNK_ROW.encode())).isEqualTo(CHUNK_ROW);
    assertThat(ExtentRecord.decode(300, EXTENT.encode(77))).isEqualTo(EXTENT);
    assertThat(SlotRecord.decode(0, 17, SLOT.encode())).isEqualTo(SLOT);
    assertThat(ServerRecord.decode(3, SERVER.encode(77))).isEqualTo(SERVER);
    assertThat(ServerRecord.decode(3, IN_MAINTENANCE.encode(77))).isEqualTo(IN_MAINTENANCE);
    assertThat(ServerRecord.decode(3, OF_CLASSES.encode(77))).isEqualTo(OF_CLASSES);
    assertThat(PoolRecord.decode(0, new PoolRecord(0, 8, 2).encode()))
        .isEqualTo(new PoolRecord(0, 8, 2));
    assertThat(ServerTotals.decode(new ServerTotals(1, 2).encode()))
        .isEqualTo(new ServerTotals(1, 2));
  }

  @Test
  void damagedAndNewerValuesAreRefused() {
    byte[] row = CHUNK_ROW.encode();
    for (int length = 0; length < row.length; length++) {
      byte[] cut = Arrays.copyOf(row, length);
      assertThatThrownBy(() -> ChunkRecord.decode(CHUNK, cut)).isInstanceOf(CorruptRecord.class);
    }
    byte[] state = row.clone();
    state[1] = 9;
    assertThatThrownBy(() -> ChunkRecord.decode(CHUNK, state))
        .isInstanceOf(CorruptRecord.class)
        .hasMessageContaining("state 9");
    byte[] newer = EXTENT.encode(1);
    newer[0] = 2;
    assertThatThrownBy(() -> ExtentRecord.decode(300, newer))
        .isInstanceOf(CorruptRecord.class)
        .hasMessageContaining("format version 2");
    byte[] membership = SERVER.encode(1);
    membership[13] = 99;
    assertThatThrownBy(() -> ServerRecord.decode(3, membership)).isInstanceOf(CorruptRecord.class);
  }
}
