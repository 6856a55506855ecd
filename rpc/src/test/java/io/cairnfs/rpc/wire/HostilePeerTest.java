package io.cairnfs.rpc.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.frame.HandshakeReply;
import io.cairnfs.proto.frame.HandshakeRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.frame.RequestHeader;
import io.cairnfs.proto.frame.ResponseHeader;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.testing.LeakGuard;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.cairnfs.rpc.transport.RpcEventLoops.Transport;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Peers that say wrong things, over real sockets. */
@ExtendWith(LeakGuard.class)
final class HostilePeerTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private static RpcRig rig() throws CairnException {
    return new RpcRig(
        Transport.EPOLL,
        server ->
            server.handler(
                Method.CHUNK_LENGTH, call -> call.reply(ChunkLengthRequest.getDefaultInstance())));
  }

  private static Socket connect(RpcRig rig) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), rig.address().port());
    socket.setSoTimeout(6_000);
    return socket;
  }

  private static void send(Socket socket, int kind, byte[] header) throws IOException {
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.writeInt(4 + header.length);
    out.writeInt(kind << 24 | header.length);
    out.write(header);
    out.flush();
  }

  private record Frame(int kind, ByteString header) {}

  private static Frame receive(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    int length = in.readInt();
    int word = in.readInt();
    byte[] header = in.readNBytes(word & 0xff_ffff);
    assertThat(length).isEqualTo(4 + header.length);
    return new Frame(word >>> 24, ByteString.copyFrom(header));
  }

  private static void assertClosed(Socket socket) throws IOException {
    assertThat(socket.getInputStream().read()).isEqualTo(-1);
  }

  private static HandshakeRequest handshake(int version, String cluster) {
    return HandshakeRequest.newBuilder()
        .setProtocolVersion(version)
        .setClusterId(cluster)
        .setRole(PeerRole.CLIENT)
        .build();
  }

  private static HandshakeReply shake(Socket socket, HandshakeRequest request) throws IOException {
    send(socket, 1, request.toByteArray());
    Frame reply = receive(socket);
    assertThat(reply.kind).isEqualTo(2);
    return HandshakeReply.parseFrom(reply.header);
  }

  @Test
  void anotherClusterIsRefusedWithBothIds() throws Exception {
    try (RpcRig rig = rig();
        Socket socket = connect(rig)) {
      HandshakeReply reply = shake(socket, handshake(1, "other"));
      assertThat(reply.getError().getCode()).isEqualTo(ErrorCode.WRONG_CLUSTER.number());
      assertThat(reply.getError().getMessage()).contains("c1").contains("other");
      assertClosed(socket);
    }
  }

  @Test
  void anotherVersionIsRefusedWithBothNumbers() throws Exception {
    try (RpcRig rig = rig();
        Socket socket = connect(rig)) {
      HandshakeReply reply = shake(socket, handshake(29, "c1"));
      assertThat(reply.getError().getCode()).isEqualTo(ErrorCode.WRONG_VERSION.number());
      assertThat(reply.getError().getMessage()).contains("29").contains("1");
      assertThat(reply.getProtocolVersion()).isEqualTo(1);
      assertClosed(socket);
    }
  }

  @Test
  void aCallerThatDoesNotKnowItsClusterIsTold() throws Exception {
    try (RpcRig rig = rig();
        Socket socket = connect(rig)) {
      HandshakeReply reply = shake(socket, handshake(1, ""));
      assertThat(reply.hasError()).isFalse();
      assertThat(reply.getClusterId()).isEqualTo("c1");
    }
  }

  @Test
  void theClientHearsWhyItWasRefused() throws Exception {
    try (RpcRig rig = rig()) {
      PeerIdentity stranger =
          new PeerIdentity("other", PeerRole.CLIENT, "ann", "x1", "desk", "test");
      RpcClient client =
          RpcClient.create(rig.loops, RpcClientOptions.DEFAULT, () -> stranger, new SystemClock());
      try (client) {
        Await.refusal(
            client.call(
                rig.address(), Method.CHUNK_LENGTH, ChunkLengthRequest.getDefaultInstance(), LONG),
            ErrorCode.WRONG_CLUSTER);
      }
    }
  }

  @Test
  void garbageInsteadOfAHandshakeIsAnsweredAndTheConnectionClosed() throws Exception {
    try (RpcRig rig = rig();
        Socket socket = connect(rig)) {
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      Frame frame = receive(socket);
      assertThat(frame.kind).isEqualTo(2);
      assertThat(HandshakeReply.parseFrom(frame.header).getError().getCode())
          .isEqualTo(ErrorCode.MALFORMED.number());
      assertClosed(socket);
    }
  }

  @Test
  void oversizedFramesAreAnsweredAndTheConnectionClosed() throws Exception {
    try (RpcRig rig = rig();
        Socket socket = connect(rig)) {
      assertThat(shake(socket, handshake(1, "c1")).hasError()).isFalse();
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeInt(Integer.MAX_VALUE);
      out.writeInt(3 << 24 | 10);
      out.flush();
      ResponseHeader refusal = ResponseHeader.parseFrom(receive(socket).header);
      assertThat(refusal.getCallId()).isZero();
      assertThat(refusal.getError().getCode()).isEqualTo(ErrorCode.MALFORMED.number());
      assertThat(refusal.getError().getMessage()).contains("payload of");
      assertClosed(socket);
    }
  }

  @Test
  void headersThatAreNoMessagesAreAnsweredAndTheConnectionClosed() throws Exception {
    for (int kind : new int[] {3, 5, 7}) {
      try (RpcRig rig = rig();
          Socket socket = connect(rig)) {
        assertThat(shake(socket, handshake(1, "c1")).hasError()).isFalse();
        send(socket, kind, new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3});
        ResponseHeader refusal = ResponseHeader.parseFrom(receive(socket).header);
        assertThat(refusal.getError().getCode()).isEqualTo(ErrorCode.MALFORMED.number());
        assertClosed(socket);
      }
    }
  }

  @Test
  void framesOfTheOtherSideAndReusedCallIdsAreRefused() throws Exception {
    for (int kind : new int[] {4, 6}) {
      try (RpcRig rig = rig();
          Socket socket = connect(rig)) {
        assertThat(shake(socket, handshake(1, "c1")).hasError()).isFalse();
        send(socket, kind, new byte[0]);
        assertThat(ResponseHeader.parseFrom(receive(socket).header).getError().getMessage())
            .contains("from a caller");
        assertClosed(socket);
      }
    }
    try (RpcRig rig =
            new RpcRig(Transport.EPOLL, server -> server.handler(Method.CHUNK_LENGTH, call -> {}));
        Socket socket = connect(rig)) {
      assertThat(shake(socket, handshake(1, "c1")).hasError()).isFalse();
      byte[] request =
          RequestHeader.newBuilder()
              .setCallId(5)
              .setMethod(Method.CHUNK_LENGTH.number())
              .build()
              .toByteArray();
      send(socket, 3, request);
      send(socket, 3, request);
      assertThat(ResponseHeader.parseFrom(receive(socket).header).getError().getMessage())
          .contains("call id 5");
      assertClosed(socket);
    }
  }

  @Test
  void unknownMethodsAreRefusedAlone() throws Exception {
    try (RpcRig rig = rig();
        Socket socket = connect(rig)) {
      assertThat(shake(socket, handshake(1, "c1")).hasError()).isFalse();
      for (int method : new int[] {0, 126, 1_000_000, -1}) {
        send(
            socket,
            3,
            RequestHeader.newBuilder().setCallId(5).setMethod(method).build().toByteArray());
        ResponseHeader refusal = ResponseHeader.parseFrom(receive(socket).header);
        assertThat(refusal.getCallId()).isEqualTo(5);
        assertThat(refusal.getError().getCode()).isEqualTo(ErrorCode.UNKNOWN_METHOD.number());
      }
    }
  }

  @Test
  void whoSaysNothingIsDisconnected() throws Exception {
    try (RpcRig rig =
            new RpcRig(
                Transport.EPOLL,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY)
                    .withHandshakeTimeout(Duration.ofMillis(50)),
                RpcClientOptions.DEFAULT,
                server -> {});
        Socket silent = connect(rig);
        Socket slow = connect(rig)) {
      slow.getOutputStream().write(0);
      assertClosed(silent);
      assertClosed(slow);
    }
  }

  @Test
  void connectionsBeyondTheBoundAreClosedAtOnce() throws Exception {
    try (RpcRig rig =
            new RpcRig(
                Transport.EPOLL,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY)
                    .withMaxConnections(2),
                RpcClientOptions.DEFAULT,
                server -> {});
        Socket first = connect(rig);
        Socket second = connect(rig)) {
      Await.until(() -> rig.server.connectionCount() == 2);
      try (Socket third = connect(rig)) {
        assertClosed(third);
      }
      first.close();
      Await.until(() -> rig.server.connectionCount() == 1);
      try (Socket third = connect(rig)) {
        assertThat(shake(third, handshake(1, "c1")).hasError()).isFalse();
      }
      assertThat(shake(second, handshake(1, "c1")).hasError()).isFalse();
    }
  }

  @Test
  void randomBytesNeverHurtTheServer() throws Exception {
    SplittableRandom random = new SplittableRandom(11);
    try (RpcRig rig = rig()) {
      for (int round = 0; round < 60; round++) {
        try (Socket socket = connect(rig)) {
          if (round % 2 == 0) {
            assertThat(shake(socket, handshake(1, "c1")).hasError()).isFalse();
          }
          byte[] bytes = new byte[1 + random.nextInt(3000)];
          random.nextBytes(bytes);
          if (round % 3 == 0) {
            // A plausible prefix, so that the header is reached.
            bytes = java.util.Arrays.copyOf(new byte[] {0, 0, 0, 40, 3, 0, 0, 30}, 3000);
            for (int i = 8; i < bytes.length; i++) {
              bytes[i] = (byte) random.nextInt();
            }
          }
          try {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
          } catch (IOException e) {
            assertThat(e).hasMessageMatching(".*(reset|pipe|abort).*");
          }
        }
      }
      Await.until(() -> rig.server.connectionCount() == 0);
      Await.value(
              rig.client.call(
                  rig.address(),
                  Method.CHUNK_LENGTH,
                  ChunkLengthRequest.getDefaultInstance(),
                  LONG))
          .release();
      assertThat(rig.fatal).isEmpty();
    }
  }

  @RepeatedTest(10)
  void aServerThatAnswersNonsenseFailsTheCalls() throws Exception {
    RpcEventLoops loops = RpcEventLoops.create(1, "hostile");
    RpcClient client = client(loops, RpcClientOptions.DEFAULT);
    RpcClient impatient =
        client(loops, RpcClientOptions.DEFAULT.withConnectTimeout(Duration.ofMillis(200)));
    try (loops;
        client;
        impatient;
        ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      HostPort address = new HostPort("127.0.0.1", listener.getLocalPort());
      var garbage = lengthOf(client, address);
      try (Socket socket = listener.accept()) {
        socket.getOutputStream().write(new byte[64]);
        Await.refusal(garbage, ErrorCode.MALFORMED);
      }
      var silence = lengthOf(impatient, address);
      try (Socket socket = listener.accept()) {
        assertThat(Await.refusal(silence, ErrorCode.UNAVAILABLE))
            .hasMessageContaining("no connection to " + address);
        assertThat(socket.isConnected()).isTrue();
      }
      var hangsUp = lengthOf(client, address);
      listener.accept().close();
      Await.refusal(hangsUp, ErrorCode.UNAVAILABLE);
      var otherVersion = lengthOf(client, address);
      try (Socket socket = listener.accept()) {
        send(socket, 2, HandshakeReply.newBuilder().setProtocolVersion(9).build().toByteArray());
        Await.refusal(otherVersion, ErrorCode.WRONG_VERSION);
      }
    }
  }

  private static RpcClient client(RpcEventLoops loops, RpcClientOptions options) {
    return RpcClient.create(loops, options, () -> RpcRig.CLIENT, new SystemClock());
  }

  private static CompletableFuture<RpcReply> lengthOf(RpcClient client, HostPort address) {
    return client.call(address, Method.CHUNK_LENGTH, ChunkLengthRequest.getDefaultInstance(), LONG);
  }
}
