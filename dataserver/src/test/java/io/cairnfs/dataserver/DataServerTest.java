package io.cairnfs.dataserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.dataserver.DataServerOptions.VolumeDirectory;
import io.cairnfs.dataserver.heartbeat.HeartbeatOptions;
import io.cairnfs.dataserver.heartbeat.HeartbeatService.Registration;
import io.cairnfs.dataserver.heartbeat.UpkeepOptions;
import io.cairnfs.dataserver.storage.VolumeOptions;
import io.cairnfs.dataserver.transfer.TransferOptions;
import io.cairnfs.proto.admin.LogLevelReply;
import io.cairnfs.proto.admin.LogLevelRequest;
import io.cairnfs.proto.admin.Metric;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.admin.MetricsRequest;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.admin.ServerStatusRequest;
import io.cairnfs.proto.dataserver.ChunkStatusReply;
import io.cairnfs.proto.dataserver.ChunkStatusRequest;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.FindingKind;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.ReconcileRequest;
import io.cairnfs.proto.dataserver.ReplicaFinding;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import io.cairnfs.proto.dataserver.ScrubReply;
import io.cairnfs.proto.dataserver.ScrubRequest;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryReply;
import io.cairnfs.proto.dataserver.Verdict;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ScrubStatus;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.client.StreamListener;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DataServerTest {
  private static final String CLUSTER = "cluster-1";
  private static final long CHUNK = ChunkId.of(0, 5, 1).value();
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @TempDir private Path directory;
  private final Queue<Throwable> fatal = new ConcurrentLinkedQueue<>();
  private final List<DataServer> running = new ArrayList<>();
  private RpcEventLoops loops;
  private RpcClient client;
  private FakeMetaserver metaserver;

  @BeforeEach
  void start() throws CairnException {
    loops = RpcEventLoops.create(2, "loops");
    PeerIdentity self = new PeerIdentity(CLUSTER, PeerRole.CLIENT, "u", "c1", "", "test");
    client = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self, new SystemClock());
    metaserver = new FakeMetaserver(loops, CLUSTER);
  }

  @AfterEach
  void stop() throws IOException {
    for (DataServer server : running) {
      server.close();
    }
    client.close();
    metaserver.close();
    loops.close();
    assertThat(fatal).isEmpty();
  }

  private DataServerOptions options(String name, Duration scrubPeriod, HostPort... metaservers) {
    return options(name, scrubPeriod, Duration.ofDays(7), metaservers);
  }

  private DataServerOptions options(
      String name, Duration scrubPeriod, Duration reconcilePeriod, HostPort... metaservers) {
    return new DataServerOptions(
        name,
        "127.0.0.1",
        0,
        Optional.empty(),
        SecurityMode.LOOPBACK_ONLY,
        directory.resolve(name),
        List.of(
            new VolumeDirectory(directory.resolve(name).resolve("v1"), new VolumeOptions(0, 0))),
        new HeartbeatOptions(
            name,
            "r1",
            List.of(metaservers),
            Duration.ofMillis(50),
            Duration.ofSeconds(2),
            1L << 30,
            1L << 30,
            new UpkeepOptions(scrubPeriod, 1L << 30, Duration.ofDays(7), 1L << 30, reconcilePeriod),
            ""),
        TransferOptions.DEFAULT,
        "");
  }

  private DataServer startServer(DataServerOptions options) throws CairnException {
    return startServer(options, new SystemClock());
  }

  private DataServer startServer(DataServerOptions options, Clock clock) throws CairnException {
    DataServer server =
        DataServer.start(
            options,
            loops,
            clock,
            new Random(options.name().hashCode()),
            (what, cause) -> fatal.add(cause),
            new MetricRegistry());
    running.add(server);
    return server;
  }

  private DataServer registered(String name) throws Exception {
    DataServer server = startServer(options(name, Duration.ZERO, metaserver.address()));
    assertThat(server.awaitRegistered(TIMEOUT)).isTrue();
    return server;
  }

  private void stop(DataServer server) throws IOException {
    running.remove(server);
    server.close();
  }

  /** Writes and closes a chunk of one replica. */
  private void write(DataServer server, long chunk, byte[] content) throws Exception {
    ClientStream stream =
        client.openStream(
            server.address(),
            Method.WRITE_CHUNK,
            WriteChunkRequest.newBuilder()
                .setChunk(chunk)
                .setEpoch(1)
                .setMaxLength(1 << 20)
                .build(),
            new StreamListener() {
              @Override
              public void onAck(ByteString message) {
                try {
                  assertThat(PacketAck.parseFrom(message).getErrorMessage()).isEmpty();
                } catch (InvalidProtocolBufferException e) {
                  throw new AssertionError(e);
                }
              }

              @Override
              public void onWritable() {}
            });
    ByteBuffer sums = ByteBuffer.allocate(4 * ((content.length + 4095) / 4096));
    for (int at = 0; at < content.length; at += 4096) {
      sums.putInt(Crc32c.of(content, at, Math.min(4096, content.length - at)));
    }
    stream.send(
        PacketHeader.newBuilder()
            .setSequence(1)
            .setFlags(PacketFlag.PACKET_CLOSE.getNumber())
            .setChecksums(ByteString.copyFrom(sums.flip()))
            .build(),
        Unpooled.wrappedBuffer(content));
    stream.finished().get(10, TimeUnit.SECONDS).release();
  }

  private <T extends MessageLite> T call(
      DataServer server, Method method, MessageLite request, Parser<T> reply) throws Exception {
    return client.call(server.address(), method, request, reply, TIMEOUT).get(15, TimeUnit.SECONDS);
  }

  private ReplicaReport status(DataServer server, long chunk) throws Exception {
    return call(
            server,
            Method.CHUNK_STATUS,
            ChunkStatusRequest.newBuilder().addChunks(chunk).build(),
            ChunkStatusReply.parser())
        .getReplicas(0);
  }

  private void awaitState(DataServer server, long chunk, ReplicaState state) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (status(server, chunk).getState() != state) {
      assertThat(System.nanoTime()).as("waited long enough").isLessThan(deadline);
    }
  }

  private static ServerHeartbeatReply verdict(long chunk, Verdict verdict, long length) {
    return ServerHeartbeatReply.newBuilder()
        .addVerdicts(
            ReplicaVerdict.newBuilder()
                .setChunk(chunk)
                .setVerdict(verdict)
                .setLength(length)
                .setEpoch(1)
                .setReplication(3))
        .build();
  }

  private static byte[] content(int length) {
    byte[] content = new byte[length];
    new Random(4).nextBytes(content);
    return content;
  }

  private DataServer withSealed(String name, int id, int length) throws Exception {
    DataServer server = registered(name);
    write(server, CHUNK, content(length));
    metaserver.order(id, verdict(CHUNK, Verdict.SEAL, length));
    awaitState(server, CHUNK, ReplicaState.REPLICA_SEALED);
    return server;
  }

  @Test
  void registersOnceAndKeepsItsIdentity() throws Exception {
    DataServer server = registered("d1");
    assertThat(metaserver.registrations.get(0).getServer()).isZero();
    assertThat(metaserver.registrations.get(0).getRack()).isEqualTo("r1");
    assertThat(metaserver.registrations.get(0).getPort()).isEqualTo(server.address().port());
    assertThat(metaserver.registrations.get(0).getVolumesCount()).isEqualTo(1);
    stop(server);
    registered("d1");
    assertThat(metaserver.registrations.get(1).getServer()).isEqualTo(100);
    assertThat(metaserver.registrations.get(1).getNonce())
        .isEqualTo(metaserver.registrations.get(0).getNonce());
    assertThat(metaserver.registrations.get(1).getVolumes(0).getVolume())
        .isEqualTo(metaserver.registrations.get(0).getVolumes(0).getVolume());
  }

  /** The system's clock, which a test may put forward. */
  private static final class AdvancingClock implements Clock {
    private final SystemClock system = new SystemClock();
    private final AtomicLong ahead = new AtomicLong();

    void advance(Duration time) {
      ahead.addAndGet(time.toNanos());
    }

    @Override
    public long monotonicNanos() {
      return system.monotonicNanos() + ahead.get();
    }

    @Override
    public long wallNanos() {
      return system.wallNanos() + ahead.get();
    }
  }

  @Test
  void heartbeatsTellHowLongTheDiskTookInTheLastMinute() throws Exception {
    AdvancingClock clock = new AdvancingClock();
    DataServer server = startServer(options("d1", Duration.ZERO, metaserver.address()), clock);
    assertThat(server.awaitRegistered(TIMEOUT)).isTrue();
    for (int i = 0; i < 60; i++) {
      write(server, CHUNK + i, content(100));
    }
    metaserver.await(fake -> !fake.heartbeats.isEmpty());
    assertThat(metaserver.lastHeartbeat().getVolumes(0).getWriteP99Micros()).isZero();
    clock.advance(Duration.ofMinutes(1));
    metaserver.await(fake -> fake.lastHeartbeat().getVolumes(0).getWriteP99Micros() > 0);
    clock.advance(Duration.ofMinutes(1));
    metaserver.await(fake -> fake.lastHeartbeat().getVolumes(0).getWriteP99Micros() == 0);
  }

  @Test
  void findsTheLeaderByTheHintOfAnother() throws Exception {
    try (FakeMetaserver follower = new FakeMetaserver(loops, CLUSTER)) {
      follower.followInsteadOf(metaserver.address());
      DataServer server =
          startServer(
              options("d1", Duration.ZERO, new HostPort("127.0.0.1", 1), follower.address()));
      assertThat(server.awaitRegistered(TIMEOUT)).isTrue();
      assertThat(follower.registrations).isEmpty();
      metaserver.await(each -> each.heartbeats.size() > 2);
    }
  }

  @Test
  void aServerOfAnotherClusterIsNotRegistered() throws Exception {
    stop(registered("d1"));
    try (FakeMetaserver other = new FakeMetaserver(loops, "cluster-2")) {
      DataServer server = startServer(options("d1", Duration.ZERO, other.address()));
      assertThat(server.awaitRegistered(Duration.ofSeconds(5))).isFalse();
      assertThat(server.registration()).isEqualTo(Registration.REFUSED);
    }
  }

  @Test
  void closedReplicasAreReportedAndSealedByVerdict() throws Exception {
    DataServer server = registered("d1");
    write(server, CHUNK, content(10_000));
    metaserver.await(
        each -> each.heartbeats.stream().anyMatch(beat -> beat.getUnsealedCount() == 1));
    ReplicaReport report =
        metaserver.heartbeats.stream()
            .filter(beat -> beat.getUnsealedCount() == 1)
            .findFirst()
            .orElseThrow()
            .getUnsealed(0);
    assertThat(report.getState()).isEqualTo(ReplicaState.REPLICA_CLOSED);
    assertThat(report.getLength()).isEqualTo(10_000);
    metaserver.order(100, verdict(CHUNK, Verdict.KEEP, 0));
    metaserver.order(100, verdict(CHUNK, Verdict.SEAL, 9000));
    awaitState(server, CHUNK, ReplicaState.REPLICA_SEALED);
    assertThat(status(server, CHUNK).getLength()).isEqualTo(9000);
    stop(server);
    registered("d1");
    RegisterServerRequestDigest.assertOne(metaserver.registrations.get(1), CHUNK, 9000);
  }

  /** What a registration says of one sealed chunk. */
  private static final class RegisterServerRequestDigest {
    static void assertOne(
        io.cairnfs.proto.dataserver.RegisterServerRequest request, long chunk, long length) {
      assertThat(request.getUnsealedCount()).isZero();
      assertThat(request.getDigestsList())
          .containsExactly(
              SlotDigest.newBuilder()
                  .setPool(0)
                  .setSlot(5)
                  .setReplication(3)
                  .setCount(1)
                  .setSum(io.cairnfs.common.checksum.ReplicaHash.of(chunk, length))
                  .build());
    }
  }

  @Test
  void aShortReplicaIsReportedAsBad() throws Exception {
    DataServer server = registered("d1");
    write(server, CHUNK, content(10_000));
    metaserver.order(100, verdict(CHUNK, Verdict.SEAL, 10_001));
    metaserver.await(each -> each.bad.contains(CHUNK));
    assertThat(status(server, CHUNK).getState()).isEqualTo(ReplicaState.REPLICA_CLOSED);
  }

  @Test
  void deadReplicasAreDeleted() throws Exception {
    DataServer server = registered("d1");
    write(server, CHUNK, content(10_000));
    metaserver.order(100, verdict(CHUNK, Verdict.DEAD, 0));
    awaitState(server, CHUNK, ReplicaState.REPLICA_STATE_UNSPECIFIED);
  }

  @Test
  void garbageIsDeletedAndThenReported() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    metaserver.order(100, ServerHeartbeatReply.newBuilder().addDeletes(CHUNK).build());
    metaserver.await(each -> each.deleted.contains(CHUNK));
    assertThat(status(server, CHUNK).getState()).isEqualTo(ReplicaState.REPLICA_STATE_UNSPECIFIED);
    metaserver.order(100, ServerHeartbeatReply.newBuilder().addDeletes(CHUNK).build());
    metaserver.await(each -> each.deleted.size() > 1);
  }

  @Test
  void aSupersededLeadersOrdersAreIgnored() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    metaserver.term(4);
    metaserver.order(100, ServerHeartbeatReply.newBuilder().addDeletes(CHUNK).build());
    int seen = metaserver.heartbeats.size();
    metaserver.await(each -> each.heartbeats.size() > seen + 3);
    assertThat(status(server, CHUNK).getState()).isEqualTo(ReplicaState.REPLICA_SEALED);
    assertThat(metaserver.deleted).isEmpty();
  }

  private static ServerHeartbeatReply copyFrom(DataServer source, long length) {
    return ServerHeartbeatReply.newBuilder()
        .addCopies(
            CopyTask.newBuilder()
                .setChunk(CHUNK)
                .setSince(77)
                .setLength(length)
                .setEpoch(1)
                .setReplication(3)
                .addSources(
                    Member.newBuilder()
                        .setServer(100)
                        .setHost(source.address().host())
                        .setPort(source.address().port())))
        .build();
  }

  @Test
  void aChunkIsCopiedFromItsSourceAndReported() throws Exception {
    DataServer source = withSealed("d1", 100, 300_000);
    DataServer target = registered("d2");
    metaserver.order(101, copyFrom(source, 300_000));
    metaserver.await(each -> !each.copied.isEmpty());
    assertThat(metaserver.copied.get(0).getErrorMessage()).isEmpty();
    assertThat(metaserver.copied.get(0).getSince()).isEqualTo(77);
    assertThat(metaserver.copied.get(0).getLength()).isEqualTo(300_000);
    assertThat(status(target, CHUNK).getState()).isEqualTo(ReplicaState.REPLICA_SEALED);
    metaserver.order(101, copyFrom(source, 300_000));
    metaserver.await(each -> each.copied.size() == 2);
    assertThat(metaserver.copied.get(1)).isEqualTo(metaserver.copied.get(0));
  }

  private static ServerHeartbeatReply keep(long chunk) {
    return ServerHeartbeatReply.newBuilder()
        .addCopies(
            CopyTask.newBuilder()
                .setChunk(chunk)
                .setSince(77)
                .setLength(300_000)
                .setEpoch(1)
                .setReplication(3))
        .build();
  }

  @Test
  void whatNobodyElseHasIsKeptIfItIsGood() throws Exception {
    withSealed("d1", 100, 300_000);
    metaserver.order(100, keep(CHUNK));
    metaserver.await(each -> !each.copied.isEmpty());
    assertThat(metaserver.copied.get(0).getErrorMessage()).isEmpty();
    assertThat(metaserver.copied.get(0).getSince()).isEqualTo(77);
    metaserver.order(100, keep(CHUNK + 1));
    metaserver.await(each -> each.copied.size() == 2);
    assertThat(metaserver.copied.get(1).getErrorCode())
        .isEqualTo(ErrorCode.CHUNK_NOT_FOUND.number());
  }

  @Test
  void whatNobodyElseHasIsNotKeptIfItIsCorrupt() throws Exception {
    withSealed("d1", 100, 300_000);
    flip("d1", 200_000);
    metaserver.order(100, keep(CHUNK));
    metaserver.await(each -> !each.copied.isEmpty());
    assertThat(metaserver.copied.get(0).getErrorCode()).isEqualTo(ErrorCode.CHUNK_CORRUPT.number());
  }

  @Test
  void aCopyIsNamedWhileItIsUnderWay() throws Exception {
    DataServer source = withSealed("d1", 100, 300_000);
    registered("d2");
    ServerHeartbeatReply order = copyFrom(source, 300_000);
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      ServerHeartbeatReply.Builder stuck = order.toBuilder();
      stuck.getCopiesBuilder(0).getSourcesBuilder(0).setPort(silent.getLocalPort());
      metaserver.order(101, stuck.build());
      metaserver.await(
          each -> each.heartbeats.stream().anyMatch(beat -> beat.getCopyingList().contains(CHUNK)));
    }
    metaserver.await(each -> !each.copied.isEmpty());
    metaserver.await(each -> last(each.heartbeats, 101).getCopyingCount() == 0);
  }

  private static ServerHeartbeatRequest last(List<ServerHeartbeatRequest> heartbeats, int server) {
    return heartbeats.stream()
        .filter(beat -> beat.getServer() == server)
        .reduce((a, b) -> b)
        .orElseThrow();
  }

  @Test
  void aCopyFromACorruptSourceIsRefusedAndTheSourceReportsItself() throws Exception {
    DataServer source = withSealed("d1", 100, 300_000);
    flip("d1", 200_000);
    registered("d2");
    metaserver.order(101, copyFrom(source, 300_000));
    metaserver.await(each -> !each.copied.isEmpty());
    assertThat(metaserver.copied.get(0).getErrorCode()).isEqualTo(ErrorCode.CHUNK_CORRUPT.number());
    metaserver.await(each -> each.bad.contains(CHUNK));
  }

  @Test
  void aCopyFromAServerThatIsGoneFails() throws Exception {
    DataServer source = withSealed("d1", 100, 300_000);
    registered("d2");
    ServerHeartbeatReply order = copyFrom(source, 300_000);
    stop(source);
    metaserver.order(101, order);
    metaserver.await(each -> !each.copied.isEmpty());
    assertThat(metaserver.copied.get(0).getErrorCode()).isEqualTo(ErrorCode.UNAVAILABLE.number());
  }

  @Test
  void theScrubberFindsAFlippedByte() throws Exception {
    stop(withSealed("d1", 100, 300_000));
    flip("d1", 123_456);
    startServer(options("d1", Duration.ofSeconds(1), metaserver.address()));
    metaserver.await(each -> each.bad.contains(CHUNK));
  }

  private ScrubReply scrub(DataServer server, boolean now) throws Exception {
    return call(
        server, Method.SCRUB, ScrubRequest.newBuilder().setNow(now).build(), ScrubReply.parser());
  }

  private ScrubReply awaitScrubbed(DataServer server, long replicas) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (true) {
      ScrubReply reply = scrub(server, false);
      if (!reply.getStatus().hasRound() && reply.getStatus().getLast().getReplicas() == replicas) {
        return reply;
      }
      assertThat(System.nanoTime()).as("waited long enough: %s", reply).isLessThan(deadline);
    }
  }

  @Test
  void anOperatorHasEverythingReadAtOnceAndSeesWhatBecameOfIt() throws Exception {
    DataServer source = withSealed("d1", 100, 300_000);
    DataServer server = registered("d2");
    metaserver.order(101, copyFrom(source, 300_000));
    awaitState(server, CHUNK, ReplicaState.REPLICA_SEALED);
    flip("d2", 123_456);
    assertThat(scrub(server, false).getStatus().hasRound()).isFalse();
    assertThat(scrub(server, true).getStatus().getHurried()).isTrue();
    ScrubReply found = awaitScrubbed(server, 1);
    assertThat(found.getStatus().getLast().getBad()).isEqualTo(1);
    assertThat(found.getStatus().getLast().getBytes()).isGreaterThan(300_000);
    assertThat(found.getBad(0).getChunk()).isEqualTo(CHUNK);
    assertThat(found.getBad(0).getProblem()).contains("cell at");
    metaserver.await(each -> each.bad.contains(CHUNK));
    metaserver.await(
        each -> each.heartbeats.stream().anyMatch(beat -> beat.getScrub().getLast().getBad() == 1));
    metaserver.order(101, copyFrom(source, 300_000));
    awaitState(server, CHUNK, ReplicaState.REPLICA_SEALED);
    ScrubReply repaired = scrub(server, false);
    assertThat(repaired.getBadCount()).isZero();
    assertThat(repaired.getQuarantined(0).getChunk()).isEqualTo(CHUNK);
    assertThat(Path.of(repaired.getQuarantined(0).getFile())).exists();
    assertThat(repaired.getStatus().getQuarantinedReplicas()).isEqualTo(1);
  }

  private ScrubStatus awaitRound(DataServer server) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (true) {
      ScrubStatus status = scrub(server, false).getStatus();
      if (status.hasRound() && status.getReplicasLeft() > 0) {
        return status;
      }
      assertThat(System.nanoTime()).as("waited long enough").isLessThan(deadline);
    }
  }

  @Test
  void aRoundGoesOnAfterARestart() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    for (long chunk = CHUNK + 1; chunk <= CHUNK + 2; chunk++) {
      write(server, chunk, content(5000));
      metaserver.order(100, verdict(chunk, Verdict.SEAL, 5000));
      awaitState(server, chunk, ReplicaState.REPLICA_SEALED);
    }
    stop(server);
    DataServer slow = startServer(options("d1", Duration.ofDays(7), metaserver.address()));
    ScrubStatus before = awaitRound(slow);
    assertThat(before.getExpectedEndMillis() - before.getRound().getStartedMillis())
        .isGreaterThan(Duration.ofDays(6).toMillis());
    stop(slow);
    DataServer again = startServer(options("d1", Duration.ofDays(7), metaserver.address()));
    ScrubStatus after = awaitRound(again);
    assertThat(after.getRound().getStartedMillis()).isEqualTo(before.getRound().getStartedMillis());
    assertThat(after.getRound().getReplicas()).isEqualTo(1);
    assertThat(after.getReplicasLeft()).isEqualTo(2);
  }

  private void flip(String name, long at) throws IOException {
    Path file;
    try (Stream<Path> files = Files.walk(directory.resolve(name))) {
      file = files.filter(path -> path.toString().endsWith(".data")).findFirst().orElseThrow();
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, 4096 + at);
      one.put(0, (byte) ~one.get(0)).flip();
      channel.write(one, 4096 + at);
    }
  }

  @Test
  void hazardA9ADigestThatDiffersIsAnsweredByAnInventory() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    stop(server);
    metaserver.mismatch(
        SlotDigest.newBuilder().setPool(0).setSlot(5).setReplication(3).build(),
        SlotInventoryReply.newBuilder()
            .addVerdicts(ReplicaVerdict.newBuilder().setChunk(CHUNK).setVerdict(Verdict.DEAD))
            .build());
    DataServer again = registered("d1");
    metaserver.await(each -> !each.inventories.isEmpty());
    assertThat(metaserver.inventories.get(0).getReplicas(0).getChunk()).isEqualTo(CHUNK);
    assertThat(metaserver.inventories.get(0).getLast()).isTrue();
    awaitState(again, CHUNK, ReplicaState.REPLICA_STATE_UNSPECIFIED);
  }

  @Test
  void hazardA9AReplicaThatIsNotSealedYetIsInTheInventory() throws Exception {
    DataServer server = registered("d1");
    write(server, CHUNK, content(5000));
    stop(server);
    metaserver.mismatch(
        SlotDigest.newBuilder().setPool(0).setSlot(5).setReplication(3).build(),
        SlotInventoryReply.newBuilder()
            .addVerdicts(verdict(CHUNK, Verdict.SEAL, 5000).getVerdicts(0))
            .build());
    DataServer again = registered("d1");
    metaserver.await(each -> !each.inventories.isEmpty());
    assertThat(metaserver.inventories.get(0).getReplicas(0).getChunk()).isEqualTo(CHUNK);
    assertThat(metaserver.inventories.get(0).getReplicas(0).getState())
        .isEqualTo(ReplicaState.REPLICA_CLOSED);
    awaitState(again, CHUNK, ReplicaState.REPLICA_SEALED);
  }

  private ReconcileReply reconcile(DataServer server, boolean now) throws Exception {
    return call(
        server,
        Method.RECONCILE,
        ReconcileRequest.newBuilder().setNow(now).build(),
        ReconcileReply.parser());
  }

  private ReconcileReply reconciled(DataServer server) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    ReconcileReply reply = reconcile(server, true);
    while (reply.getRunning()) {
      assertThat(System.nanoTime()).as("waited long enough").isLessThan(deadline);
      reply = reconcile(server, false);
    }
    return reply;
  }

  @Test
  void whatIsHeldIsComparedOnDemand() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    assertThat(reconcile(server, false).getStartedMillis()).isZero();
    SlotDigest other = SlotDigest.newBuilder().setPool(0).setSlot(5).setReplication(3).build();
    metaserver.mismatch(
        other, SlotInventoryReply.newBuilder().addMissing(CHUNK + 1).addStale(CHUNK).build());
    ReconcileReply found = reconciled(server);
    assertThat(found.getProblem()).isEmpty();
    assertThat(metaserver.compared.get(0).getServer()).isEqualTo(100);
    assertThat(metaserver.compared.get(0).getDigests(0).getCount()).isEqualTo(1);
    assertThat(metaserver.inventories.get(0).getReplicas(0).getChunk()).isEqualTo(CHUNK);
    assertThat(found.getReplicas()).isEqualTo(1);
    assertThat(found.getDiffering()).isEqualTo(1);
    assertThat(found.getMissing()).isEqualTo(1);
    assertThat(found.getStale()).isEqualTo(1);
    assertThat(found.getFindingsList())
        .extracting(ReplicaFinding::getKind)
        .containsExactly(FindingKind.FINDING_MISSING, FindingKind.FINDING_STALE);
  }

  @Test
  void whatIsHeldIsComparedOnceAPeriod() throws Exception {
    registered("d1");
    assertThat(metaserver.compared).isEmpty();
    DataServer often =
        startServer(options("d2", Duration.ZERO, Duration.ofMillis(100), metaserver.address()));
    metaserver.await(each -> each.compared.size() >= 2);
    assertThat(often.awaitRegistered(TIMEOUT)).isTrue();
    assertThat(metaserver.compared).allMatch(request -> request.getServer() == 101);
  }

  @Test
  void aFileThatVanishedIsNoticedByAComparison() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    try (Stream<Path> files = Files.walk(directory.resolve("d1"))) {
      Files.delete(
          files.filter(path -> path.toString().endsWith(".data")).findFirst().orElseThrow());
    }
    assertThat(status(server, CHUNK).getState()).isEqualTo(ReplicaState.REPLICA_SEALED);
    ReconcileReply found = reconciled(server);
    assertThat(found.getWithoutFiles()).isEqualTo(1);
    assertThat(found.getReplicas()).isZero();
    metaserver.await(each -> each.bad.contains(CHUNK));
  }

  @Test
  void aComparisonWithoutALeaderSaysWhy() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    metaserver.followInsteadOf(new HostPort("127.0.0.1", 1));
    assertThat(reconciled(server).getProblem()).isNotEmpty();
  }

  @Test
  void hazardA9AMissingVolumeStopsTheStart() throws Exception {
    stop(registered("d1"));
    try (Stream<Path> files = Files.walk(directory.resolve("d1/v1"))) {
      for (Path path : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
    assertThatThrownBy(() -> startServer(options("d1", Duration.ZERO, metaserver.address())))
        .isInstanceOf(CairnException.class)
        .hasMessageContaining("is missing or empty")
        .hasMessageContaining("--forget-volume");
  }

  @Test
  void aVolumeOfAnotherServerIsRefused() throws Exception {
    stop(registered("d1"));
    stop(registered("d2"));
    Files.delete(directory.resolve("d2/v1/VOLUME"));
    Files.copy(directory.resolve("d1/v1/VOLUME"), directory.resolve("d2/v1/VOLUME"));
    assertThatThrownBy(() -> startServer(options("d2", Duration.ZERO, metaserver.address())))
        .hasMessageContaining("belongs to server=100 of cluster " + CLUSTER)
        .hasMessageContaining("this is server=101");
  }

  @Test
  void twoProcessesOnOneVolumeAreRefused() throws Exception {
    registered("d1");
    assertThatThrownBy(() -> startServer(options("d1", Duration.ZERO, metaserver.address())))
        .hasMessageContaining("in use by another process");
  }

  @Test
  void registersAgainWhenTheLeaderSaysSo() throws Exception {
    registered("d1");
    metaserver.order(100, ServerHeartbeatReply.newBuilder().setRegister(true).build());
    metaserver.await(each -> each.registrations.size() == 2);
    assertThat(metaserver.registrations.get(1).getServer()).isEqualTo(100);
  }

  @Test
  void hazardB12AServerThatWasStruckOutComesBackAsANewOne() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    metaserver.strikeOut(100);
    metaserver.await(each -> each.heartbeats.stream().anyMatch(beat -> beat.getServer() == 101));
    assertThat(status(server, CHUNK).getState()).isEqualTo(ReplicaState.REPLICA_SEALED);
    stop(server);
    registered("d1");
    assertThat(metaserver.registrations.get(metaserver.registrations.size() - 1))
        .satisfies(
            last -> {
              assertThat(last.getServer()).isEqualTo(101);
              assertThat(last.getDigestsCount()).isEqualTo(1);
            });
  }

  @Test
  void operatorsSeeStatusMetricsAndLevels() throws Exception {
    DataServer server = withSealed("d1", 100, 5000);
    ServerStatusReply status =
        call(
            server,
            Method.SERVER_STATUS,
            ServerStatusRequest.getDefaultInstance(),
            ServerStatusReply.parser());
    assertThat(status.getRole()).isEqualTo("dataserver");
    assertThat(status.getState()).isEqualTo("UP");
    assertThat(status.getClusterId()).isEqualTo(CLUSTER);
    assertThat(status.getUsedBytes()).isGreaterThan(5000);
    MetricsReply metrics =
        call(server, Method.METRICS, MetricsRequest.getDefaultInstance(), MetricsReply.parser());
    assertThat(metrics.getMetricsList())
        .contains(Metric.newBuilder().setName("dataserver.replicas.sealed").setValue(1).build());
    LogLevelReply level =
        call(
            server,
            Method.LOG_LEVEL,
            LogLevelRequest.newBuilder().setLogger("io.cairnfs.x").setLevel("DEBUG").build(),
            LogLevelReply.parser());
    assertThat(level.getLevel()).isEqualTo("DEBUG");
  }
}
