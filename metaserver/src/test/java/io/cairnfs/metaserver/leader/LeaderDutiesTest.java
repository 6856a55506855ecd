package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.GarbageTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotJoin;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.leader.LeaderRig.Writing;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.ExpireSession;
import io.cairnfs.proto.command.PipelineChoice;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.dataserver.CompareDigestsReply;
import io.cairnfs.proto.dataserver.CompareDigestsRequest;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.FenceChunkReply;
import io.cairnfs.proto.dataserver.RegisterServerReply;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryReply;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import io.cairnfs.proto.dataserver.Verdict;
import io.cairnfs.proto.dataserver.VerifyChunkReply;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.metadata.SetStoragePolicy;
import io.cairnfs.proto.metadata.SlowPart;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The leader's duties as data servers and clients meet them, by RPC. */
final class LeaderDutiesTest {
  private static final long LENGTH = 10_000;

  private LeaderRig rig;

  @BeforeEach
  void start() throws Exception {
    rig = new LeaderRig();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private static ReplicaReport report(long chunk, ReplicaState state, long length) {
    return ReplicaReport.newBuilder().setChunk(chunk).setState(state).setLength(length).build();
  }

  @Test
  void whoDoesNotLeadRefuses() throws Exception {
    assertThatThrownBy(() -> rig.register(rig.registration(1)))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_LEADER));
    rig.started();
    rig.log.depose();
    assertThatThrownBy(() -> rig.heartbeat(rig.sign(1)))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_LEADER));
  }

  @Test
  void serversRegisterAndGetChunksUntilTheyFallSilent() throws Exception {
    rig.started();
    assertThat(rig.register(rig.registration(2)))
        .satisfies(
            again -> {
              assertThat(again.getServer()).isEqualTo(2);
              assertThat(again.getClusterId()).isEqualTo("c1");
              assertThat(again.getTerm()).isEqualTo(7);
              assertThat(again.getHeartbeatMillis()).isPositive();
            });
    rig.clock.advance(Duration.ofSeconds(4));
    rig.heartbeat(rig.sign(1));
    rig.heartbeat(rig.sign(3));
    rig.await(() -> rig.canStamp(2));
    assertThat(rig.stamp(4).getPipelinesList())
        .allSatisfy(choice -> assertThat(choice.getServersList()).doesNotContain(2));
    rig.clock.advance(Duration.ofSeconds(4));
    rig.await(() -> rig.canStamp(0));
    assertThatThrownBy(() -> rig.stamp(1)).hasMessageContaining("d1, d2, d3");
    rig.heartbeats();
    rig.await(() -> rig.canStamp(3));
  }

  @Test
  void moreThanTheClusterHasRoomForCannotBeAllocated() throws Exception {
    rig.started();
    long inode = rig.sealed("/f", 1_000).inode();
    // Three servers of 1 TiB for three replicas.
    AllocateRange.Builder range =
        AllocateRange.newBuilder().setFile(FileRef.newBuilder().setInode(inode));
    rig.duties.allocation().requireSpace(range.setOffset(0).setLength(1L << 40).build());
    rig.duties.allocation().requireSpace(range.setOffset(1_000).setLength(1L << 40).build());
    rig.duties.allocation().requireSpace(range.setOffset(5_000).setLength(1L << 40).build());
    assertNoSpace(range.setOffset(1_000).setLength((1L << 40) + 1));
    assertNoSpace(range.setOffset(0).setLength((1L << 40) + 1_001));
    assertNoSpace(range.setOffset(0).setLength(Long.MAX_VALUE));
    // Who does not know the servers yet refuses nothing.
    rig.log.lead(8);
    rig.turn();
    rig.duties.allocation().requireSpace(range.build());
  }

  private void assertNoSpace(AllocateRange.Builder range) {
    assertThatThrownBy(() -> rig.duties.allocation().requireSpace(range.build()))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
  }

  @Test
  void anOperatorsCommandIsFollowedAtOnce() throws Exception {
    rig.started();
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder().setServer(2).setMembership(ServerMembership.OUT)));
    rig.await(() -> rig.canStamp(2));
    assertThat(rig.stamp(4).getPipelinesList())
        .allSatisfy(choice -> assertThat(choice.getServersList()).containsOnly(1, 3));
    assertThat(rig.heartbeat(rig.sign(2)).getRegister()).isTrue();
  }

  @Test
  void anAbsurdReplicationCostsNothing() throws Exception {
    rig.started();
    for (int replication : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
      Command.Builder command = Command.newBuilder();
      rig.duties
          .allocation()
          .stamp(
              command, Allocate.newBuilder().setCount(1).setReplication(replication).build(), "");
      assertThat(command.getPipelines(0).getServersCount()).isBetween(1, 3);
    }
  }

  @Test
  void fullServersMeanNoSpace() throws Exception {
    rig.started();
    for (int server = 1; server <= 3; server++) {
      rig.heartbeat(rig.sign(server).clearVolumes().addVolumes(LeaderRig.volume(server, 1000)));
    }
    rig.await(() -> rig.canStamp(0));
    assertThatThrownBy(() -> rig.stamp(1))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
  }

  private static VolumeStatus ssd(int server, long available) {
    return LeaderRig.volume(server, available).toBuilder()
        .setVolume("s" + server)
        .setStorageClass(StorageClass.SSD.number())
        .build();
  }

  private int chosenPool(long inode) throws CairnException {
    Command.Builder command = Command.newBuilder();
    rig.duties
        .allocation()
        .stamp(command, Allocate.newBuilder().setCount(1).setInode(inode).build(), "");
    assertThat(command.getPipelines(0).getServersCount()).isEqualTo(3);
    return command.getChosenPool();
  }

  private boolean choosesPool(long inode, int pool) {
    try {
      return chosenPool(inode) == pool;
    } catch (CairnException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void filesGoToThePoolOfTheirPolicyWhileEnoughServersCanTakeThem() throws Exception {
    rig.started();
    long inode = rig.sealed("/f", 1_000).inode();
    int pool = PoolId.replicated(StorageClass.SSD).value();
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetStoragePolicy(
                SetStoragePolicy.newBuilder()
                    .setTarget(TestCluster.path("/"))
                    .setPolicy("ALL_SSD")));
    assertThat(chosenPool(inode)).isZero();
    for (int server = 1; server <= 3; server++) {
      var unused = rig.register(rig.registration(server).addVolumes(ssd(server, 1L << 40)));
      rig.heartbeat(rig.sign(server).addVolumes(ssd(server, 1L << 40)));
    }
    rig.await(() -> choosesPool(inode, pool));
    // Chunks of many small files are nobody's.
    assertThat(rig.stamp(1).getChosenPool()).isZero();
    // The class is full on one of them, which has room elsewhere.
    rig.heartbeat(rig.sign(2).addVolumes(ssd(2, 1000)));
    rig.await(() -> choosesPool(inode, 0));
    rig.heartbeat(rig.sign(2).addVolumes(ssd(2, 1L << 40)));
    rig.await(() -> choosesPool(inode, pool));
  }

  @Test
  void aServerThatIsRegisteredAndWasNotHeardYetIsNotFull() throws Exception {
    rig.log.lead(7);
    assertThat(rig.register(rig.registration(1)).getServer()).isEqualTo(1);
    for (int server = 2; server <= 3; server++) {
      // As between the command and what its leader notes behind it.
      rig.run(
          Proposals.command()
              .setRegisterServer(
                  RegisterServer.newBuilder()
                      .setNonce(ByteString.copyFromUtf8("nonce-" + server))
                      .setName("d" + server)
                      .setHost("127.0.0.1")
                      .setPort(server)
                      .setRack("r")
                      .addVolumes("v" + server)));
    }
    // As long as the leader has not seen them, the first server is all there is, and enough.
    rig.await(() -> refusal().filter(e -> e.getMessage().contains("d2, d3")).isPresent());
    assertThat(refusal().orElseThrow().code()).isEqualTo(ErrorCode.TOO_FEW_SERVERS);
  }

  private Optional<CairnException> refusal() {
    return Optional.ofNullable(catchThrowableOfType(CairnException.class, () -> rig.stamp(1)));
  }

  @Test
  void aSecondServerOfOneIdentityIsRefusedWhileTheFirstMayBeUp() throws Exception {
    rig.started();
    assertThatThrownBy(() -> rig.register(rig.registration(2).setServer(2).setPort(1)))
        .isInstanceOfSatisfying(
            CairnException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
              assertThat(e)
                  .hasMessageContaining(
                      "server=2 lives at 127.0.0.1:" + rig.registration(2).getPort());
            });
    assertThat(rig.register(rig.registration(2).setServer(2)).getServer()).isEqualTo(2);
    // The first is gone: it is the same one, elsewhere.
    rig.clock.advance(Duration.ofSeconds(11));
    assertThat(rig.register(rig.registration(2).setServer(2).setPort(1)).getServer()).isEqualTo(2);
    assertThatThrownBy(() -> rig.register(rig.registration(2).setServer(2)))
        .hasMessageContaining("server=2 lives at 127.0.0.1:1");
  }

  @Test
  void aMaintenanceHasTheLeaderLogTheTimeAndEndsByIt() throws Exception {
    rig.started();
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder()
                    .setServer(2)
                    .setMembership(ServerMembership.MAINTENANCE)
                    .setMaintenanceMillis(600_000)));
    rig.await(() -> rig.canStamp(2));
    rig.turn();
    // Silent for longer than the time-out: not struck out, neither before its end nor by it.
    for (int minute = 0; minute < 9; minute++) {
      rig.clock.advance(Duration.ofMinutes(1));
      rig.heartbeat(rig.sign(1));
      rig.heartbeat(rig.sign(3));
      rig.turn();
    }
    assertThat(rig.membership(2)).isEqualTo(ServerMembership.MAINTENANCE);
    rig.clock.advance(Duration.ofMinutes(2));
    rig.await(() -> rig.membership(2) == ServerMembership.IN);
    assertThat(rig.heartbeat(rig.sign(2)).getRegister()).isFalse();
    rig.heartbeats();
    rig.await(() -> rig.canStamp(3));
  }

  /** Heartbeats for a while, in which forces on the second server's volume take so long. */
  private void heartbeats(Duration time, long slowMicros) throws Exception {
    Duration step = Duration.ofSeconds(2);
    for (Duration past = Duration.ZERO; past.compareTo(time) < 0; past = past.plus(step)) {
      rig.clock.advance(step);
      for (int server = 1; server <= 4; server++) {
        ServerHeartbeatRequest.Builder sign = rig.sign(server);
        sign.getVolumesBuilder(0).setForceP99Micros(server == 2 ? slowMicros : 9_000);
        rig.heartbeat(sign);
      }
      rig.turn();
    }
  }

  /** Of a thousand new chunks with three replicas on four servers, how many the second gets. */
  private int chunksOfTheSecond() throws CairnException {
    int chunks = 0;
    for (int i = 0; i < 100; i++) {
      for (PipelineChoice choice : rig.stamp(10).getPipelinesList()) {
        assertThat(choice.getServersList()).hasSize(3);
        chunks += choice.getServersList().contains(2) ? 1 : 0;
      }
    }
    return chunks;
  }

  private ServerReport reportOfTheSecond() throws CairnException {
    return rig.report().getServersList().stream()
        .filter(server -> server.getMember().getServer() == 2)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aSlowServerGetsFewerChunksIsReadLastAndIsNamed() throws Exception {
    rig.started();
    rig.addServer(4);
    rig.await(() -> rig.read(Counter.SLOTS_MOVING::in) == 0);
    rig.turn();
    List<Long> chunks = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      chunks.add(rig.sealed("/f" + i, LENGTH).chunk().getChunk());
    }
    Set<Integer> first = new TreeSet<>();
    for (long chunk : chunks) {
      first.add(rig.readersOrder(chunk, "").get(0));
    }
    assertThat(first).contains(2);
    assertThat(chunksOfTheSecond()).isBetween(700, 800);

    heartbeats(Duration.ofSeconds(150), 700_000);
    assertThat(reportOfTheSecond().getSlow()).isFalse();
    heartbeats(Duration.ofSeconds(40), 700_000);
    assertThat(reportOfTheSecond().getSlow()).isTrue();
    assertThat(reportOfTheSecond().getSlowPartsList())
        .containsExactly(
            SlowPart.newBuilder()
                .setKind(SlowPart.Kind.FORCES)
                .setVolume("v2")
                .setP99Micros(700_000)
                .setOthersMedianMicros(9_000)
                .build());
    // 9 of 16: where both slots that are compared have it.
    assertThat(chunksOfTheSecond()).isBetween(500, 620);
    for (long chunk : chunks) {
      List<Integer> order = rig.readersOrder(chunk, "");
      assertThat(order).hasSize(3);
      assertThat(order.subList(0, 2)).doesNotContain(2);
    }

    heartbeats(Duration.ofSeconds(250), 9_000);
    assertThat(reportOfTheSecond().getSlow()).isFalse();
    assertThat(chunksOfTheSecond()).isBetween(700, 800);
  }

  @Test
  void anUnknownServerIsToldToRegister() throws Exception {
    rig.started();
    assertThat(rig.heartbeat(rig.sign(9)).getRegister()).isTrue();
    assertThat(rig.heartbeat(rig.sign(1)).getRegister()).isFalse();
  }

  @Test
  void aNewTermGivesEveryServerItsTime() throws Exception {
    rig.started();
    rig.clock.advance(Duration.ofMinutes(4));
    rig.await(() -> rig.canStamp(0));
    rig.log.depose();
    rig.log.lead(8);
    rig.await(() -> rig.canStamp(3));
    rig.clock.advance(Duration.ofMinutes(4));
    rig.await(() -> rig.canStamp(0));
    assertThat(rig.heartbeat(rig.sign(1)).getRegister()).isFalse();
  }

  @Test
  void spaceIsToldWhenAllHaveSpokenWhoMay() throws Exception {
    rig.started();
    assertThat(rig.space().getCapacityBytes()).isEqualTo(3L << 40);
    rig.log.depose();
    rig.log.lead(8);
    rig.await(() -> rig.canStamp(3));
    rig.heartbeat(rig.sign(1));
    rig.heartbeat(rig.sign(2));
    assertThatThrownBy(rig::space)
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BUSY));
    rig.clock.advance(Duration.ofSeconds(4));
    assertThat(rig.space().getCapacityBytes()).isEqualTo(2L << 40);
    rig.heartbeat(rig.sign(3));
    assertThat(rig.space().getCapacityBytes()).isEqualTo(3L << 40);
  }

  @Test
  void noServerIsStruckOutWhileTooFewWouldRemain() throws Exception {
    rig.started();
    rig.clock.advance(Duration.ofMinutes(6));
    rig.heartbeat(rig.sign(1));
    rig.heartbeat(rig.sign(2));
    rig.await(() -> rig.canStamp(2));
    // A slot needs three servers and there are only two others.
    rig.turn();
    assertThat(rig.heartbeat(rig.sign(3)).getRegister()).isFalse();
  }

  @Test
  void twoThatAreDownAtOnceAreStruckOutWhereOneReplicaIsLeft() throws Exception {
    rig.started();
    for (int server = 4; server <= 5; server++) {
      registerFurther(server);
    }
    rig.await(() -> rig.read(Counter.SLOTS_MOVING::in) == 0);
    rig.clock.advance(Duration.ofSeconds(11));
    for (int server = 1; server <= 3; server++) {
      rig.heartbeat(rig.sign(server));
    }
    rig.await(
        () ->
            rig.read(ServerTable::all).stream()
                .filter(ServerRecord::isOut)
                .map(ServerRecord::id)
                .toList()
                .equals(List.of(4, 5)));
    assertThat(rig.heartbeat(rig.sign(4)).getRegister()).isTrue();
  }

  private void registerFurther(int server) throws Exception {
    rig.register(
        rig.registration(1)
            .setNonce(ByteString.copyFromUtf8("nonce-" + server))
            .setName("d" + server)
            .clearVolumes()
            .addVolumes(LeaderRig.volume(server, 1L << 40)));
  }

  @Test
  void aServerThatIsNearlyFullGetsASmallerShare() throws Exception {
    rig.started();
    registerFurther(4);
    rig.await(() -> rig.read(Counter.SLOTS_MOVING::in) == 0);
    rig.clock.advance(Duration.ofSeconds(31));
    for (int server = 1; server <= 4; server++) {
      rig.heartbeat(
          rig.sign(server)
              .clearVolumes()
              .addVolumes(LeaderRig.volume(server, server == 4 ? 1L << 35 : 1L << 39)));
    }
    rig.await(() -> weightOf(4) == 90);
    assertThat(weightOf(1)).isEqualTo(100);
    // One step, and the next one later.
    rig.await(() -> rig.read(Counter.SLOTS_MOVING::in) == 0);
    rig.turn();
    assertThat(weightOf(4)).isEqualTo(90);
  }

  private int weightOf(int server) {
    return rig.read(view -> ServerTable.find(view, server).orElseThrow().weight());
  }

  @Test
  void theChunkOfADeadWriterIsFencedSettledAndOnlyThenSealed() throws Exception {
    rig.started();
    Writing file = rig.write("/f");
    rig.commit(file, LENGTH, false);
    long chunk = file.chunk().getChunk();
    ReplicaReport silent = report(chunk, ReplicaState.REPLICA_CLOSED, LENGTH + 50);
    rig.run(
        Command.newBuilder()
            .setExpireSession(
                ExpireSession.newBuilder().setSession(rig.cluster.session(TestCluster.ROOT_USER))));
    assertThat(rig.chunk(chunk).orElseThrow().isSettling()).isTrue();
    ReplicaVerdict before = rig.heartbeat(rig.sign(1).addUnsealed(silent)).getVerdicts(0);
    assertThat(before.getVerdict()).isEqualTo(Verdict.KEEP);
    // A member that restarted is not enough; one that did not is, even if it has less.
    rig.servers.get(0).fenceAnswer =
        FenceChunkReply.newBuilder().setExists(true).setValidLength(LENGTH + 50).build();
    rig.await(() -> rig.servers.get(0).fences.size() > 2);
    assertThat(rig.chunk(chunk).orElseThrow().isSettling()).isTrue();
    rig.servers.get(1).fenceAnswer =
        FenceChunkReply.newBuilder()
            .setExists(true)
            .setContinuous(true)
            .setValidLength(LENGTH + 20)
            .build();
    rig.await(() -> rig.chunk(chunk).orElseThrow().isSealed());
    assertThat(rig.chunk(chunk).orElseThrow().length()).isEqualTo(LENGTH + 50);
    assertThat(rig.cluster.attributes("/f").getLength()).isEqualTo(LENGTH + 50);
    assertThat(rig.servers.get(0).fences)
        .allSatisfy(
            fence -> {
              assertThat(fence.getTerm()).isEqualTo(7);
              assertThat(fence.getEpoch()).isEqualTo(2);
            });
    assertThat(rig.lacks(1, chunk)).isFalse();
    assertThat(rig.lacks(2, chunk)).isTrue();
    assertThat(rig.lacks(3, chunk)).isTrue();
    ReplicaVerdict after = rig.heartbeat(rig.sign(1).addUnsealed(silent)).getVerdicts(0);
    assertThat(after.getVerdict()).isEqualTo(Verdict.SEAL);
    assertThat(after.getLength()).isEqualTo(LENGTH + 50);
  }

  @Test
  void aChunkIsNeverSettledBelowItsCommittedLength() throws Exception {
    rig.started();
    Writing file = rig.write("/f");
    rig.commit(file, LENGTH, false);
    long chunk = file.chunk().getChunk();
    for (FakeDataServer server : rig.servers) {
      server.fenceAnswer =
          FenceChunkReply.newBuilder()
              .setExists(true)
              .setContinuous(true)
              .setValidLength(LENGTH - 1)
              .build();
    }
    rig.run(
        Command.newBuilder()
            .setExpireSession(
                ExpireSession.newBuilder().setSession(rig.cluster.session(TestCluster.ROOT_USER))));
    rig.await(() -> rig.servers.get(0).fences.size() > 2);
    assertThat(rig.chunk(chunk).orElseThrow().isSettling()).isTrue();
    rig.servers.get(2).fenceAnswer =
        FenceChunkReply.newBuilder().setExists(true).setValidLength(LENGTH).build();
    rig.await(() -> rig.chunk(chunk).orElseThrow().isSealed());
    assertThat(rig.chunk(chunk).orElseThrow().length()).isEqualTo(LENGTH);
  }

  private void reportBad(long chunk, int server) throws Exception {
    rig.call(
        Method.REPORT_BAD_REPLICA,
        ReportBadReplicaRequest.newBuilder()
            .setChunk(chunk)
            .setServer(server)
            .setProblem("checksum")
            .build(),
        ReportBadReplicaReply.parser());
  }

  @Test
  void aClientIsBelievedOnlyWhenTheServerAgrees() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    FakeDataServer server = rig.servers.get(1);
    server.verifyAnswer =
        VerifyChunkReply.newBuilder().setExists(true).setGood(true).setLength(LENGTH).build();
    reportBad(chunk, 2);
    rig.await(() -> server.verifications.get() == 1);
    server.verifyAnswer = VerifyChunkReply.newBuilder().setExists(true).build();
    rig.await(
        () -> {
          reportBad(chunk, 2);
          return rig.lacks(2, chunk);
        });
    assertThat(server.verifications.get()).isEqualTo(2);
    reportBad(chunk, 9);
    reportBad(77, 1);
    assertThat(rig.lacks(1, chunk)).isFalse();
  }

  @Test
  void aMissingReplicaIsCopiedOnceAndTheEntryGoesWithTheReport() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    ServerHeartbeatReply reply = rig.heartbeat(rig.sign(3).addBadReplicas(chunk));
    assertThat(rig.lacks(3, chunk)).isTrue();
    assertThat(reply.getCopiesCount()).isEqualTo(1);
    CopyTask task = reply.getCopies(0);
    assertThat(task.getChunk()).isEqualTo(chunk);
    assertThat(task.getLength()).isEqualTo(LENGTH);
    assertThat(task.getSourcesList().stream().map(Member::getServer))
        .containsExactlyInAnyOrder(1, 2);
    // Handed out already, and found again by the server meanwhile: neither another task nor entry.
    assertThat(rig.heartbeat(rig.sign(3).addBadReplicas(chunk).addCopying(chunk)).getCopiesCount())
        .isZero();
    CopyResult done =
        CopyResult.newBuilder().setChunk(chunk).setSince(task.getSince()).setLength(LENGTH).build();
    CopyResult failed = done.toBuilder().setErrorCode(ErrorCode.IO_ERROR.number()).build();
    assertThat(rig.heartbeat(rig.sign(3).addCopied(failed)).getCopiesCount()).isZero();
    assertThat(rig.lacks(3, chunk)).isTrue();
    rig.clock.advance(Duration.ofSeconds(11));
    assertThat(rig.heartbeat(rig.sign(1)).getCopiesCount()).isZero();
    assertThat(rig.heartbeat(rig.sign(2)).getCopiesCount()).isZero();
    assertThat(rig.heartbeat(rig.sign(3)).getCopiesCount()).isEqualTo(1);
    assertThat(rig.heartbeat(rig.sign(3).addCopied(done)).getCopiesCount()).isZero();
    assertThat(rig.lacks(3, chunk)).isFalse();
  }

  @Test
  void aNewLeaderGoesOnWithTheCopiesThatAreUnderWay() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    CopyTask task = rig.heartbeat(rig.sign(3).addBadReplicas(chunk)).getCopies(0);
    rig.log.lead(8);
    assertThat(rig.heartbeat(rig.sign(1)).getTerm()).isEqualTo(8);
    assertThat(rig.heartbeat(rig.sign(2)).getTerm()).isEqualTo(8);
    assertThat(rig.heartbeat(rig.sign(3).addCopying(chunk)).getCopiesList()).isEmpty();
    // What the former leader said never arrived.
    assertThat(rig.heartbeat(rig.sign(3)).getCopiesList()).containsExactly(task);
    CopyResult done =
        CopyResult.newBuilder().setChunk(chunk).setSince(task.getSince()).setLength(LENGTH).build();
    assertThat(rig.heartbeat(rig.sign(3).addCopied(done)).getCopiesList()).isEmpty();
    assertThat(rig.lacks(3, chunk)).isFalse();
  }

  @Test
  void aCopyThatTheServerKnowsNothingOfIsHandedOutAgainAtOnce() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    CopyTask task = rig.heartbeat(rig.sign(3).addBadReplicas(chunk)).getCopies(0);
    // The answer was lost, or the server was busy with the chunk.
    assertThat(rig.heartbeat(rig.sign(3)).getCopiesList()).containsExactly(task);
    assertThat(rig.heartbeat(rig.sign(3).addCopying(chunk)).getCopiesCount()).isZero();
    assertThat(rig.heartbeat(rig.sign(3)).getCopiesList()).containsExactly(task);
  }

  @Test
  void aServerThatLostAReplicaIsFoundByItsDigest() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    ChunkId id = new ChunkId(chunk);
    SlotDigest whole =
        SlotDigest.newBuilder()
            .setPool(id.pool())
            .setSlot(id.slot())
            .setReplication(3)
            .setSum(ReplicaHash.of(chunk, LENGTH))
            .setCount(1)
            .build();
    assertThat(rig.register(rig.registration(1).addDigests(whole)).getMismatchesList()).isEmpty();
    assertThat(rig.register(rig.registration(1)).getMismatchesList()).containsExactly(whole);
  }

  /** The power took a whole replica that was not synced, and nobody has sealed the chunk yet. */
  @Test
  void aServerThatComesWithoutItsOpenReplicaIsNoHolder() throws Exception {
    rig.started();
    Writing file = rig.write("/f");
    rig.commit(file, LENGTH, false);
    long chunk = file.chunk().getChunk();
    long uncommitted = rig.write("/g").chunk().getChunk();
    rig.register(rig.registration(1));
    assertThat(rig.lacks(1, chunk)).isTrue();
    assertThat(rig.lacks(1, uncommitted)).isTrue();
    rig.register(
        rig.registration(2)
            .addUnsealed(report(chunk, ReplicaState.REPLICA_CLOSED, LENGTH))
            .addUnsealed(report(uncommitted, ReplicaState.REPLICA_CLOSED, 0)));
    rig.register(
        rig.registration(3).addUnsealed(report(chunk, ReplicaState.REPLICA_CLOSED, LENGTH - 1)));
    assertThat(rig.lacks(2, chunk)).isFalse();
    assertThat(rig.lacks(2, uncommitted)).isFalse();
    assertThat(rig.lacks(3, chunk)).isTrue();
    long since = rig.read(view -> RepairTable.since(view, new ChunkId(chunk), 1).orElseThrow());
    rig.register(rig.registration(1));
    long again = rig.read(view -> RepairTable.since(view, new ChunkId(chunk), 1).orElseThrow());
    assertThat(again).as("known already").isEqualTo(since);
  }

  @Test
  void whatAServerBringsAlongAsANewOneIsAskedFor() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    ChunkId id = new ChunkId(chunk);
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder().setServer(2).setMembership(ServerMembership.OUT)));
    RegisterServerReply reply =
        rig.register(
            rig.registration(2)
                .setNonce(ByteString.copyFromUtf8("another nonce"))
                .addDigests(
                    SlotDigest.newBuilder()
                        .setPool(id.pool())
                        .setSlot(id.slot())
                        .setReplication(3)
                        .setSum(ReplicaHash.of(chunk, LENGTH))
                        .setCount(1)));
    assertThat(reply.getMismatchesList())
        .extracting(SlotDigest::getSlot)
        .containsExactly(id.slot());
    int reborn = reply.getServer();
    assertThat(reborn).isEqualTo(4);
    rig.call(
        Method.SLOT_INVENTORY,
        emptyInventory(reborn, id).toBuilder()
            .addReplicas(report(chunk, ReplicaState.REPLICA_SEALED, LENGTH))
            .build(),
        SlotInventoryReply.parser());
    boolean known = rig.read(view -> GarbageTable.isGoodHolder(view, id, reborn));
    assertThat(known).isTrue();
  }

  @Test
  void aReplicaThatIsSealedLateAtANewServerIsKnown() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder().setServer(2).setMembership(ServerMembership.OUT)));
    int reborn =
        rig.register(rig.registration(2).setNonce(ByteString.copyFromUtf8("another nonce")))
            .getServer();
    ReplicaReport unsealed = report(chunk, ReplicaState.REPLICA_CLOSED, LENGTH + 5);
    rig.heartbeat(rig.sign(reborn).addUnsealed(unsealed));
    boolean known = rig.read(view -> GarbageTable.isGoodHolder(view, new ChunkId(chunk), reborn));
    assertThat(known).isTrue();
  }

  @Test
  void aBadReplicaOfADeadChunkIsDeleted() throws Exception {
    rig.started();
    ChunkId id = new ChunkId(rig.sealed("/f", LENGTH).chunk().getChunk());
    long dead = ChunkId.of(id.pool(), id.slot() ^ 1, id.counter()).value();
    ServerHeartbeatReply reply = rig.heartbeat(rig.sign(1).addBadReplicas(dead));
    assertThat(reply.getVerdictsList())
        .containsExactly(
            ReplicaVerdict.newBuilder().setChunk(dead).setVerdict(Verdict.DEAD).build());
  }

  /** The server then registers, and is compared, again. */
  @Test
  void anInventoryWithoutItsConsequencesIsNotAnswered() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    // It moved, and cannot be asked there.
    rig.clock.advance(Duration.ofSeconds(11));
    rig.register(rig.registration(2).setPort(1));
    assertThatThrownBy(
            () ->
                rig.call(
                    Method.SLOT_INVENTORY,
                    emptyInventory(2, new ChunkId(chunk)),
                    SlotInventoryReply.parser()))
        .isInstanceOf(CairnException.class);
    assertThat(rig.lacks(2, chunk)).isFalse();
  }

  @Test
  void aServerThatRunsIsComparedAndToldWhatWasFound() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    ChunkId id = new ChunkId(chunk);
    CompareDigestsRequest nothing = CompareDigestsRequest.newBuilder().setServer(2).build();
    CompareDigestsReply differs =
        rig.call(Method.COMPARE_DIGESTS, nothing, CompareDigestsReply.parser());
    assertThat(differs.getMismatchesList())
        .extracting(SlotDigest::getSlot)
        .containsExactly(id.slot());
    CompareDigestsReply equal =
        rig.call(
            Method.COMPARE_DIGESTS,
            nothing.toBuilder().addDigests(differs.getMismatches(0)).build(),
            CompareDigestsReply.parser());
    assertThat(equal.getMismatchesList()).isEmpty();
    long dead = ChunkId.of(id.pool(), id.slot() ^ 1, id.counter()).value();
    rig.servers.get(1).replicas.clear();
    SlotInventoryReply missing =
        rig.call(
            Method.SLOT_INVENTORY,
            emptyInventory(2, id).toBuilder()
                .addReplicas(report(dead, ReplicaState.REPLICA_SEALED, 7))
                .build(),
            SlotInventoryReply.parser());
    assertThat(missing.getMissingList()).containsExactly(chunk);
    assertThat(missing.getExtraList()).containsExactly(dead);
    assertThat(rig.lacks(2, chunk)).isTrue();
    ReplicaReport shorter = report(chunk, ReplicaState.REPLICA_SEALED, LENGTH - 1);
    rig.servers.get(2).replicas.put(chunk, shorter);
    SlotInventoryReply stale =
        rig.call(
            Method.SLOT_INVENTORY,
            emptyInventory(3, id).toBuilder().addReplicas(shorter).build(),
            SlotInventoryReply.parser());
    assertThat(stale.getStaleList()).containsExactly(chunk);
    assertThat(stale.getMissingList()).isEmpty();
    assertThat(rig.lacks(3, chunk)).isTrue();
    SlotInventoryReply again =
        rig.call(Method.SLOT_INVENTORY, emptyInventory(2, id), SlotInventoryReply.parser());
    assertThat(again.getMissingList()).as("known already").isEmpty();
  }

  @Test
  void aServerThatIsNotRegisteredIsNotCompared() throws Exception {
    rig.started();
    assertThatThrownBy(
            () ->
                rig.call(
                    Method.COMPARE_DIGESTS,
                    CompareDigestsRequest.newBuilder().setServer(77).build(),
                    CompareDigestsReply.parser()))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_SERVER));
  }

  private SlotInventoryRequest emptyInventory(int server, ChunkId chunk) {
    return SlotInventoryRequest.newBuilder()
        .setServer(server)
        .setPool(chunk.pool())
        .setSlot(chunk.slot())
        .setLast(true)
        .build();
  }

  @Test
  void aReplicaThatIsThereButNotSealedIsNotMissing() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    for (int server = 1; server <= 3; server++) {
      rig.servers
          .get(server - 1)
          .replicas
          .put(
              chunk,
              report(chunk, ReplicaState.REPLICA_CLOSED, server == 3 ? LENGTH - 1 : LENGTH + 7));
    }
    rig.servers.get(1).replicas.clear();
    for (int server = 1; server <= 3; server++) {
      rig.call(
          Method.SLOT_INVENTORY,
          emptyInventory(server, new ChunkId(chunk)),
          SlotInventoryReply.parser());
    }
    rig.await(() -> rig.lacks(2, chunk) && rig.lacks(3, chunk));
    assertThat(rig.lacks(1, chunk)).isFalse();
  }

  @Test
  void inventoriesAndReportsAreJudgedByCommittedRows() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    ChunkId id = new ChunkId(chunk);
    long dead = ChunkId.of(id.pool(), id.slot() ^ 1, id.counter()).value();
    long ahead = ChunkId.of(id.pool(), id.slot(), id.counter() + 50).value();
    ServerHeartbeatReply reply =
        rig.heartbeat(
            rig.sign(1)
                .addUnsealed(report(dead, ReplicaState.REPLICA_CLOSED, 5))
                .addUnsealed(report(ahead, ReplicaState.REPLICA_CLOSED, 5))
                .addUnsealed(report(chunk, ReplicaState.REPLICA_CLOSED, LENGTH - 1)));
    assertThat(reply.getVerdictsList().stream().map(ReplicaVerdict::getVerdict))
        .containsExactly(Verdict.DEAD, Verdict.KEEP, Verdict.KEEP);
    rig.await(() -> rig.lacks(1, chunk));
  }

  @Test
  void garbageIsDeletedAfterItsGraceInLoggedTime() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(TestCluster.path("/f"))));
    rig.await(() -> rig.chunk(chunk).orElseThrow().isGarbage());
    assertThat(rig.heartbeat(rig.sign(1)).getDeletesList()).isEmpty();
    rig.await(
        () -> {
          rig.clock.advance(Duration.ofMinutes(1));
          rig.heartbeats();
          return rig.heartbeat(rig.sign(1)).getDeletesCount() == 1;
        });
    long ticks = rig.read(Counter.TICK_MILLIS::in);
    assertThat(ticks).isGreaterThanOrEqualTo(LeaderRig.GRACE.toMillis());
    for (int server = 1; server <= 3; server++) {
      assertThat(rig.heartbeat(rig.sign(server)).getDeletesList()).containsExactly(chunk);
      assertThat(rig.heartbeat(rig.sign(server).addDeleted(chunk)).getDeletesList()).isEmpty();
    }
    assertThat(rig.chunk(chunk)).isEmpty();
    boolean dead = rig.read(view -> ChunkTable.isDead(view, new ChunkId(chunk)));
    assertThat(dead).isTrue();
  }

  private void replicate(String path, int replication) {
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetAttributes(
                SetAttributes.newBuilder()
                    .setTarget(TestCluster.path(path))
                    .setReplication(replication)));
  }

  @Test
  void theOnlyReplicaIsAskedForWhereItWasToBeDeleted() throws Exception {
    rig.started();
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    List<Integer> acting = rig.read(view -> SlotTable.of(view, new ChunkId(chunk))).acting();
    int keeper = acting.get(1);
    replicate("/f", 2);
    rig.heartbeat(rig.sign(acting.get(2)).addDeleted(chunk));
    replicate("/f", 1);
    rig.heartbeat(rig.sign(acting.get(0)).addBadReplicas(chunk));
    assertThat(rig.heartbeat(rig.sign(keeper)).getDeletesList()).isEmpty();
    replicate("/f", 2);
    ServerHeartbeatReply reply = rig.heartbeat(rig.sign(keeper));
    assertThat(reply.getCopies(0).getSourcesList()).isEmpty();
    assertThat(reply.getDeletesList()).isEmpty();
    assertThat(rig.chunk(chunk).orElseThrow().isLost()).isFalse();
    CopyResult.Builder result =
        CopyResult.newBuilder()
            .setChunk(chunk)
            .setSince(reply.getCopies(0).getSince())
            .setLength(LENGTH);
    // A reason that says nothing of the replica changes nothing.
    CopyResult later = result.setErrorCode(ErrorCode.RETRY.number()).build();
    rig.heartbeat(rig.sign(keeper).addCopied(later));
    assertThat(rig.chunk(chunk).orElseThrow().isLost()).isFalse();
    CopyResult absent = result.setErrorCode(ErrorCode.CHUNK_NOT_FOUND.number()).build();
    rig.heartbeat(rig.sign(keeper).addCopied(absent));
    rig.await(() -> rig.chunk(chunk).orElseThrow().isLost());
    rig.clock.advance(Duration.ofSeconds(11));
    assertThat(rig.heartbeat(rig.sign(keeper)).getCopiesList()).isEmpty();
  }

  /** It would hold up a drain for days otherwise. */
  @Test
  void hazardA7AWriterThatKeepsAJoinerWaitingLosesItsChunkAfterAMinute() throws Exception {
    rig.started();
    Writing file = rig.write("/log");
    rig.commit(file, LENGTH, false);
    long chunk = file.chunk().getChunk();
    long session = rig.chunk(chunk).orElseThrow().session();
    int slot = new ChunkId(chunk).slot();
    int fourth =
        rig.register(
                rig.registration(1)
                    .setNonce(ByteString.copyFromUtf8("nonce-4"))
                    .setName("d4")
                    .clearVolumes()
                    .addVolumes(LeaderRig.volume(4, 1L << 40)))
            .getServer();
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder()
                    .setServer(file.pipeline().get(0))
                    .setMembership(ServerMembership.DRAINING)));
    rig.await(
        () ->
            rig.read(view -> SlotTable.get(view, 0, slot))
                .joining()
                .filter(SlotJoin::isAtEnd)
                .isPresent());
    rig.turn();
    assertThat(rig.wantedChunks.of(session)).isEmpty();
    for (int seconds = 0; seconds < 54; seconds += 9) {
      rig.turn();
      assertThat(rig.wantedChunks.of(session)).hasSize(seconds == 0 ? 0 : 1).isSubsetOf(chunk);
      rig.clock.advance(Duration.ofSeconds(9));
      rig.heartbeats();
      rig.heartbeat(rig.sign(fourth));
    }
    rig.turn();
    assertThat(rig.chunk(chunk).orElseThrow().isOpen()).isTrue();
    rig.clock.advance(Duration.ofSeconds(9));
    rig.await(() -> rig.chunk(chunk).orElseThrow().isSettling());
  }

  @Test
  void whatWasDeletedLatelyIsNotPurgedYet() throws Exception {
    rig.started();
    rig.heldUntil = 0;
    rig.sealed("/f", LENGTH);
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(TestCluster.path("/f"))));
    long deleted = rig.read(view -> view.applied().index());
    rig.sealed("/g", LENGTH);
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(TestCluster.path("/g"))));
    rig.turn();
    long garbage = rig.read(Counter.CHUNKS_GARBAGE::in);
    assertThat(garbage).isZero();
    rig.heldUntil = deleted;
    rig.await(() -> rig.read(Counter.CHUNKS_GARBAGE::in) == 1);
    rig.turn();
    long still = rig.read(Counter.CHUNKS_GARBAGE::in);
    assertThat(still).isEqualTo(1);
    rig.heldUntil = Long.MAX_VALUE;
    rig.await(() -> rig.read(Counter.CHUNKS_GARBAGE::in) == 2);
  }

  @Test
  void whatIsOpenIsNotPurgedNorAnythingWhileSessionsAreUnheard() throws Exception {
    rig.started();
    rig.held = Optional.empty();
    Writing file = rig.sealed("/f", LENGTH);
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(TestCluster.path("/f"))));
    rig.sealed("/g", LENGTH);
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(TestCluster.path("/g"))));
    rig.turn();
    long garbage = rig.read(Counter.CHUNKS_GARBAGE::in);
    assertThat(garbage).isZero();
    rig.held = Optional.of(Set.of(file.inode()));
    rig.await(() -> rig.read(Counter.CHUNKS_GARBAGE::in) == 1);
    assertThat(rig.chunk(file.chunk().getChunk()).orElseThrow().isSealed()).isTrue();
    rig.held = Optional.of(Set.of());
    rig.await(() -> rig.read(Counter.CHUNKS_GARBAGE::in) == 2);
  }

  @Test
  void anIdleLeaderLogsNothing() throws Exception {
    rig.started();
    long index = rig.read(view -> view.applied().index());
    for (int round = 0; round < 5; round++) {
      rig.clock.advance(Duration.ofSeconds(40));
      rig.heartbeats();
      rig.turn();
    }
    long after = rig.read(view -> view.applied().index());
    assertThat(after).isEqualTo(index);
  }
}
