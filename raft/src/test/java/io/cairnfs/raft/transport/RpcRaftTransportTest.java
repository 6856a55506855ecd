package io.cairnfs.raft.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.raft.CheckpointManifest;
import io.cairnfs.proto.raft.CheckpointPartRequest;
import io.cairnfs.proto.raft.MemberAddress;
import io.cairnfs.proto.raft.RaftHello;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.TimeoutNow;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RpcRaftTransportTest {
  private static final MemberId A = new MemberId("m1");
  private static final MemberId B = new MemberId("m2");

  private final RpcEventLoops loops = RpcEventLoops.create(1, "test-rpc");
  private final SystemClock clock = new SystemClock();

  @AfterEach
  void stopLoops() {
    loops.close();
  }

  /** A member that notes what arrives. */
  private final class Node implements RaftTransport.Receiver, AutoCloseable {
    private final Member member;
    private final BlockingQueue<RaftMessage> heard = new LinkedBlockingQueue<>();
    private final BlockingQueue<Envelope> envelopes = new LinkedBlockingQueue<>();
    private final BlockingQueue<Refusal> refusals = new LinkedBlockingQueue<>();
    private final BlockingQueue<MemberId> disconnected = new LinkedBlockingQueue<>();
    private final RpcClient client;
    private final RpcRaftTransport transport;
    private RpcServer server;

    Node(MemberId id, String group) throws IOException {
      this(new Member(id, new HostPort("127.0.0.1", freePort())), group);
    }

    Node(Member member, String group) throws IOException {
      this.member = member;
      PeerIdentity self =
          new PeerIdentity("c", PeerRole.METASERVER, "", member.id().value(), "localhost", "1");
      client = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self, clock);
      transport = new RpcRaftTransport(group, member, client, loops.allocator(), clock);
      RpcServer.Builder builder =
          RpcServer.builder(
              loops,
              RpcServerOptions.of(
                  member.address().host(), member.address().port(), SecurityMode.LOOPBACK_ONLY),
              () -> self,
              clock);
      transport.register(builder);
      transport.start(this);
      server = builder.start();
    }

    @Override
    public void onMessage(RaftMessage message, Envelope envelope) {
      heard.add(message);
      envelopes.add(envelope);
    }

    @Override
    public void onDisconnected(MemberId from) {
      disconnected.add(from);
    }

    @Override
    public void onRefusal(MemberId from, Envelope envelope, Refusal refusal) {
      refusals.add(refusal);
    }

    @Override
    public RaftTransport.Part onPartRequest(CheckpointPartRequest request) throws IOException {
      if (request.getIndex() != 7) {
        throw new CairnException(ErrorCode.NOT_FOUND, "no checkpoint " + request.getIndex());
      }
      return request.getFile().isEmpty()
          ? RaftTransport.Part.ofManifest(CheckpointManifest.newBuilder().setIndex(7).build())
          : RaftTransport.Part.ofBytes(new byte[request.getLength()]);
    }

    RaftMessage next() throws InterruptedException {
      RaftMessage message = heard.poll(20, TimeUnit.SECONDS);
      assertThat(message).as("a message").isNotNull();
      return message;
    }

    @Override
    public void close() {
      transport.close();
      client.close();
      server.close();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void whoeverSentIsMissedWhenItsConnectionEnds() throws Exception {
    try (Node b = new Node(B, "g")) {
      try (Node a = new Node(A, "g")) {
        a.transport.membershipChanged(Membership.ofVoters(List.of(a.member, b.member)));
        a.transport.send(List.of(new TimeoutNow(A, B, 4)));
        assertThat(b.next()).isEqualTo(new TimeoutNow(A, B, 4));
        assertThat(b.disconnected).isEmpty();
      }
      assertThat(b.disconnected.poll(20, TimeUnit.SECONDS)).isEqualTo(A);
    }
  }

  @Test
  void messagesArriveAndTheReceiverCanAnswerAStranger() throws Exception {
    try (Node a = new Node(A, "g");
        Node b = new Node(B, "g")) {
      a.transport.membershipChanged(Membership.ofVoters(List.of(b.member)));
      byte[] large = new byte[3 << 20];
      large[17] = 9;
      AppendRequest append =
          new AppendRequest(
              A, B, 3, 0, 0, 0, List.of(new LogEntry(1, 3, EntryKind.COMMANDS, large)), 5, 6);
      a.transport.send(List.of(append));
      assertThat(b.next()).isEqualTo(append);
      // B was told of no membership: it knows A from A's own words.
      b.transport.send(List.of(new TimeoutNow(B, A, 3)));
      assertThat(a.next()).isEqualTo(new TimeoutNow(B, A, 3));
    }
  }

  @Test
  void aMemberThatComesBackIsReachedAgain() throws Exception {
    try (Node a = new Node(A, "g")) {
      Member member;
      try (Node b = new Node(B, "g")) {
        member = b.member;
        a.transport.membershipChanged(Membership.ofVoters(List.of(member)));
        a.transport.send(List.of(new TimeoutNow(A, B, 1)));
        b.next();
      }
      try (Node again = new Node(member, "g")) {
        RaftMessage arrived = null;
        for (int i = 0; i < 2_000 && arrived == null; i++) {
          a.transport.send(List.of(new TimeoutNow(A, B, 2)));
          arrived = again.heard.poll(10, TimeUnit.MILLISECONDS);
        }
        assertThat(arrived).isEqualTo(new TimeoutNow(A, B, 2));
      }
    }
  }

  @Test
  void theFirstMessageToAMemberThatWentAwayAndCameBackLongAgoArrives() throws Exception {
    ManualClock linkClock = new ManualClock(0);
    try (Node a = new Node(A, "g")) {
      Member member;
      PeerLink link;
      try (Node b = new Node(B, "g")) {
        member = b.member;
        link = new PeerLink(B, member.address(), "control", a.client, hello(a), linkClock);
        link.send(encoded(1));
        b.next();
      }
      for (int i = 0; i < 2_000 && !link.isBroken(); i++) {
        assertThat(a.heard.poll(10, TimeUnit.MILLISECONDS)).isNull();
      }
      assertThat(link.isBroken()).isTrue();
      try (Node again = new Node(member, "g")) {
        linkClock.advance(Duration.ofSeconds(2));
        link.send(encoded(2));
        assertThat(again.next()).isEqualTo(new TimeoutNow(A, B, 2));
      }
      link.close();
    }
  }

  private static RaftHello hello(Node node) {
    return RaftHello.newBuilder()
        .setGroup("g")
        .setFrom(
            MemberAddress.newBuilder()
                .setId(node.member.id().value())
                .setHost(node.member.address().host())
                .setPort(node.member.address().port()))
        .build();
  }

  private ByteBuf encoded(long term) {
    return RaftMessageCodec.encode(
        "g", new TimeoutNow(A, B, term), new Envelope(0, 0), loops.allocator());
  }

  @Test
  void anotherGroupsMembersAreRefused() throws Exception {
    try (Node a = new Node(A, "g");
        Node b = new Node(B, "other")) {
      a.transport.membershipChanged(Membership.ofVoters(List.of(b.member)));
      a.transport.send(List.of(new TimeoutNow(A, B, 1)));
      assertThat(b.heard.poll(300, TimeUnit.MILLISECONDS)).isNull();
    }
  }

  @Test
  void partsOfCheckpointsAreFetched() throws Exception {
    try (Node a = new Node(A, "g");
        Node b = new Node(B, "g")) {
      assertThatThrownBy(() -> a.transport.fetch(B, part(7, "")))
          .isInstanceOfSatisfying(
              CairnException.class,
              refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.UNAVAILABLE));
      a.transport.membershipChanged(Membership.ofVoters(List.of(b.member)));
      assertThat(a.transport.fetch(B, part(7, "")).manifest().getIndex()).isEqualTo(7);
      RaftTransport.Part part = a.transport.fetch(B, part(7, "file"));
      assertThat(part.bytes()).hasSize(1 << 20);
      assertThat(part.crc()).isEqualTo(RaftTransport.Part.ofBytes(new byte[1 << 20]).crc());
      assertThatThrownBy(() -> a.transport.fetch(B, part(8, "")))
          .isInstanceOfSatisfying(
              CairnException.class,
              refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.NOT_FOUND));
    }
  }

  private static CheckpointPartRequest part(long index, String file) {
    return CheckpointPartRequest.newBuilder()
        .setGroup("g")
        .setIndex(index)
        .setFile(file)
        .setLength(1 << 20)
        .build();
  }
}
