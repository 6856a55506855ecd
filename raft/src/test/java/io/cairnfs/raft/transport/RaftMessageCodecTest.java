package io.cairnfs.raft.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.raft.CheckpointPartRequest;
import io.cairnfs.raft.FormerMember;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.CheckpointOffer;
import io.cairnfs.raft.core.RaftMessage.CheckpointReply;
import io.cairnfs.raft.core.RaftMessage.PreVoteRequest;
import io.cairnfs.raft.core.RaftMessage.TimeoutNow;
import io.cairnfs.raft.core.RaftMessage.VoteReply;
import io.cairnfs.raft.core.RaftMessage.VoteRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class RaftMessageCodecTest {
  private static final MemberId A = new MemberId("m1");
  private static final MemberId B = new MemberId("m2");

  static Stream<RaftMessage> messages() {
    Membership membership =
        Membership.ofVoters(List.of(new Member(A, new HostPort("127.0.0.1", 1))))
            .withLearner(new Member(B, new HostPort("localhost", 2)));
    List<LogEntry> entries =
        List.of(
            new LogEntry(8, 3, EntryKind.NO_OP, new byte[0]),
            new LogEntry(9, 3, EntryKind.COMMANDS, new byte[] {1, 2, 3}),
            new LogEntry(10, 4, EntryKind.MEMBERSHIP, new byte[] {4}));
    return Stream.of(
        new PreVoteRequest(A, B, 4, 9, 3),
        new VoteRequest(A, B, 4, 9, 3, true),
        new VoteReply(B, A, 4, true, false, 4),
        new AppendRequest(A, B, 4, 7, 3, 6, entries, 123_456_789L, 17),
        new AppendRequest(A, B, 4, 7, 3, 6, List.of(), Long.MIN_VALUE, 0),
        new AppendReply(B, A, 4, true, 10, 0, 123_456_789L, 17, 7),
        new TimeoutNow(A, B, 4),
        new CheckpointOffer(A, B, 4, 7, 3, membership),
        new CheckpointReply(B, A, 4, 7, true));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyMessageArrivesAsItWas(RaftMessage message) throws CairnException {
    Envelope envelope = new Envelope(-5, 7);
    ByteBuf bytes =
        RaftMessageCodec.encode("g", message, envelope, UnpooledByteBufAllocator.DEFAULT);
    try {
      RaftMessageCodec.deliver("g", bytes, heard);
      assertThat(heard.messages).containsExactly(message);
      assertThat(heard.envelopes).containsExactly(envelope);
    } finally {
      bytes.release();
    }
  }

  @Test
  void aRefusalArrivesAsItWas() throws CairnException {
    Membership membership =
        new Membership(
            List.of(new Member(A, new HostPort("127.0.0.1", 1), 9)),
            List.of(),
            List.of(new FormerMember(B, 4)));
    Refusal refusal = new Refusal(true, "m2 was removed", membership, "127.0.0.1:1");
    ByteBuf bytes =
        RaftMessageCodec.encode(
            "g", A, B, new Envelope(9, 4), refusal, UnpooledByteBufAllocator.DEFAULT);
    try {
      RaftMessageCodec.deliver("g", bytes, heard);
      assertThat(heard.refusals).containsExactly(refusal);
    } finally {
      bytes.release();
    }
  }

  private final Heard heard = new Heard();

  private static final class Heard implements RaftTransport.Receiver {
    private final List<RaftMessage> messages = new ArrayList<>();
    private final List<Envelope> envelopes = new ArrayList<>();
    private final List<Refusal> refusals = new ArrayList<>();

    @Override
    public void onMessage(RaftMessage message, Envelope envelope) {
      messages.add(message);
      envelopes.add(envelope);
    }

    @Override
    public void onDisconnected(MemberId from) {
      throw new AssertionError("a codec knows no connections");
    }

    @Override
    public void onRefusal(MemberId from, Envelope envelope, Refusal refusal) {
      refusals.add(refusal);
    }

    @Override
    public RaftTransport.Part onPartRequest(CheckpointPartRequest request) {
      throw new AssertionError("no part was asked for");
    }
  }

  @Test
  void messagesOfAnotherGroupAreRefused() {
    ByteBuf bytes =
        RaftMessageCodec.encode(
            "other", new TimeoutNow(A, B, 4), new Envelope(0, 0), UnpooledByteBufAllocator.DEFAULT);
    assertThatThrownBy(() -> RaftMessageCodec.deliver("g", bytes, heard))
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.WRONG_CLUSTER));
    bytes.release();
  }

  @Test
  void anyBytesGiveAMessageOrARefusal() {
    SplittableRandom random = new SplittableRandom(1);
    List<RaftMessage> messages = messages().toList();
    int refused = 0;
    for (int i = 0; i < 5_000; i++) {
      ByteBuf encoded =
          RaftMessageCodec.encode(
              "g",
              messages.get(i % messages.size()),
              new Envelope(i, i),
              UnpooledByteBufAllocator.DEFAULT);
      byte[] bytes = new byte[random.nextInt(encoded.readableBytes() + 1)];
      encoded.readBytes(bytes);
      encoded.release();
      for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        RaftMessageCodec.deliver("g", Unpooled.wrappedBuffer(bytes), heard);
      } catch (CairnException refusal) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(1_000);
  }
}
