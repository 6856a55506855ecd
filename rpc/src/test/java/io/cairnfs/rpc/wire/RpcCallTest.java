package io.cairnfs.rpc.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.dataserver.ChunkLengthReply;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.frame.HandshakeRequest;
import io.cairnfs.proto.frame.StreamDataHeader;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.frame.Peer;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.server.ServerCall;
import io.cairnfs.rpc.testing.LeakGuard;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.cairnfs.rpc.transport.RpcEventLoops.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultFileRegion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakGuard.class)
final class RpcCallTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private static ChunkLengthRequest request(long chunk) {
    return ChunkLengthRequest.newBuilder().setChunk(chunk).build();
  }

  private static ChunkLengthReply reply(long length) {
    return ChunkLengthReply.newBuilder().setLength(length).build();
  }

  private static void echo(ServerCall call) throws CairnException {
    call.reply(reply(call.message(ChunkLengthRequest.parser()).getChunk()));
  }

  @ParameterizedTest
  @EnumSource
  void manyOutstandingCallsGetTheirOwnAnswers(Transport transport) throws Exception {
    Queue<ServerCall> held = new ConcurrentLinkedQueue<>();
    try (RpcRig rig =
        new RpcRig(transport, server -> server.handler(Method.CHUNK_LENGTH, held::add))) {
      List<CompletableFuture<ChunkLengthReply>> replies = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        replies.add(
            rig.client.call(
                rig.address(), Method.CHUNK_LENGTH, request(i), ChunkLengthReply.parser(), LONG));
      }
      Await.until(() -> held.size() == 1000);
      List<ServerCall> backwards = new ArrayList<>(held);
      java.util.Collections.reverse(backwards);
      for (ServerCall call : backwards) {
        echo(call);
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(Await.value(replies.get(i)).getLength()).isEqualTo(i);
      }
      assertThat(rig.server.connectionCount()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void payloadsOfAllSizesTravelBothWays(Transport transport) throws Exception {
    try (RpcRig rig =
        new RpcRig(
            transport,
            server ->
                server.handler(
                    Method.READ_CHUNK,
                    call ->
                        call.reply(
                            call.message(ReadChunkRequest.parser()), call.payload().retain())))) {
      SplittableRandom random = new SplittableRandom(7);
      for (int length : new int[] {0, 1, 4095, 65_536, 100_001, 1 << 20, 8 << 20}) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        ByteBuf payload = Unpooled.wrappedBuffer(bytes);
        RpcReply reply =
            Await.value(
                rig.client.call(
                    rig.address(),
                    Method.READ_CHUNK,
                    ReadChunkRequest.newBuilder().setChunk(length).build(),
                    payload,
                    LONG));
        assertThat(ByteBufUtil.getBytes(reply.payload())).isEqualTo(bytes);
        assertThat(reply.message(ReadChunkRequest.parser()).getChunk()).isEqualTo(length);
        reply.release();
        assertThat(payload.refCnt()).isEqualTo(length == 0 ? 1 : 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileIsSentBehindTheFirstBytes(Transport transport, @TempDir Path directory)
      throws Exception {
    byte[] content = new byte[3 << 20];
    new SplittableRandom(3).nextBytes(content);
    Path file = Files.write(directory.resolve("f"), content);
    try (RpcRig rig =
        new RpcRig(
            transport,
            server ->
                server.handler(Method.READ_CHUNK, call -> sendFile(call, file, 1000, 2_000_000)))) {
      for (int i = 0; i < 3; i++) {
        RpcReply reply =
            Await.value(
                rig.client.call(
                    rig.address(), Method.READ_CHUNK, ReadChunkRequest.getDefaultInstance(), LONG));
        byte[] got = ByteBufUtil.getBytes(reply.payload());
        reply.release();
        assertThat(got).hasSize(3 + 2_000_000).startsWith(9, 8, 7);
        assertThat(java.util.Arrays.equals(got, 3, got.length, content, 1000, 2_001_000)).isTrue();
      }
    }
  }

  private static void sendFile(ServerCall call, Path file, long position, long count) {
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      call.reply(
          ReadChunkReply.getDefaultInstance(),
          Unpooled.wrappedBuffer(new byte[] {9, 8, 7}),
          new DefaultFileRegion(channel, position, count));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileThatEndsTooEarlyCostsTheConnectionOnly(Transport transport, @TempDir Path directory)
      throws Exception {
    Path file = Files.write(directory.resolve("f"), new byte[100]);
    try (RpcRig rig =
        new RpcRig(
            transport,
            server ->
                server
                    .handler(Method.READ_CHUNK, call -> sendFile(call, file, 0, 5000))
                    .handler(Method.CHUNK_LENGTH, RpcCallTest::echo))) {
      Await.refusal(
          rig.client.call(
              rig.address(), Method.READ_CHUNK, ReadChunkRequest.getDefaultInstance(), LONG),
          ErrorCode.CONNECTION_LOST);
      assertThat(
              Await.value(
                      rig.client.call(
                          rig.address(),
                          Method.CHUNK_LENGTH,
                          request(4),
                          ChunkLengthReply.parser(),
                          LONG))
                  .getLength())
          .isEqualTo(4);
    }
  }

  @Test
  void refusalsArriveWithCodeMessageAndHints() throws Exception {
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server ->
                server
                    .handler(
                        Method.MUTATE,
                        call -> {
                          throw CairnException.notLeader("m2:7000");
                        })
                    .handler(
                        Method.READ, call -> call.fail(CairnException.busy("too much", 40))))) {
      CairnException notLeader =
          Await.refusal(
              rig.client.call(rig.address(), Method.MUTATE, request(1), LONG),
              ErrorCode.NOT_LEADER);
      assertThat(notLeader.leaderHint()).isEqualTo("m2:7000");
      CairnException busy =
          Await.refusal(
              rig.client.call(rig.address(), Method.READ, request(1), LONG), ErrorCode.BUSY);
      assertThat(busy.retryAfterMillis()).isEqualTo(40);
      assertThat(busy).hasMessage("too much");
      Await.refusal(
          rig.client.call(rig.address(), Method.CHUNK_STATUS, request(1), LONG),
          ErrorCode.UNKNOWN_METHOD);
      assertThat(rig.fatal).isEmpty();
    }
  }

  @Test
  void anUncheckedExceptionAnswersInternalAndIsFatal() throws Exception {
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server ->
                server.handler(
                    Method.MUTATE,
                    call -> {
                      throw new IllegalStateException("broken invariant");
                    }))) {
      CairnException refusal =
          Await.refusal(
              rig.client.call(rig.address(), Method.MUTATE, request(1), LONG), ErrorCode.INTERNAL);
      assertThat(refusal).hasMessageContaining("broken invariant");
      assertThat(rig.fatal).hasSize(1);
    }
  }

  @Test
  void aRequestThatIsNotItsMessageIsRefusedAlone() throws Exception {
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server ->
                server
                    .handler(Method.CHUNK_LENGTH, RpcCallTest::echo)
                    .handler(
                        Method.READ,
                        call -> call.reply(call.message(HandshakeRequest.parser()))))) {
      // Field 2 is a string there: it must be UTF-8.
      Await.refusal(
          rig.client.call(
              rig.address(),
              Method.READ,
              StreamDataHeader.newBuilder()
                  .setMessage(ByteString.copyFrom(new byte[] {(byte) 0xff}))
                  .build(),
              LONG),
          ErrorCode.MALFORMED);
      assertThat(
              Await.value(
                      rig.client.call(
                          rig.address(),
                          Method.CHUNK_LENGTH,
                          request(4),
                          ChunkLengthReply.parser(),
                          LONG))
                  .getLength())
          .isEqualTo(4);
      assertThat(rig.server.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void repliesAndRequestsBeyondTheLimitsAreRefusedAlone() throws Exception {
    ReadChunkRequest large =
        ReadChunkRequest.newBuilder()
            .setToken(ByteString.copyFrom(new byte[(4 << 20) + 1]))
            .build();
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server ->
                server
                    .handler(Method.CHUNK_LENGTH, RpcCallTest::echo)
                    .handler(Method.READ_CHUNK, call -> call.reply(large)))) {
      Await.refusal(
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, large, LONG),
          ErrorCode.INVALID_ARGUMENT);
      CairnException refusal =
          Await.refusal(
              rig.client.call(rig.address(), Method.READ_CHUNK, request(1), LONG),
              ErrorCode.INTERNAL);
      assertThat(refusal).hasMessageContaining("at most 4194304");
      ByteBuf payload = Unpooled.wrappedBuffer(new byte[(8 << 20) + 1]);
      Await.refusal(
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(1), payload, LONG),
          ErrorCode.INVALID_ARGUMENT);
      assertThat(payload.refCnt()).isZero();
    }
  }

  @Test
  void aCallTimesOutAndTheServerHearsIt() throws Exception {
    Queue<ServerCall> held = new ConcurrentLinkedQueue<>();
    AtomicInteger cancelled = new AtomicInteger();
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server ->
                server.handler(
                    Method.CHUNK_LENGTH,
                    call -> {
                      call.onCancel(cancelled::incrementAndGet);
                      held.add(call);
                    }))) {
      CompletableFuture<RpcReply> slow =
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(1), LONG);
      Await.until(() -> held.size() == 1);
      CompletableFuture<RpcReply> timed =
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(2), Duration.ofMillis(500));
      CairnException refusal = Await.refusal(timed, ErrorCode.TIMED_OUT);
      assertThat(refusal).hasMessageContaining(rig.address().toString());
      Await.until(() -> cancelled.get() == 1);
      assertThat(held).hasSize(2);
      for (ServerCall call : held) {
        assertThat(call.deadlineNanos()).isPresent();
        echo(call);
      }
      Await.value(slow).release();
      Await.refusal(
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(2), Duration.ZERO),
          ErrorCode.TIMED_OUT);
    }
  }

  @Test
  void cancellingTheFutureReachesTheServer() throws Exception {
    Queue<ServerCall> held = new ConcurrentLinkedQueue<>();
    try (RpcRig rig =
        new RpcRig(Transport.EPOLL, server -> server.handler(Method.CHUNK_LENGTH, held::add))) {
      CompletableFuture<RpcReply> call =
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(2), LONG);
      Await.until(() -> held.size() == 1);
      call.cancel(false);
      Await.until(() -> held.element().isCancelled());
      AtomicInteger late = new AtomicInteger();
      held.element().onCancel(late::incrementAndGet);
      Await.until(() -> late.get() == 1);
      echo(held.element());
      assertThatThrownBy(() -> echo(held.element())).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void losingTheConnectionFailsEverythingOutstandingAndTheNextCallConnectsAnew() throws Exception {
    Queue<ServerCall> held = new ConcurrentLinkedQueue<>();
    AtomicInteger cancelled = new AtomicInteger();
    RpcEventLoops loops = RpcEventLoops.create(1, "first");
    RpcClient client =
        RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> RpcRig.CLIENT, new SystemClock());
    try (loops;
        client) {
      RpcServer first =
          server(
              loops,
              0,
              call -> {
                call.onCancel(cancelled::incrementAndGet);
                held.add(call);
              });
      HostPort address = first.address();
      List<CompletableFuture<RpcReply>> calls = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        calls.add(client.call(address, Method.CHUNK_LENGTH, request(i), LONG));
      }
      Await.until(() -> held.size() == 50);
      first.close();
      for (CompletableFuture<RpcReply> call : calls) {
        Await.refusal(call, ErrorCode.CONNECTION_LOST);
      }
      Await.until(() -> cancelled.get() == 50);
      for (ServerCall call : held) {
        echo(call);
      }
      CairnException refused =
          Await.refusal(
              client.call(address, Method.CHUNK_LENGTH, request(1), LONG), ErrorCode.UNAVAILABLE);
      assertThat(refused).hasMessageContaining(address.toString());
      RpcServer second = server(loops, address.port(), RpcCallTest::echo);
      try (second) {
        assertThat(
                Await.value(
                        client.call(
                            address,
                            Method.CHUNK_LENGTH,
                            request(9),
                            ChunkLengthReply.parser(),
                            LONG))
                    .getLength())
            .isEqualTo(9);
      }
    }
  }

  private static RpcServer server(
      RpcEventLoops loops, int port, io.cairnfs.rpc.server.RpcHandler handler)
      throws CairnException {
    return RpcServer.builder(
            loops,
            RpcServerOptions.of("127.0.0.1", port, SecurityMode.LOOPBACK_ONLY),
            () -> RpcRig.SERVER,
            new SystemClock())
        .handler(Method.CHUNK_LENGTH, handler)
        .start();
  }

  @Test
  void callsBeyondTheBoundAreRefusedAsBusyOnEitherSide() throws Exception {
    Queue<ServerCall> held = new ConcurrentLinkedQueue<>();
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY)
                .withMaxCallsPerConnection(2),
            RpcClientOptions.DEFAULT.withMaxCallsPerConnection(3),
            server -> server.handler(Method.CHUNK_LENGTH, held::add))) {
      CompletableFuture<RpcReply> first =
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(1), LONG);
      CompletableFuture<RpcReply> second =
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(2), LONG);
      CairnException atServer =
          Await.refusal(
              rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(3), LONG),
              ErrorCode.BUSY);
      assertThat(atServer.retryAfterMillis()).isPositive();
      Await.until(() -> held.size() == 2);
      for (ServerCall call : held) {
        echo(call);
      }
      Await.value(first).release();
      Await.value(second).release();
      List<CompletableFuture<RpcReply>> burst = new ArrayList<>();
      rig.loops
          .group()
          .submit(
              () -> {
                for (int i = 0; i < 4; i++) {
                  burst.add(rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(i), LONG));
                }
              })
          .get();
      assertThat(Await.refusal(burst.get(3), ErrorCode.BUSY))
          .hasMessageContaining("3 calls are outstanding");
    }
  }

  @Test
  void anExecutorThatRejectsMeansBusy() throws Exception {
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server ->
                server.handler(
                    Method.CHUNK_LENGTH,
                    RpcCallTest::echo,
                    task -> {
                      throw new RejectedExecutionException("full");
                    }))) {
      Await.refusal(
          rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(3), LONG), ErrorCode.BUSY);
    }
  }

  @Test
  void handlersMayAnswerFromTheirExecutor() throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(2);
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server -> server.handler(Method.CHUNK_LENGTH, RpcCallTest::echo, executor))) {
      List<CompletableFuture<ChunkLengthReply>> replies = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        replies.add(
            rig.client.call(
                rig.address(), Method.CHUNK_LENGTH, request(i), ChunkLengthReply.parser(), LONG));
      }
      for (int i = 0; i < 500; i++) {
        assertThat(Await.value(replies.get(i)).getLength()).isEqualTo(i);
      }
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void theServerKnowsItsCallerAndTheCallerItsServer() throws Exception {
    CompletableFuture<Peer> caller = new CompletableFuture<>();
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            server ->
                server.handler(
                    Method.CHUNK_LENGTH,
                    call -> {
                      caller.complete(call.peer());
                      echo(call);
                    }))) {
      Peer server = Await.value(rig.client.connect(rig.address()));
      assertThat(server.identity())
          .isEqualTo(new PeerIdentity("c1", RpcRig.SERVER.role(), "", "d1", "", "test"));
      Await.value(rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(1), LONG)).release();
      assertThat(Await.value(caller).identity()).isEqualTo(RpcRig.CLIENT);
    }
  }

  @Test
  void anIdleConnectionIsClosed() throws Exception {
    try (RpcRig rig =
        new RpcRig(
            Transport.EPOLL,
            RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
            RpcClientOptions.DEFAULT.withIdleTimeout(Duration.ofMillis(30)),
            server -> server.handler(Method.CHUNK_LENGTH, RpcCallTest::echo))) {
      for (int round = 0; round < 2; round++) {
        Await.value(rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(1), LONG))
            .release();
        Await.until(() -> rig.server.connectionCount() == 0);
      }
    }
  }

  @Test
  void aServerListensBeyondLoopbackOnlyWhenToldSo() throws Exception {
    RpcEventLoops loops = RpcEventLoops.create(1, "bind");
    try (loops) {
      for (String host : new String[] {"0.0.0.0", "::"}) {
        assertThatThrownBy(
                () ->
                    RpcServer.builder(
                            loops,
                            RpcServerOptions.of(host, 0, SecurityMode.LOOPBACK_ONLY),
                            () -> RpcRig.SERVER,
                            new SystemClock())
                        .start())
            .isInstanceOf(CairnException.class)
            .hasMessageContaining("security.mode = none");
      }
      RpcServer open =
          RpcServer.builder(
                  loops,
                  RpcServerOptions.of("0.0.0.0", 0, SecurityMode.NONE),
                  () -> RpcRig.SERVER,
                  new SystemClock())
              .start();
      try (open) {
        assertThatThrownBy(() -> server(loops, open.address().port(), RpcCallTest::echo))
            .isInstanceOf(CairnException.class)
            .hasMessageContaining("cannot listen on 127.0.0.1:" + open.address().port());
      }
    }
  }

  @Test
  void callsAfterClosingAreRefused() throws Exception {
    RpcRig rig =
        new RpcRig(
            Transport.EPOLL, server -> server.handler(Method.CHUNK_LENGTH, RpcCallTest::echo));
    rig.client.close();
    Await.refusal(
        rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(1), LONG),
        ErrorCode.UNAVAILABLE);
    rig.close();
    ByteBuf payload = Unpooled.wrappedBuffer(new byte[10]);
    Await.refusal(
        rig.client.call(
            new HostPort("127.0.0.1", 9), Method.CHUNK_LENGTH, request(1), payload, LONG),
        ErrorCode.UNAVAILABLE);
    assertThat(payload.refCnt()).isZero();
  }

  @Test
  void callsAfterTheEventLoopsHaveEndedAreRefusedToo() throws Exception {
    RpcRig rig =
        new RpcRig(
            Transport.EPOLL, server -> server.handler(Method.CHUNK_LENGTH, RpcCallTest::echo));
    Await.value(rig.client.call(rig.address(), Method.CHUNK_LENGTH, request(1), LONG)).release();
    HostPort address = rig.address();
    rig.server.close();
    rig.loops.close();
    for (HostPort each : List.of(address, new HostPort("127.0.0.1", 9))) {
      ByteBuf payload = Unpooled.wrappedBuffer(new byte[10]);
      Await.refusal(
          rig.client.call(each, Method.CHUNK_LENGTH, request(1), payload, LONG),
          ErrorCode.UNAVAILABLE);
      assertThat(payload.refCnt()).isZero();
    }
    Await.refusal(rig.client.connect(new HostPort("127.0.0.1", 9)), ErrorCode.UNAVAILABLE);
    rig.client.close();
  }
}
