package io.cairnfs.metaserver.namespace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.proto.types.FileType;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The bytes of keys and values: stores of earlier versions are read for ever. */
class RecordCodecTest {
  private static final InodeRecord INODE =
      new InodeRecord(
          new InodeId(16),
          FileType.FILE,
          0644,
          "ann",
          "staff",
          1,
          -2,
          3,
          300,
          1,
          3,
          1 << 20,
          1,
          ContentKind.INLINE,
          ByteString.EMPTY,
          77,
          77,
          Acls.NONE,
          0);
  private static final DentryRecord DENTRY =
      new DentryRecord(new InodeId(16), FileType.DIRECTORY, 300);
  private static final TrashPass TRASH_PASS = new TrashPass(300, Optional.of(trashPlace()));
  private static final LeaseRecord LEASE = new LeaseRecord(new SessionId(5), 9, 4);
  private static final PolicyRecord POLICY =
      new PolicyRecord(
          Optional.of(CodingRule.coded(CodingPolicy.RS_10_4)), Optional.of(StoragePolicy.ALL_SSD));
  private static final PolicyRecord REPLICATED =
      PolicyRecord.NONE.withCoding(Optional.of(CodingRule.REPLICATED));
  private static final SessionRecord SESSION =
      new SessionRecord(
          new SessionId(5), "ann", "host", "dfs", ByteString.copyFromUtf8("12345678"), 7, 9, 8);
  private static final ClusterRecord CLUSTER =
      new ClusterRecord(
          "c1", "hdfs", "sg", 4096, 3, 1 << 27, 16384, 2, 1, ByteString.copyFromUtf8("k"));

  private static TrashPass.Place trashPlace() {
    try {
      return new TrashPass.Place(
          Optional.of(FileName.of("ann")), Optional.of(FileName.of("261123000000")));
    } catch (CairnException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void valuesAreTheseBytes() {
    assertThat(hex(INODE.encode()))
        .isEqualTo(
            "0101a40303616e6e0573746166660000000000000001fffffffffffffffe0000000000000003"
                + "ac0201038080400101004d");
    assertThat(hex(DENTRY.encode())).isEqualTo("010210ac02");
    assertThat(hex(TRASH_PASS.encode())).isEqualTo("01ac020103616e6e0c323631313233303030303030");
    assertThat(hex(LEASE.encode())).isEqualTo("01050904");
    assertThat(hex(POLICY.encode(300))).isEqualTo("01ac02030c");
    assertThat(hex(REPLICATED.encode(300))).isEqualTo("01ac023f00");
    assertThat(hex(SESSION.encode()))
        .isEqualTo("0103616e6e04686f7374036466730831323334353637380709" + "08");
    assertThat(hex(CLUSTER.encode()))
        .isEqualTo("0102633104686466730273678020038080804080800102" + "01016b");
    assertThat(hex(Counter.encode(new long[] {1, 300}))).isEqualTo("010201ac02");
  }

  @Test
  void theContentsNumberIsWrittenWhereItIsAnother() {
    InodeRecord written = INODE.edit().contentChanged(70).changeIndex(80).done();
    assertThat(written.contentIndex()).isEqualTo(78);
    assertThat(hex(written.encode()))
        .isEqualTo(
            "0301a40303616e6e0573746166660000000000000001fffffffffffffffe0000000000000003"
                + "ac02010380804001010050"
                + "0000"
                + "4e");
    assertThat(InodeRecord.decode(INODE.id(), written.encode())).isEqualTo(written);
    assertThat(INODE.edit().contentChanged(90).done().contentIndex()).isEqualTo(90);
  }

  @Test
  void specialNodesAreOfFormatsThatEarlierVersionsRefuse() {
    InodeRecord device =
        new InodeRecord(
            new InodeId(17),
            FileType.BLOCK_DEVICE,
            0660,
            "ann",
            "staff",
            1,
            2,
            3,
            0,
            1,
            0,
            0,
            1,
            ContentKind.NONE,
            ByteString.EMPTY,
            77,
            77,
            Acls.NONE,
            0xfff0_0801);
    assertThat(hex(device.encode()))
        .isEqualTo(
            "0407b00303616e6e057374616666000000000000000100000000000000020000000000000003"
                + "000100000100004d"
                + "00004d"
                + "8190c0ff0f");
    assertThat(InodeRecord.decode(device.id(), device.encode())).isEqualTo(device);
    DentryRecord dentry = new DentryRecord(new InodeId(17), FileType.FIFO, 300);
    assertThat(hex(dentry.encode())).isEqualTo("020411ac02");
    assertThat(DentryRecord.decode(dentry.encode())).isEqualTo(dentry);
  }

  @Test
  void valuesAreReadBack() {
    assertThat(InodeRecord.decode(INODE.id(), INODE.encode())).isEqualTo(INODE);
    assertThat(DentryRecord.decode(DENTRY.encode())).isEqualTo(DENTRY);
    assertThat(TrashPass.decode(TRASH_PASS.encode())).isEqualTo(TRASH_PASS);
    TrashPass done = new TrashPass(5, Optional.empty());
    assertThat(TrashPass.decode(done.encode())).isEqualTo(done);
    assertThat(LeaseRecord.decode(LEASE.encode())).isEqualTo(LEASE);
    assertThat(SessionRecord.decode(SESSION.id(), SESSION.encode())).isEqualTo(SESSION);
    assertThat(ClusterRecord.decode(CLUSTER.encode())).isEqualTo(CLUSTER);
  }

  @Test
  void keysAreTheseBytes() throws CairnException {
    assertThat(hex(Keys.inode(new InodeId(0x102)))).isEqualTo("000000000000000102");
    assertThat(hex(Keys.dentry(new InodeId(1), FileName.of("ab"))))
        .isEqualTo("0000000000000000016162");
    assertThat(hex(Keys.session(new SessionId(3)))).isEqualTo("000000000000000003");
    assertThat(hex(Keys.reply(new SessionId(3), 4)))
        .isEqualTo("0000000000000000030000000000000004");
    assertThat(hex(Keys.lease(new InodeId(2)))).isEqualTo("00000000000000000002");
    assertThat(hex(Keys.sessionLease(new SessionId(3), new InodeId(2))))
        .isEqualTo("000100000000000000030000000000000002");
    assertThat(hex(Keys.deleted(9, new InodeId(2))))
        .isEqualTo("0000000000000000090000000000000002");
    assertThat(hex(Keys.cluster("counters"))).isEqualTo("00636f756e74657273");
  }

  @Test
  void damagedAndNewerValuesAreRefused() {
    byte[] good = INODE.encode();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> InodeRecord.decode(INODE.id(), cut))
          .isInstanceOf(CorruptRecord.class);
    }
    byte[] longer = Arrays.copyOf(good, good.length + 1);
    assertThatThrownBy(() -> InodeRecord.decode(INODE.id(), longer))
        .isInstanceOf(CorruptRecord.class);
    byte[] newer = good.clone();
    newer[0] = 5;
    assertThatThrownBy(() -> InodeRecord.decode(INODE.id(), newer))
        .isInstanceOf(CorruptRecord.class)
        .hasMessageContaining("format version 5");
    byte[] badType = good.clone();
    badType[1] = 9;
    assertThatThrownBy(() -> InodeRecord.decode(INODE.id(), badType))
        .isInstanceOf(CorruptRecord.class);
    byte[] badNumber = HexFormat.of().parseHex("01ffffffffffffffffffff");
    assertThatThrownBy(() -> LeaseRecord.decode(badNumber)).isInstanceOf(CorruptRecord.class);
  }
}
