package io.cairnfs.rpc.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.WriteChunkReply;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.frame.RequestHeader;
import io.cairnfs.rpc.testing.LeakGuard;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Golden bytes: what each kind of frame looks like on the wire, for good. */
@ExtendWith(LeakGuard.class)
final class FrameWriterTest {
  private static final FrameLimits LIMITS = new FrameLimits(64 << 10, 32 << 10, 128 << 10);
  private static final MessageLite MESSAGE = WriteChunkReply.newBuilder().setLength(5).build();

  private final EmbeddedConnection connection = new EmbeddedConnection(LIMITS);
  private final EmbeddedChannel channel = new EmbeddedChannel(connection);
  private final FrameWriter writer = connection.out();

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  private String sent() {
    writer.flush();
    CompositeByteBuf all = Unpooled.compositeBuffer(4096);
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      all.addComponent(true, part);
    }
    String hex = ByteBufUtil.hexDump(all);
    all.release();
    return hex;
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
  }

  private static PeerIdentity identity() {
    return new PeerIdentity("c1", PeerRole.CLIENT, "ann", "x7", "h", "0.1");
  }

  @Test
  void handshakeRequest() {
    writer.message(FrameKind.HANDSHAKE_REQUEST, Handshakes.request(identity()));

    assertThat(sent())
        .isEqualTo(
            "0000001d"
                + "01"
                + "000019"
                + "0801"
                + "12026331"
                + "1801"
                + "2203616e6e"
                + "2a027837"
                + "3203302e31"
                + "3a0168");
  }

  @Test
  void handshakeReplyThatAccepts() {
    writer.message(FrameKind.HANDSHAKE_REPLY, Handshakes.acceptance(identity()));

    assertThat(sent())
        .isEqualTo(
            "00000015"
                + "02"
                + "000011"
                + "0801"
                + "12026331"
                + "1801"
                + "22027837"
                + "2a03302e31");
  }

  @Test
  void handshakeReplyThatRefuses() {
    writer.message(
        FrameKind.HANDSHAKE_REPLY,
        Handshakes.refusal(
            new PeerIdentity("", PeerRole.PEER_ROLE_UNSPECIFIED, "", "", "", ""),
            new CairnException(ErrorCode.WRONG_CLUSTER, "no")));

    assertThat(sent()).isEqualTo("0000000e" + "02" + "00000a" + "0801" + "3206085a12026e6f");
  }

  @Test
  void request() throws CairnException {
    writer.request(1, 40, 1000, MESSAGE, false, Unpooled.EMPTY_BUFFER);

    assertThat(sent())
        .isEqualTo("0000000f" + "03" + "00000b" + "0801" + "1028" + "18e807" + "22020805");
  }

  @Test
  void requestOfAStreamWithPayload() throws CairnException {
    writer.request(1, 40, 0, MESSAGE, true, bytes("abc"));

    assertThat(sent())
        .isEqualTo("00000011" + "03" + "00000a" + "0801" + "1028" + "22020805" + "2801" + "616263");
  }

  @Test
  void response() throws CairnException {
    writer.response(300, MESSAGE, bytes("xyz"));

    assertThat(sent()).isEqualTo("0000000e" + "04" + "000007" + "08ac02" + "1a020805" + "78797a");
  }

  @Test
  void responseThatRefuses() {
    writer.refusal(300, CairnException.notLeader("m2:7000"));

    assertThat(sent())
        .startsWith("0000003")
        .contains("04")
        .contains("08ac02" + "12")
        .contains(ByteBufUtil.hexDump("m2:7000".getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void refusalByTheStateMachine() {
    writer.refusal(300, new CairnException(ErrorCode.NOT_FOUND, "no").atLogIndex(300));

    assertThat(sent())
        .isEqualTo(
            "00000012" + "04" + "00000e" + "08ac02" + "1209" + "0801" + "12026e6f" + "28ac02");
  }

  @Test
  void whatTravelsOfARefusalComesBack() {
    CairnException sent =
        new CairnException(ErrorCode.BUSY, "later", "m2:7000", 20, null).atLogIndex(1L << 40);

    CairnException received = ErrorStatuses.toException(ErrorStatuses.of(sent));

    assertThat(received.code()).isEqualTo(ErrorCode.BUSY);
    assertThat(received).hasMessage("later");
    assertThat(received.leaderHint()).isEqualTo("m2:7000");
    assertThat(received.retryAfterMillis()).isEqualTo(20);
    assertThat(received.logIndex()).isEqualTo(1L << 40);
  }

  @Test
  void streamData() throws CairnException {
    writer.streamData(2, PacketHeader.newBuilder().setSequence(9).build(), bytes("pq"));

    assertThat(sent()).isEqualTo("0000000c" + "05" + "000006" + "0802" + "12020809" + "7071");
  }

  @Test
  void streamAcknowledgement() throws CairnException {
    writer.streamAck(2, PacketAck.newBuilder().setSequence(9).build());

    assertThat(sent()).isEqualTo("0000000a" + "06" + "000006" + "0802" + "12020809");
  }

  @Test
  void cancel() {
    writer.cancel(300);

    assertThat(sent()).isEqualTo("00000007" + "07" + "000003" + "08ac02");
  }

  @Test
  void headersWrittenByHandAreWhatTheGeneratedCodeWrites() throws Exception {
    writer.request(77, 3, 12, MESSAGE, true, Unpooled.EMPTY_BUFFER);

    byte[] header = ByteBufUtil.decodeHexDump(sent().substring(16));
    assertThat(header)
        .isEqualTo(
            RequestHeader.newBuilder()
                .setCallId(77)
                .setMethod(3)
                .setTimeoutMillis(12)
                .setMessage(MESSAGE.toByteString())
                .setStream(true)
                .build()
                .toByteArray());
  }

  @Test
  void headerLargerThanTheSharedBufferIsWrittenInOrder() throws CairnException {
    MessageLite large =
        PacketHeader.newBuilder().setChecksums(ByteString.copyFrom(new byte[20 << 10])).build();
    writer.cancel(1);
    writer.streamAck(2, large);
    writer.cancel(3);

    assertThat(sent()).startsWith("00000006070000020801").endsWith("00000006070000020803");
  }

  @Test
  void framesBeyondTheLimitsAreRefusedAndNothingIsWritten() {
    MessageLite large =
        PacketHeader.newBuilder().setChecksums(ByteString.copyFrom(new byte[40 << 10])).build();
    MessageLite larger =
        PacketHeader.newBuilder().setChecksums(ByteString.copyFrom(new byte[65 << 10])).build();
    ByteBuf tooMuch = Unpooled.wrappedBuffer(new byte[(128 << 10) + 1]);

    assertThatThrownBy(() -> writer.response(1, MESSAGE, tooMuch))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("131073");
    assertThatThrownBy(() -> writer.streamData(1, large, bytes("a")))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("32768");
    assertThatThrownBy(() -> writer.streamAck(1, larger))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("65536");
    assertThat(sent()).isEmpty();
    assertThat(tooMuch.refCnt()).isEqualTo(1);
    tooMuch.release();
  }
}
