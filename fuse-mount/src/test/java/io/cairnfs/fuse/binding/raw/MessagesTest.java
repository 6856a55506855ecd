package io.cairnfs.fuse.binding.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.fuse.binding.CacheTimes;
import io.cairnfs.fuse.binding.MountTable;
import io.cairnfs.fuse.vfs.Caller;
import io.cairnfs.fuse.vfs.DirectoryEntry;
import io.cairnfs.fuse.vfs.NodeAttributes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Bytes as the kernel's header has them, on a machine with the low byte first. */
final class MessagesTest {
  private static final NodeAttributes FILE =
      new NodeAttributes(
          1, 0x1122, 0100644, 2, 1000, 100, 5000, 10, 1_500_000_000L, 2_000_000_003L, -1L, 0x801);

  private static final String FILE_BYTES =
      // inode, size, blocks
      "2211000000000000"
          + "8813000000000000"
          + "0a00000000000000"
          // atime, mtime, ctime: seconds, rounded down
          + "0100000000000000"
          + "0200000000000000"
          + "ffffffffffffffff"
          // nanoseconds
          + "0065cd1d"
          + "03000000"
          + "ffc99a3b"
          // mode, links, uid, gid, device, block size, flags
          + "a4810000"
          + "02000000"
          + "e8030000"
          + "64000000"
          + "01080000"
          + "00100000"
          + "00000000";

  @BeforeAll
  static void orderIsThatOfTheBytesBelow() {
    assertThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
  }

  private static String hex(ByteBuffer message) {
    byte[] copy = new byte[message.remaining()];
    message.duplicate().get(copy);
    return HexFormat.of().formatHex(copy);
  }

  private static Reply reply() {
    return new Reply(ByteBuffer.allocate(4096), 7);
  }

  private static final String LOOKUP =
      "2c000000"
          + "01000000"
          + "0700000000000000"
          + "0500000000000000"
          + "e8030000"
          + "64000000"
          + "39300000"
          + "0000"
          + "0000"
          + "61622e00";

  @Test
  void aRequestIsReadFieldByField() throws Exception {
    Request request = Request.of(bytes(LOOKUP));
    assertThat(request.opcode()).isEqualTo(Opcode.LOOKUP.number());
    assertThat(request.unique()).isEqualTo(7);
    assertThat(request.node()).isEqualTo(5);
    assertThat(request.caller()).isEqualTo(new Caller(1000, 100, 12345));
    assertThat(new String(request.name(), StandardCharsets.US_ASCII)).isEqualTo("ab.");
    assertThat(request.remaining()).isZero();
    assertThatThrownBy(request::name).isInstanceOf(CairnException.class);
    assertThatThrownBy(request::int32).isInstanceOf(CairnException.class);
  }

  @Test
  void extensionsBehindTheArgumentsAreNotArguments() throws Exception {
    String extended =
        LOOKUP
                .replace("2c000000" + "01", "34000000" + "01")
                .replace("39300000" + "0000", "39300000" + "0100")
            + "ffffffffffffffff";
    Request request = Request.of(bytes(extended));
    assertThat(request.remaining()).isEqualTo(4);
  }

  @Test
  void aRequestOfAnotherLengthThanItSaysIsRefused() {
    for (String wrong :
        new String[] {
          "",
          "2c000000",
          LOOKUP + "00",
          LOOKUP.substring(0, LOOKUP.length() - 2),
          LOOKUP.replace("39300000" + "0000", "39300000" + "0100")
        }) {
      assertThatThrownBy(() -> Request.of(bytes(wrong))).isInstanceOf(CairnException.class);
    }
    assertThat(Request.uniqueOf(bytes(LOOKUP + "00"))).isEqualTo(7);
    assertThat(Request.uniqueOf(bytes("2c000000"))).isZero();
  }

  @Test
  void aNameWithoutAnEndIsRefused() throws Exception {
    Request request = Request.of(bytes(LOOKUP.replace("61622e00", "61622e2e")));
    assertThatThrownBy(request::name).isInstanceOf(CairnException.class);
  }

  @Test
  void repliesHaveTheKernelsLayout() {
    assertThat(hex(reply().done())).isEqualTo("10000000" + "00000000" + "0700000000000000");
    assertThat(hex(reply().int64(9).refused(2)))
        .isEqualTo("10000000" + "feffffff" + "0700000000000000");
    assertThat(hex(reply().attributesOnly(FILE, Duration.ofMillis(1500)).done()))
        .isEqualTo(
            "78000000"
                + "00000000"
                + "0700000000000000"
                + "0100000000000000"
                + "0065cd1d"
                + "00000000"
                + FILE_BYTES);
    assertThat(hex(reply().entry(FILE, Duration.ofSeconds(3), Duration.ofNanos(4)).done()))
        .isEqualTo(
            "90000000"
                + "00000000"
                + "0700000000000000"
                + "0100000000000000"
                + "0000000000000000"
                + "0300000000000000"
                + "0000000000000000"
                + "00000000"
                + "04000000"
                + FILE_BYTES);
    assertThat(hex(reply().noEntry(Duration.ofSeconds(2)).done()))
        .isEqualTo(
            "90000000"
                + "00000000"
                + "0700000000000000"
                + "00".repeat(16)
                + "0200000000000000"
                + "00".repeat(104));
  }

  @Test
  void directoriesAreWrittenUntilTheRoomIsFull() {
    CacheTimes times = new CacheTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    DirectoryEntry entry =
        new DirectoryEntry(
            "abc".getBytes(StandardCharsets.US_ASCII), 0x1122, 0100000, Optional.of(FILE), 4);
    Reply plain = reply();
    DirectoryWriter writer = new DirectoryWriter(plain, 63, false, times);
    assertThat(writer.test(entry)).isTrue();
    assertThat(writer.test(entry)).isFalse();
    assertThat(hex(plain.done()).substring(32))
        .isEqualTo(
            "2211000000000000" + "0400000000000000" + "03000000" + "08000000" + "6162630000000000");
    Reply plus = reply();
    assertThat(new DirectoryWriter(plus, 160, true, times).test(entry)).isTrue();
    assertThat(plus.length()).isEqualTo(160);
    assertThat(new DirectoryWriter(reply(), 159, true, times).test(entry)).isFalse();
  }

  private static String init(int minor) {
    return "68000000"
        + "1a000000"
        + "0700000000000000"
        + "00".repeat(24)
        + "07000000"
        + HexFormat.of().toHexDigits((byte) minor)
        + "000000"
        + "00000200"
        + "fffffff3"
        + "00".repeat(48);
  }

  @Test
  void whatTheKernelOffersIsTakenAsFarAsItIsKnown() throws Exception {
    Reply reply = reply();
    Negotiation.answer(Request.of(bytes(init(45))), reply);
    String answer = hex(reply.done());
    assertThat(answer).hasSize(2 * (16 + 64));
    assertThat(answer.substring(32))
        .startsWith(
            "07000000"
                + "26000000"
                + "00001000"
                + "6bf45410"
                + "4000"
                + "3000"
                + "00001000"
                + "01000000"
                + "0001"
                + "0000");
    assertThatThrownBy(() -> Negotiation.answer(Request.of(bytes(init(27))), reply()))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("7.28");
  }

  @Test
  void everyOpcodeIsFoundByItsNumber() {
    for (Opcode opcode : Opcode.values()) {
      assertThat(Opcode.of(opcode.number())).contains(opcode);
    }
    for (int unknown : new int[] {-1, 0, 7, 19, 37, 39, 40, 48, 52, 63, 64, 4096}) {
      assertThat(Opcode.of(unknown)).isEmpty();
    }
  }

  @Test
  void theMountTableIsRead() {
    String text =
        "22 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw\n"
            + "40 22 0:39 / /mnt/a\\040b rw,nosuid - fuse.cairn cairn://m1:1,m2:2/ rw,user_id=0\n"
            + "broken line\n";
    assertThat(MountTable.parse(text))
        .containsExactly(
            new MountTable.Entry("/dev/vda", "/", "ext4", "254:0"),
            new MountTable.Entry("cairn://m1:1,m2:2/", "/mnt/a b", "fuse.cairn", "0:39"));
  }
}
