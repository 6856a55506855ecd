package io.cairnfs.dataserver.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.dataserver.storage.Cells;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import io.cairnfs.dataserver.storage.VolumeOptions;
import io.cairnfs.proto.dataserver.ChunkLengthReply;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.dataserver.ChunkStatusReply;
import io.cairnfs.proto.dataserver.ChunkStatusRequest;
import io.cairnfs.proto.dataserver.FenceChunkReply;
import io.cairnfs.proto.dataserver.FenceChunkRequest;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.dataserver.SyncChunkReply;
import io.cairnfs.proto.dataserver.SyncChunkRequest;
import io.cairnfs.proto.dataserver.VerifyChunkReply;
import io.cairnfs.proto.dataserver.VerifyChunkRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PipelineTest {
  private static final long CHUNK = ChunkId.of(0, 5, 1).value();
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @TempDir private Path directory;
  private final List<TransferServer> servers = new ArrayList<>();
  private final byte[] content = new byte[3 << 20];
  private RpcEventLoops loops;
  private RpcClient client;
  private TransferServer a;
  private TransferServer b;
  private TransferServer c;

  @BeforeEach
  void start() throws IOException {
    new Random(1).nextBytes(content);
    loops = RpcEventLoops.create(1, "client");
    PeerIdentity self =
        new PeerIdentity(TransferServer.CLUSTER, PeerRole.CLIENT, "u", "c1", "", "test");
    client = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self, new SystemClock());
    a = server(11, TransferOptions.DEFAULT, new VolumeOptions(0, 0));
    b = server(12, TransferOptions.DEFAULT, new VolumeOptions(0, 0));
    c = server(13, TransferOptions.DEFAULT, new VolumeOptions(0, 0));
  }

  private TransferServer server(int id, TransferOptions options, VolumeOptions volume)
      throws IOException {
    TransferServer server = new TransferServer(id, directory.resolve("d" + id), options, volume);
    servers.add(server);
    return server;
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    for (TransferServer server : servers) {
      server.close();
      assertThat(server.fatal).isEmpty();
    }
    loops.close();
  }

  private TestWriter writer(TransferServer... members) {
    return new TestWriter(client, CHUNK, 1, content, members);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited long enough").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private byte[] read(TransferServer server, long offset, int length, long known) throws Exception {
    RpcReply reply =
        call(
            server,
            ReadChunkRequest.newBuilder()
                .setChunk(CHUNK)
                .setOffset(offset)
                .setLength(length)
                .setKnownLength(known)
                .build());
    try {
      ReadChunkReply header = reply.message(ReadChunkReply.parser());
      int[] sums = new int[header.getChecksumCount()];
      for (int i = 0; i < sums.length; i++) {
        sums[i] = reply.payload().readInt();
      }
      byte[] bytes = new byte[header.getLength()];
      reply.payload().readBytes(bytes);
      assertThat(reply.payload().isReadable()).isFalse();
      for (int i = 0; i < sums.length; i++) {
        int from = i * Cells.SIZE;
        int size = Math.min(Cells.SIZE, bytes.length - from);
        assertThat(Crc32c.of(bytes, from, size)).isEqualTo(sums[i]);
      }
      return bytes;
    } finally {
      reply.release();
    }
  }

  private RpcReply call(TransferServer server, ReadChunkRequest request) throws Exception {
    return client
        .call(server.address(), Method.READ_CHUNK, request, TIMEOUT)
        .get(15, TimeUnit.SECONDS);
  }

  private ErrorCode readRefusal(TransferServer server) throws Exception {
    try {
      read(server, 0, 4096, 0);
      throw new AssertionError("the read succeeded");
    } catch (ExecutionException e) {
      return ((CairnException) e.getCause()).code();
    }
  }

  private FenceChunkReply fence(TransferServer server, int epoch, long term) throws Exception {
    return client
        .call(
            server.address(),
            Method.FENCE_CHUNK,
            FenceChunkRequest.newBuilder().setChunk(CHUNK).setEpoch(epoch).setTerm(term).build(),
            FenceChunkReply.parser(),
            TIMEOUT)
        .get(15, TimeUnit.SECONDS);
  }

  private void assertClosedAt(long length, TransferServer... members) {
    for (TransferServer member : members) {
      await(() -> member.streams() == 0);
      await(
          () ->
              member
                  .store
                  .status(new ChunkId(CHUNK))
                  .map(status -> status.state() == State.CLOSED)
                  .orElse(false));
      assertThat(member.store.status(new ChunkId(CHUNK)).map(ReplicaStatus::length))
          .hasValueSatisfying(found -> assertThat(found).isGreaterThanOrEqualTo(length));
    }
  }

  @Test
  void bytesReachEveryMemberAndReadBackFromEach() throws Exception {
    TestWriter writer = writer(a, b, c);
    writer.awaitReady();
    writer.send(1000).send(1 << 20).send(2 << 20).send(2_500_001, PacketFlag.PACKET_FLUSH);
    writer.awaitLength(2_500_001);
    for (TransferServer server : servers) {
      assertThat(read(server, 0, 2_500_001, 0)).isEqualTo(Arrays.copyOf(content, 2_500_001));
      assertThat(read(server, 2_500_000, 100, 0))
          .isEqualTo(Arrays.copyOfRange(content, 2_498_560, 2_500_001));
    }
    writer.send(2_600_000, PacketFlag.PACKET_CLOSE);
    assertThat(writer.reply().getLength()).isEqualTo(2_600_000);
    assertClosedAt(2_600_000, a, b, c);
    for (TransferServer server : servers) {
      server.store.seal(new ChunkId(CHUNK), 2_600_000, 3, 1);
      assertThat(read(server, 0, 2_600_000, 0)).isEqualTo(Arrays.copyOf(content, 2_600_000));
      assertThat(server.metrics.values()).containsEntry("dataserver.streams.bytes", 0L);
    }
  }

  @Test
  void packetsSentBeforeThePipelineStandsAreTaken() throws Exception {
    TestWriter writer = writer(a, b, c);
    writer.send(100).send(200_000).send(200_000, PacketFlag.PACKET_SYNC);
    writer.send(200_000, PacketFlag.PACKET_CLOSE);
    assertThat(writer.reply().getLength()).isEqualTo(200_000);
    assertClosedAt(200_000, a, b, c);
  }

  @Test
  void onlyTheLastMemberIsTimedByTheOneInFront() throws Exception {
    TestWriter writer = writer(a, b, c);
    for (int i = 1; i <= 60; i++) {
      writer.send(i * 1000);
    }
    writer.awaitLength(60_000);
    for (TransferServer server : servers) {
      assertThat(server.peers().p99Micros()).isEmpty();
      server.peers().endWindow();
    }
    assertThat(a.peers().p99Micros()).isEmpty();
    assertThat(b.peers().p99Micros()).containsOnlyKeys(c.id);
    assertThat(b.peers().p99Micros().get(c.id)).isPositive();
    assertThat(c.peers().p99Micros()).isEmpty();
    b.peers().endWindow();
    assertThat(b.peers().p99Micros()).isEmpty();
  }

  @Test
  void syncedBytesAreThereAfterARestart() throws Exception {
    TestWriter writer = writer(c);
    writer.send(5000, PacketFlag.PACKET_SYNC);
    writer.awaitLength(5000);
    c.close();
    servers.remove(c);
    c = server(13, TransferOptions.DEFAULT, new VolumeOptions(0, 0));
    assertClosedAt(5000, c);
    assertThat(read(c, 0, 5000, 5000)).isEqualTo(Arrays.copyOf(content, 5000));
    assertThat(readLength(c).getContinuous()).isFalse();
  }

  private ChunkLengthReply readLength(TransferServer server) throws Exception {
    return client
        .call(
            server.address(),
            Method.CHUNK_LENGTH,
            ChunkLengthRequest.newBuilder().setChunk(CHUNK).build(),
            ChunkLengthReply.parser(),
            TIMEOUT)
        .get(15, TimeUnit.SECONDS);
  }

  @Test
  void hazardB2TheHeadsLengthIsWhatAllMembersHold() throws Exception {
    TestWriter writer = writer(a, b);
    writer.send(5000);
    writer.awaitLength(5000);
    assertThat(readLength(a))
        .isEqualTo(ChunkLengthReply.newBuilder().setLength(5000).setContinuous(true).build());
    CountDownLatch thaw = new CountDownLatch(1);
    b.freeze(thaw);
    writer.send(9000);
    PacketAck failure = writer.awaitFailure();
    assertThat(failure.getLength()).isEqualTo(5000);
    assertThat(readLength(a))
        .isEqualTo(ChunkLengthReply.newBuilder().setLength(5000).setContinuous(true).build());
    assertThat(read(a, 0, 9000, 0)).hasSize(5000);
    thaw.countDown();
  }

  @Test
  void aFrozenMemberIsNamedWithinASecondOrSo() throws Exception {
    for (int frozen = 1; frozen <= 2; frozen++) {
      TransferServer victim = servers.get(frozen);
      TestWriter writer = new TestWriter(client, CHUNK + frozen, 1, content, a, b, c);
      writer.send(1 << 20);
      writer.awaitLength(1 << 20);
      CountDownLatch thaw = new CountDownLatch(1);
      victim.freeze(thaw);
      long start = System.nanoTime();
      writer.send(2 << 20);
      PacketAck failure = writer.awaitFailure();
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      thaw.countDown();
      assertThat(failure.getFailedServer()).isEqualTo(victim.id);
      assertThat(ErrorCode.ofNumber(failure.getErrorCode())).isEqualTo(ErrorCode.TIMED_OUT);
      assertThat(millis).isBetween(500L, 5000L);
      assertThat(writer.refusal().code()).isEqualTo(ErrorCode.TIMED_OUT);
    }
  }

  @Test
  void aKilledMemberIsNamed() throws Exception {
    for (int killed = 2; killed >= 1; killed--) {
      TransferServer victim = servers.get(killed);
      TestWriter writer =
          new TestWriter(
              client,
              CHUNK + killed,
              1,
              content,
              servers.subList(0, killed + 1).toArray(TransferServer[]::new));
      writer.send(1 << 20);
      writer.awaitLength(1 << 20);
      victim.kill();
      PacketAck failure = writer.awaitFailure();
      assertThat(failure.getFailedServer()).isEqualTo(victim.id);
      assertThat(failure.getLength()).isEqualTo(1 << 20);
    }
  }

  @Test
  void aMemberThatCannotBeReachedIsNamed() throws Exception {
    c.kill();
    TestWriter writer = writer(a, b, c);
    writer.send(1000);
    PacketAck failure = writer.awaitFailure();
    assertThat(failure.getFailedServer()).isEqualTo(c.id);
    assertThat(failure.getLength()).isZero();
  }

  @Test
  void aMemberThatIsLostWhileTheStreamBeginsIsNamed() throws Exception {
    a.reachNobody();
    PacketAck failure = writer(a, b).awaitFailure();
    assertThat(failure.getFailedServer()).isEqualTo(b.id);
    await(() -> a.streams() == 0);
    new TestWriter(client, CHUNK + 1, 1, content, a).send(1000).awaitLength(1000);
  }

  @Test
  void aWriterThatGoesAwayClosesTheReplicas() throws Exception {
    TestWriter writer = writer(a, b, c);
    writer.send(1000);
    writer.awaitLength(1000);
    writer.stream().cancel();
    assertClosedAt(1000, a, b, c);
    ChunkLengthReply flushed =
        ChunkLengthReply.newBuilder().setLength(1000).setContinuous(true).build();
    assertThat(List.of(readLength(a), readLength(b), readLength(c)))
        .containsExactly(flushed, flushed, flushed);
    TestWriter second = writer(a);
    assertThat(second.awaitFailure().getErrorCode()).isEqualTo(ErrorCode.CHUNK_EXISTS.number());
  }

  @Test
  void hazardA4ASecondStreamIsRefusedAndDoesNotDisturbTheFirst() throws Exception {
    TestWriter writer = writer(a, b);
    writer.send(1000);
    writer.awaitLength(1000);
    TestWriter second = writer(b);
    PacketAck failure = second.awaitFailure();
    assertThat(failure.getFailedServer()).isEqualTo(b.id);
    assertThat(failure.getErrorCode()).isEqualTo(ErrorCode.CHUNK_EXISTS.number());
    writer.send(2000);
    writer.awaitLength(2000);
  }

  @Test
  void hazardA3AFencedEpochIsRefused() throws Exception {
    TestWriter writer = writer(a, b);
    writer.send(5000);
    writer.awaitLength(5000);
    FenceChunkReply fenced = fence(b, 2, 7);
    assertThat(fenced)
        .isEqualTo(
            FenceChunkReply.newBuilder()
                .setExists(true)
                .setValidLength(5000)
                .setContinuous(true)
                .build());
    writer.send(6000);
    PacketAck failure = writer.awaitFailure();
    assertThat(failure.getFailedServer()).isEqualTo(b.id);
    assertThat(failure.getErrorCode()).isEqualTo(ErrorCode.CHUNK_CLOSED.number());
    assertThat(fence(c, 2, 7).getExists()).isFalse();
    assertThat(writer(c).awaitFailure().getErrorCode()).isEqualTo(ErrorCode.CHUNK_FENCED.number());
  }

  @Test
  void aSupersededLeaderCannotFence() throws Exception {
    TestWriter writer = writer(a);
    writer.send(5000);
    writer.awaitLength(5000);
    assertThat(fence(a, 2, 9).getValidLength()).isEqualTo(5000);
    try {
      fence(a, 3, 8);
      throw new AssertionError("fenced by an old leader");
    } catch (ExecutionException e) {
      assertThat(((CairnException) e.getCause()).code()).isEqualTo(ErrorCode.STALE_TERM);
    }
  }

  @Test
  void wrongOffsetsSequencesAndPacketsAfterCloseEndTheStream() throws Exception {
    TestWriter writer = writer(a);
    writer.send(1000);
    writer.awaitLength(1000);
    writer.send(
        PacketHeader.newBuilder()
            .setOffset(900)
            .setChecksums(TestWriter.checksums(content, 900, 1100))
            .build(),
        900,
        1100);
    assertThat(writer.refusal().code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertClosedAt(1000, a);

    TestWriter skips = new TestWriter(client, CHUNK + 1, 1, content, a);
    skips.stream()
        .send(
            PacketHeader.newBuilder().setSequence(2).build(),
            io.netty.buffer.Unpooled.EMPTY_BUFFER);
    assertThat(skips.refusal().code()).isEqualTo(ErrorCode.MALFORMED);

    TestWriter goesOn = new TestWriter(client, CHUNK + 2, 1, content, a);
    goesOn.send(10, PacketFlag.PACKET_CLOSE).send(20);
    ErrorCode code = null;
    try {
      goesOn.reply();
    } catch (ExecutionException e) {
      code = ((CairnException) e.getCause()).code();
    }
    assertThat(code).isIn(null, ErrorCode.MALFORMED);
  }

  @Test
  void garbageInPlaceOfHeadersIsRefused() throws Exception {
    TestWriter writer = writer(a);
    writer.awaitReady();
    writer.stream()
        .send(
            io.cairnfs.proto.dataserver.PacketAck.newBuilder()
                .setErrorMessage("not a header")
                .setSequence(1)
                .setLength(-1)
                .setFailedServer(3)
                .setErrorCode(77)
                .build(),
            io.netty.buffer.Unpooled.wrappedBuffer(new byte[100]));
    assertThat(writer.refusal().code()).isIn(ErrorCode.MALFORMED, ErrorCode.INVALID_ARGUMENT);
    assertClosedAt(0, a);
  }

  @Test
  void bytesThatDoNotMatchTheirChecksumsAreStoredNowhere() throws Exception {
    TestWriter writer = writer(a, b, c);
    writer.awaitReady();
    writer.send(
        PacketHeader.newBuilder().setChecksums(ByteString.copyFrom(new byte[4])).build(), 0, 1000);
    PacketAck failure = writer.awaitFailure();
    assertThat(failure.getErrorCode()).isEqualTo(ErrorCode.CHUNK_CORRUPT.number());
    assertClosedAt(0, a, b, c);
    assertThat(a.store.status(new ChunkId(CHUNK)).map(ReplicaStatus::length)).contains(0L);
  }

  @Test
  void aMemberWithoutSpaceIsNamedAndServesAgainWhenSpaceIsFreed() throws Exception {
    TransferServer small = server(14, TransferOptions.DEFAULT, new VolumeOptions(3 << 20, 0));
    TestWriter writer = writer(a, small);
    writer.send(1 << 20).send(2 << 20);
    writer.awaitLength(2 << 20);
    writer.send(3 << 20);
    PacketAck failure = writer.awaitFailure();
    assertThat(failure.getFailedServer()).isEqualTo(14);
    assertThat(failure.getErrorCode()).isEqualTo(ErrorCode.NO_SPACE.number());
    assertThat(failure.getLength()).isEqualTo(2 << 20);
    assertThat(read(small, 0, 2 << 20, 0)).hasSize(2 << 20);
    assertThat(new TestWriter(client, CHUNK + 1, 1, content, small).awaitFailure().getErrorCode())
        .isEqualTo(ErrorCode.NO_SPACE.number());
    small.store.delete(new ChunkId(CHUNK));
    TestWriter again = new TestWriter(client, CHUNK + 2, 1, content, small);
    again.send(1 << 20);
    again.awaitLength(1 << 20);
  }

  @Test
  void aVolumeThatCannotBeWrittenIsNamed() throws Exception {
    Path slots = directory.resolve("d12/v1/chunks");
    Files.delete(slots);
    Files.writeString(slots, "in the way");
    PacketAck failure = writer(a, b).awaitFailure();
    assertThat(failure.getFailedServer()).isEqualTo(b.id);
    assertThat(failure.getErrorCode()).isEqualTo(ErrorCode.VOLUME_FAILED.number());
    assertThat(failure.getErrorMessage()).contains(slots.toString());
  }

  /** A member that was registered before, so that only replicas are written at the gate. */
  private TransferServer gated(TransferOptions options, CountDownLatch gate) throws IOException {
    new TransferServer(15, directory.resolve("d15"), options, new VolumeOptions(0, 0)).close();
    TransferServer server =
        new TransferServer(
            15,
            directory.resolve("d15"),
            options,
            new VolumeOptions(0, 0),
            disk -> new GatedDisk(disk, gate));
    servers.add(server);
    return server;
  }

  @Test
  void aSlowDiskIsNotTakenForADeadMember() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    TransferServer slow = gated(TransferOptions.DEFAULT, gate);
    TestWriter writer = writer(a, slow);
    writer.send(5000);
    writer.awaitLength(5000);
    writer.send(9000, PacketFlag.PACKET_SYNC);
    int acks = writer.acks();
    writer.await(each -> each.acks() >= acks + 12);
    assertThat(writer.acknowledgedLength()).isEqualTo(5000);
    assertThat(read(slow, 0, 9000, 0)).isEqualTo(Arrays.copyOf(content, 5000));
    gate.countDown();
    writer.awaitLength(9000);
    writer.send(9000, PacketFlag.PACKET_CLOSE);
    assertThat(writer.reply().getLength()).isEqualTo(9000);
    slow.store.seal(new ChunkId(CHUNK), 9000, 2, 1);
    assertThat(read(slow, 0, 9000, 0)).isEqualTo(Arrays.copyOf(content, 9000));
  }

  @Test
  void aMemberWhoseDiskHangsNamesItself() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    TransferServer stuck =
        gated(TransferOptions.DEFAULT.withDiskTimeout(Duration.ofSeconds(2)), gate);
    TestWriter writer = writer(a, stuck);
    writer.awaitReady();
    writer.send(9000, PacketFlag.PACKET_SYNC);
    PacketAck failure = writer.awaitFailure();
    gate.countDown();
    assertThat(failure.getFailedServer()).isEqualTo(stuck.id);
    assertThat(failure.getErrorMessage()).contains("disk took more than 2000 ms");
  }

  @Test
  void aWriterFasterThanTheDiskIsHeldBack() throws Exception {
    TransferServer slow =
        server(14, TransferOptions.DEFAULT.withWindow(64 << 10), new VolumeOptions(0, 0));
    CountDownLatch gate = new CountDownLatch(1);
    TransferServer held = gated(TransferOptions.DEFAULT.withWindow(256 << 10), gate);
    TestWriter writer = writer(slow, held);
    writer.send(16 << 10, PacketFlag.PACKET_SYNC);
    for (int end = 256 << 10; end <= content.length; end += 256 << 10) {
      writer.send(end);
    }
    await(() -> held.metrics.values().get("dataserver.streams.bytes") >= 256 << 10);
    int acks = writer.acks();
    writer.await(each -> each.acks() >= acks + 4);
    assertThat(held.metrics.values().get("dataserver.streams.bytes"))
        .isLessThan(content.length / 2);
    gate.countDown();
    writer.awaitLength(content.length);
    assertThat(slow.metrics.values()).containsEntry("dataserver.streams.bytes", 0L);
  }

  @Test
  void anIdleStreamShowsLifeAndStaysOpen() throws Exception {
    TestWriter writer = writer(a, b, c);
    writer.awaitReady();
    int acks = writer.acks();
    writer.await(each -> each.acks() >= acks + 8);
    writer.send(1000);
    writer.awaitLength(1000);
  }

  @Test
  void aCorruptReplicaIsRefusedAndReported() throws Exception {
    TestWriter writer = writer(a);
    writer.send(100_000, PacketFlag.PACKET_CLOSE);
    assertThat(writer.reply().getLength()).isEqualTo(100_000);
    a.store.seal(new ChunkId(CHUNK), 100_000, 1, 1);
    Path file = dataFile(a);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {(byte) ~content[50_000]}), 4096 + 50_000);
    }
    assertThat(read(a, 0, 4096, 0)).hasSize(4096);
    try {
      read(a, 49_152, 4096, 0);
      throw new AssertionError("corrupt bytes were served");
    } catch (ExecutionException e) {
      assertThat(((CairnException) e.getCause()).code()).isEqualTo(ErrorCode.CHUNK_CORRUPT);
    }
    assertThat(a.store.badReplicas(10)).containsExactly(new ChunkId(CHUNK));
    VerifyChunkReply verified =
        client
            .call(
                a.address(),
                Method.VERIFY_CHUNK,
                VerifyChunkRequest.newBuilder().setChunk(CHUNK).setExpectedLength(100_000).build(),
                VerifyChunkReply.parser(),
                TIMEOUT)
            .get(15, TimeUnit.SECONDS);
    assertThat(verified.getExists()).isTrue();
    assertThat(verified.getGood()).isFalse();
    assertThat(verified.getProblem()).contains("cell at 49152");
  }

  private Path dataFile(TransferServer server) throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("d" + server.id))) {
      return files.filter(path -> path.toString().endsWith(".data")).findFirst().orElseThrow();
    }
  }

  @Test
  void aTruncatedReplicaIsRefused() throws Exception {
    TestWriter writer = writer(a);
    writer.send(100_000, PacketFlag.PACKET_CLOSE);
    assertThat(writer.reply().getLength()).isEqualTo(100_000);
    a.store.seal(new ChunkId(CHUNK), 100_000, 1, 1);
    try (FileChannel channel = FileChannel.open(dataFile(a), StandardOpenOption.WRITE)) {
      channel.truncate(50_000);
    }
    assertThat(readRefusal(a)).isEqualTo(ErrorCode.CHUNK_CORRUPT);
  }

  @Test
  void aReplicaThatIsTruncatedWhileItIsOpenIsRefusedAndKnownToBeBad() throws Exception {
    TestWriter writer = writer(a);
    writer.send(100_000, PacketFlag.PACKET_CLOSE);
    assertThat(writer.reply().getLength()).isEqualTo(100_000);
    a.store.seal(new ChunkId(CHUNK), 100_000, 1, 1);
    assertThat(read(a, 0, 100_000, 0)).hasSize(100_000);
    try (FileChannel channel = FileChannel.open(dataFile(a), StandardOpenOption.WRITE)) {
      channel.truncate(50_000);
    }
    assertThat(readRefusal(a)).isEqualTo(ErrorCode.CHUNK_CORRUPT);
    assertThat(a.store.badReplicas(10)).containsExactly(new ChunkId(CHUNK));
  }

  @Test
  void absentChunksAreToldApart() throws Exception {
    assertThat(readRefusal(a)).isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
    TestWriter writer = writer(a);
    writer.send(5000);
    writer.awaitLength(5000);
    ChunkStatusReply status =
        client
            .call(
                a.address(),
                Method.CHUNK_STATUS,
                ChunkStatusRequest.newBuilder().addChunks(CHUNK + 1).addChunks(CHUNK).build(),
                ChunkStatusReply.parser(),
                TIMEOUT)
            .get(15, TimeUnit.SECONDS);
    assertThat(status.getReplicas(0).getState()).isEqualTo(ReplicaState.REPLICA_STATE_UNSPECIFIED);
    assertThat(status.getReplicas(1).getState()).isEqualTo(ReplicaState.REPLICA_OPEN);
    assertThat(status.getReplicas(1).getLength()).isEqualTo(5000);
  }

  @Test
  void aReplicaWhoseStreamEndedCanStillBeSynced() throws Exception {
    TestWriter writer = writer(a);
    writer.send(5000);
    writer.awaitLength(5000);
    writer.stream().cancel();
    SyncChunkReply reply =
        client
            .call(
                a.address(),
                Method.SYNC_CHUNK,
                SyncChunkRequest.newBuilder().setChunk(CHUNK).setLength(5000).build(),
                SyncChunkReply.parser(),
                TIMEOUT)
            .get(15, TimeUnit.SECONDS);
    assertThat(reply.getLength()).isEqualTo(5000);
  }

  @Test
  void malformedRequestsAreRefused() throws Exception {
    TestWriter zero = new TestWriter(client, 0, 1, content, a);
    assertThat(zero.refusal().code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    try {
      call(a, ReadChunkRequest.newBuilder().setChunk(CHUNK).setLength(-1).build());
      throw new AssertionError("a read of 4 GiB was answered");
    } catch (ExecutionException e) {
      assertThat(((CairnException) e.getCause()).code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
  }
}
