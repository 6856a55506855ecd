package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.chunk.ChunkCluster.extent;
import static io.cairnfs.metaserver.chunk.ChunkCluster.registration;
import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.CopyPlanner;
import io.cairnfs.metaserver.repair.DeletePlanner;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Servers that come and go, and the slots that follow them. */
class SlotHazardsTest {
  private final ChunkCluster cluster = new ChunkCluster(3);

  @AfterEach
  void everythingIsConsistent() {
    ChunkInvariants.require(cluster.store());
  }

  private CommandReply register(RegisterServer.Builder request) {
    return cluster.run(Command.newBuilder().setRegisterServer(request));
  }

  // Registration.

  @Test
  void theFirstServersMakeTheFirstSlotMap() {
    for (int slot = 0; slot < 16; slot++) {
      assertThat(cluster.slot(slot).acting()).containsExactlyInAnyOrder(1, 2, 3);
      assertThat(cluster.slot(slot).target()).isEqualTo(cluster.slot(slot).acting());
    }
  }

  @Test
  void aRepeatedRegistrationFindsItsId() {
    assertThat(ok(register(registration(2))).getServer()).isEqualTo(2);
    assertThat(ok(register(registration(2).setServer(2).setHost("moved").setPort(1))).getServer())
        .isEqualTo(2);
    assertThat(ServerTable.find(cluster.store(), 2).orElseThrow().host()).isEqualTo("moved");
    assertThat(ServerTable.all(cluster.store())).hasSize(3);
  }

  @Test
  void whoClaimsAnothersIdIsRefused() {
    assertThat(error(register(registration(2).setServer(1)))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
    assertThat(error(register(registration(9).setServer(9)))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
    assertThat(error(register(registration(9).clearNonce()))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(register(registration(9).setPort(0)))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(register(registration(9).clearHost()))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void hazardA9AMissingVolumeStopsRegistrationUntilItIsDeclaredLost() {
    ok(register(registration(2).addVolumes("w2")));
    CommandReply refused = register(registration(2));
    assertThat(error(refused)).isEqualTo(ErrorCode.VOLUME_FAILED);
    assertThat(refused.getErrorMessage()).contains("server=2").contains("w2");
    ok(
        cluster.run(
            Command.newBuilder()
                .setSetServer(SetServer.newBuilder().setServer(2).addLostVolumes("w2"))));
    ok(register(registration(2)));
  }

  @Test
  void hazardB12AServerThatIsOutComesBackOnlyAsANewOne() {
    ok(cluster.set(3, ServerMembership.OUT));
    assertThat(error(register(registration(3).setServer(3)))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
    assertThat(error(cluster.set(3, ServerMembership.IN))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    int anew = ok(register(registration(3).setNonce(ByteString.copyFromUtf8("again")))).getServer();
    assertThat(anew).isEqualTo(4);
  }

  @Test
  void hazardB12OutStrikesTheServerFromGarbageAndRepair() {
    ChunkId doomed = cluster.sealedFile("ann", "f", 3, 3, 10);
    ChunkId kept = cluster.sealedFile("ann", "g", 3, 3, 10);
    cluster.bad(kept, 3);
    ok(cluster.names.unlink("ann", "/tmp/f"));
    cluster.names.purge(10);
    cluster.tick(ChunkCluster.GRACE);
    cluster.releaseGarbage(10);
    cluster.deleted(1, doomed);
    cluster.deleted(2, doomed);
    assertThat(cluster.exists(doomed)).isTrue();
    ok(cluster.set(3, ServerMembership.OUT));
    assertThat(cluster.releaseGarbage(10)).isEqualTo(2);
    assertThat(cluster.exists(doomed)).isFalse();
    assertThat(cluster.lacking(kept)).isEmpty();
    assertThat(cluster.releaseGarbage(10)).isZero();
  }

  @Test
  void impossibleChangesOfServersAreRefused() {
    assertThat(error(cluster.set(9, ServerMembership.OUT))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
    CommandReply weight =
        cluster.run(
            Command.newBuilder()
                .setSetServer(SetServer.newBuilder().setServer(1).setWeight(1_000_000)));
    assertThat(error(weight)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(ok(cluster.set(1, ServerMembership.IN)).getChanged()).isFalse();
  }

  private CommandReply setMembership(String user, int server, ServerMembership membership) {
    return cluster.names.run(
        user,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder().setServer(server).setMembership(membership)));
  }

  @Test
  void onlyASuperuserTakesServersInAndOut() {
    CommandReply refused = setMembership("ann", 3, ServerMembership.DRAINING);
    assertThat(error(refused)).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(refused.getErrorMessage()).contains("user=ann").contains("superuser");
    assertThat(error(setMembership(ROOT_USER, 9, ServerMembership.OUT)))
        .isEqualTo(ErrorCode.UNKNOWN_SERVER);
    assertThat(error(setMembership(ROOT_USER, 1, ServerMembership.SERVER_MEMBERSHIP_UNSPECIFIED)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(ServerTable.all(cluster.store()))
        .allSatisfy(server -> assertThat(server.membership()).isEqualTo(ServerMembership.IN));
  }

  private CommandReply change(SetMembership.Builder change) {
    return cluster.names.run(ROOT_USER, Operation.newBuilder().setSetMembership(change));
  }

  private CommandReply remove(int server) {
    return change(SetMembership.newBuilder().setServer(server).setRemove(true));
  }

  private CommandReply maintain(int server, long millis) {
    return change(
        SetMembership.newBuilder()
            .setServer(server)
            .setMembership(ServerMembership.MAINTENANCE)
            .setMaintenanceMillis(millis));
  }

  private ServerMembership membershipOf(int server) {
    return ServerTable.find(cluster.store(), server).orElseThrow().membership();
  }

  @Test
  void aMaintenanceEndsByItselfInLoggedTime() {
    cluster.tick(500);
    ok(maintain(2, 2_000));
    assertThat(ServerTable.find(cluster.store(), 2).orElseThrow().maintenanceLeftMillis(500))
        .isEqualTo(2_000);
    assertThat(ServerRegistration.isTimeAwaited(cluster.store())).isTrue();
    cluster.tick(1_999);
    // It restarts meanwhile, under another address.
    ok(register(registration(2).setServer(2).setPort(1)));
    assertThat(membershipOf(2)).isEqualTo(ServerMembership.MAINTENANCE);
    cluster.tick(1);
    assertThat(membershipOf(2)).isEqualTo(ServerMembership.IN);
    assertThat(ServerRegistration.isTimeAwaited(cluster.store())).isFalse();
    cluster.tick(10_000);
    assertThat(membershipOf(2)).isEqualTo(ServerMembership.IN);
  }

  @Test
  void aMaintenanceIsEndedProlongedOrWithoutLimitByCommand() {
    ok(maintain(1, 2_000));
    ok(maintain(1, 5_000));
    ok(maintain(2, 2_000));
    ok(setMembership(ROOT_USER, 2, ServerMembership.DRAINING));
    ok(setMembership(ROOT_USER, 3, ServerMembership.MAINTENANCE));
    cluster.tick(4_999);
    assertThat(membershipOf(1)).isEqualTo(ServerMembership.MAINTENANCE);
    assertThat(membershipOf(2)).isEqualTo(ServerMembership.DRAINING);
    cluster.tick(1);
    assertThat(membershipOf(1)).isEqualTo(ServerMembership.IN);
    cluster.tick(1_000_000_000);
    assertThat(membershipOf(2)).isEqualTo(ServerMembership.DRAINING);
    assertThat(membershipOf(3)).isEqualTo(ServerMembership.MAINTENANCE);
  }

  @Test
  void impossibleLimitsOfAMaintenanceAreRefused() {
    long tooLong = Duration.ofDays(30).toMillis() + 1;
    assertThat(error(maintain(2, tooLong))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(maintain(2, -1))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    CommandReply draining =
        change(
            SetMembership.newBuilder()
                .setServer(2)
                .setMembership(ServerMembership.DRAINING)
                .setMaintenanceMillis(5));
    assertThat(error(draining)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(cluster.set(2, ServerMembership.OUT));
    assertThat(error(maintain(2, 5))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(maintain(9, 5))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
  }

  @Test
  void onlyWhoLeavesCanBeRemoved() {
    assertThat(error(remove(2))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(maintain(2, 5_000));
    assertThat(error(remove(2))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(remove(9))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
    assertThat(
            error(
                change(
                    SetMembership.newBuilder()
                        .setServer(2)
                        .setRemove(true)
                        .setMembership(ServerMembership.OUT))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(membershipOf(2)).isEqualTo(ServerMembership.MAINTENANCE);
  }

  @Test
  void aDrainedServerIsRemovedOnceNothingDependsOnIt() {
    fillSlotsThenAddServer();
    for (int slot = 0; slot < 16; slot++) {
      finishMoves(slot);
    }
    letGoAndDelete();
    InodeId open = cluster.open("ann", "open", 1);
    int of1 = slotOf(1);
    ChunkId chunk = cluster.allocateOn("ann", open, of1, 3, cluster.slot(of1).acting());
    ok(cluster.set(1, ServerMembership.DRAINING));
    CommandReply early = remove(1);
    assertThat(error(early)).isEqualTo(ErrorCode.RETRY);
    assertThat(early.getErrorMessage()).contains("slots have no other in its place yet");
    for (int slot = 0; slot < 16; slot++) {
      if (slot != of1) {
        finishMoves(slot);
      }
    }
    assertThat(error(remove(1))).isEqualTo(ErrorCode.RETRY);
    ok(cluster.close("ann", cluster.progress(chunk, 10).setClosed(true)));
    finishMoves(of1);
    CommandReply letting = remove(1);
    assertThat(letting.getErrorMessage()).contains("has not let go of all slots yet");
    cluster.releaseGarbage(10_000);
    assertThat(ServerTotals.of(cluster.store(), 1).deletes()).isPositive();
    ok(remove(1));
    assertThat(ServerTable.find(cluster.store(), 1)).isEmpty();
    assertThat(ServerTotals.of(cluster.store(), 1)).isEqualTo(new ServerTotals(0, 0));
    assertThat(GarbageTable.deletesOf(cluster.store(), 1, 10)).isEmpty();
    // Its identity is nobody's any more, and its id never given again.
    assertThat(error(register(registration(1).setServer(1)))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
    assertThat(error(remove(1))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
    assertThat(cluster.addServer()).isEqualTo(5);
  }

  private int slotOf(int server) {
    for (int slot = 0; slot < 16; slot++) {
      if (cluster.slot(slot).acting().contains(server)) {
        return slot;
      }
    }
    throw new AssertionError("server=" + server + " has no slot");
  }

  /** Every server deletes what it is told to. */
  private void letGoAndDelete() {
    cluster.releaseGarbage(10_000);
    for (int server = 1; server <= 4; server++) {
      cluster.deleted(
          server, GarbageTable.deletesOf(cluster.store(), server, 10_000).toArray(new ChunkId[0]));
    }
  }

  @Test
  void aReplicaThatOthersNeedKeepsItsServer() {
    fillSlotsThenAddServer();
    ok(cluster.set(1, ServerMembership.DRAINING));
    for (int slot = 0; slot < 16; slot++) {
      finishMoves(slot);
    }
    cluster.releaseGarbage(10_000);
    ChunkId chunk = GarbageTable.deletesOf(cluster.store(), 1, 1).get(0);
    int member = cluster.slot(chunk.slot()).acting().get(0);
    cluster.bad(chunk, member);
    CommandReply refused = remove(1);
    assertThat(error(refused)).isEqualTo(ErrorCode.RETRY);
    assertThat(refused.getErrorMessage()).contains(chunk + " has no good replica yet");
    cluster.repairAll(member);
    ok(remove(1));
  }

  @Test
  void whoIsOutIsRemovedOnceItIsReplaced() {
    fillSlotsThenAddServer();
    ok(cluster.set(1, ServerMembership.OUT));
    assertThat(error(remove(1))).isEqualTo(ErrorCode.RETRY);
    for (int slot = 0; slot < 16; slot++) {
      finishMoves(slot);
    }
    cluster.releaseGarbage(10_000);
    ok(remove(1));
    assertThat(ServerTable.all(cluster.store()))
        .extracting(ServerRecord::id)
        .containsExactly(2, 3, 4);
    assertThat(error(register(registration(1).setServer(1)))).isEqualTo(ErrorCode.UNKNOWN_SERVER);
  }

  @Test
  void weightsAndLostVolumesAreTheSuperusersToo() {
    cluster.addServer();
    ok(change(SetMembership.newBuilder().setServer(4).setWeight(50)));
    assertThat(ServerTable.find(cluster.store(), 4).orElseThrow().weight()).isEqualTo(50);
    assertThat(membershipOf(4)).isEqualTo(ServerMembership.IN);
    CommandReply unknown =
        change(SetMembership.newBuilder().setServer(2).addLostVolumes("elsewhere"));
    assertThat(error(unknown)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(unknown.getErrorMessage()).contains("has no volume elsewhere; it has [v2]");
    ok(change(SetMembership.newBuilder().setServer(2).addLostVolumes("v2")));
    assertThat(ServerTable.find(cluster.store(), 2).orElseThrow().volumes()).isEmpty();
    CommandReply stranger =
        cluster.names.run(
            "ann",
            Operation.newBuilder()
                .setSetMembership(SetMembership.newBuilder().setServer(2).setRemove(true)));
    assertThat(error(stranger)).isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void aServerThatIsTakenOutLosesItsSlotsAndGetsSomeBack() {
    cluster.addServer();
    ok(setMembership(ROOT_USER, 2, ServerMembership.DRAINING));
    for (int slot = 0; slot < 16; slot++) {
      assertThat(cluster.slot(slot).target()).containsExactlyInAnyOrder(1, 3, 4);
    }
    ok(setMembership(ROOT_USER, 2, ServerMembership.IN));
    int of2 = 0;
    for (int slot = 0; slot < 16; slot++) {
      of2 += cluster.slot(slot).target().contains(2) ? 1 : 0;
    }
    assertThat(of2).isBetween(11, 13);
    ok(setMembership(ROOT_USER, 2, ServerMembership.OUT));
    assertThat(error(setMembership(ROOT_USER, 2, ServerMembership.IN)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void emptySlotsTakeTheirTargetAtOnce() {
    cluster.addServer();
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).isZero();
    long of4 = 0;
    for (int slot = 0; slot < 16; slot++) {
      of4 += cluster.slot(slot).acting().contains(4) ? 1 : 0;
    }
    assertThat(of4).isEqualTo(12);
  }

  // Joins.

  /** A slot with chunks that server 4 is to join, after 4 was added. */
  private int movingSlot() {
    for (int slot = 0; slot < 16; slot++) {
      SlotRecord record = cluster.slot(slot);
      if (!record.acting().isEmpty() && record.isMoving() && record.target().contains(4)) {
        return slot;
      }
    }
    throw new AssertionError("no slot moves to server 4");
  }

  private int positionOf4(int slot) {
    return cluster.slot(slot).target().indexOf(4);
  }

  /** One sealed chunk of each replication in every slot, then server 4 comes. */
  private List<ChunkId> fillSlotsThenAddServer() {
    List<ChunkId> chunks = new ArrayList<>();
    for (int slot = 0; slot < 16; slot++) {
      for (int replication = 1; replication <= 3; replication++) {
        chunks.add(
            cluster.sealedFile("ann", "s" + slot + "r" + replication, slot, replication, 100));
      }
    }
    cluster.addServer();
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).isPositive();
    return chunks;
  }

  @Test
  void hazardA6PositionsAreStableAndAJoinerCopiesWhatItsPositionHolds() {
    List<ChunkId> chunks = fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    List<Integer> before = cluster.slot(slot).acting();
    ok(cluster.beginJoin(slot, position, 4));
    ok(cluster.advanceJoin(slot, position, 4));
    for (ChunkId chunk : chunks) {
      boolean wanted = chunk.slot() == slot && cluster.chunk(chunk).replication() > position;
      assertThat(cluster.lacking(chunk)).isEqualTo(wanted ? List.of(4) : List.of());
    }
    cluster.repairAll(4);
    ok(cluster.promote(slot, position, 4));
    List<Integer> after = cluster.slot(slot).acting();
    for (int i = 0; i < 3; i++) {
      assertThat(after.get(i)).isEqualTo(i == position ? 4 : before.get(i));
    }
    // Only now, and only for what it had, does the replaced one let go.
    int replaced = before.get(position);
    assertThat(GarbageTable.deletesOf(cluster.store(), replaced, 100)).isEmpty();
    cluster.releaseGarbage(100);
    List<ChunkId> gone = GarbageTable.deletesOf(cluster.store(), replaced, 100);
    assertThat(gone).hasSize(3 - position);
    for (ChunkId chunk : gone) {
      cluster.deleted(replaced, chunk);
      assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    }
  }

  @Test
  void hazardA7PromotionNeedsEverything() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    // A chunk opened before the join, at every position, without the joiner.
    InodeId file = cluster.open("ann", "old", 3);
    ChunkId old = cluster.allocate("ann", file, slot, 3);
    assertThat(error(cluster.promote(slot, position, 4))).isEqualTo(ErrorCode.RETRY);
    ok(cluster.beginJoin(slot, position, 4));
    assertThat(cluster.promote(slot, position, 4).getErrorMessage()).contains("not at the end");
    ok(cluster.advanceJoin(slot, position, 4));
    assertThat(cluster.promote(slot, position, 4).getErrorMessage()).contains("still lacks");
    cluster.repairAll(4);
    assertThat(cluster.promote(slot, position, 4).getErrorMessage()).contains("is open without");
    assertThat(cluster.promote(slot, position, 4, 1).getErrorMessage()).contains("epoch");
    // The old stream commits, acknowledged by the old members: the joiner is known to lack it.
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setClose(true)
                .addExtents(extent(0, 50, old, 0))
                .addChunks(cluster.progress(old, 50).setClosed(true))));
    assertThat(cluster.lacking(old)).containsExactly(4);
    assertThat(cluster.promote(slot, position, 4).getErrorMessage()).contains("still lacks");
    cluster.repairAll(4);
    ok(cluster.promote(slot, position, 4));
    assertThat(error(cluster.promote(slot, position, 4))).isEqualTo(ErrorCode.RETRY);
  }

  @Test
  void hazardA7AJoinerEntersNewPipelinesAtOnce() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    int replaced = cluster.slot(slot).acting().get(position);
    ok(cluster.beginJoin(slot, position, 4));
    assertThat(cluster.slot(slot).writers().get(position)).isEqualTo(4);
    ChunkId chunk = cluster.sealedFile("ann", "new", slot, 3, 10);
    assertThat(cluster.chunk(chunk).pipeline()).contains(4).doesNotContain(replaced);
    // Were the join given up, the one that stays would have to be filled.
    assertThat(cluster.lacking(chunk)).containsExactly(replaced);
  }

  @Test
  void hazardA7AChunkDeletedDuringTheJoinLeavesNoOrphan() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    ok(cluster.beginJoin(slot, position, 4));
    ok(cluster.advanceJoin(slot, position, 4));
    ok(cluster.names.unlink("ann", "/tmp/s" + slot + "r3"));
    cluster.names.purge(10);
    cluster.tick(ChunkCluster.GRACE);
    cluster.releaseGarbage(100);
    // The joiner may have copied it: it is told, too.
    assertThat(GarbageTable.deletesOf(cluster.store(), 4, 10)).hasSize(1);
    assertThat(cluster.slot(slot).acting())
        .allSatisfy(
            server -> assertThat(GarbageTable.deletesOf(cluster.store(), server, 10)).hasSize(1));
  }

  @Test
  void hazardA7OnePositionChangesAtATimeAndOnlyToItsTarget() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    int other = (position + 1) % 3;
    assertThat(error(cluster.beginJoin(slot, other, 4))).isEqualTo(ErrorCode.RETRY);
    assertThat(error(cluster.beginJoin(slot, position, 9))).isEqualTo(ErrorCode.RETRY);
    assertThat(error(cluster.beginJoin(slot, other, cluster.slot(slot).acting().get(other))))
        .isEqualTo(ErrorCode.RETRY);
    assertThat(error(cluster.beginJoin(99, 0, 4))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.advanceJoin(slot, position, 4))).isEqualTo(ErrorCode.RETRY);
    ok(cluster.beginJoin(slot, position, 4));
    assertThat(error(cluster.beginJoin(slot, position, 4))).isEqualTo(ErrorCode.RETRY);
  }

  @Test
  void hazardA7TheCursorPassesEveryChunkInBoundedSteps() {
    InodeId file = cluster.open("ann", "many", 3);
    int count = SlotJoins.STEP + 10;
    for (int i = 0; i < count; i++) {
      ChunkId chunk = cluster.allocate("ann", file, 3, 3);
      ok(
          cluster.commit(
              "ann",
              cluster
                  .commitOf(file)
                  .addExtents(extent(i * 10L, 10, chunk, 0))
                  .addChunks(cluster.progress(chunk, 10).setClosed(true))));
    }
    ok(cluster.set(3, ServerMembership.OUT));
    cluster.addServer();
    int position = positionOf4(3);
    ok(cluster.beginJoin(3, position, 4));
    assertThat(ok(cluster.advanceJoin(3, position, 4)).getCount()).isEqualTo(1);
    assertThat(ServerTotals.of(cluster.store(), 4).repairs()).isEqualTo(SlotJoins.STEP);
    assertThat(ok(cluster.advanceJoin(3, position, 4)).getCount()).isZero();
    assertThat(ServerTotals.of(cluster.store(), 4).repairs()).isEqualTo(count);
    assertThat(ok(cluster.advanceJoin(3, position, 4)).getCount()).isZero();
  }

  @Test
  void hazardA8AJoinThatIsGivenUpLetsGoOfWhatItCopied() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    int epoch = cluster.slot(slot).epoch();
    ok(cluster.beginJoin(slot, position, 4));
    ok(cluster.advanceJoin(slot, position, 4));
    cluster.repairAll(4);
    // A late promotion of another epoch is refused: the slot has changed since.
    assertThat(error(cluster.promote(slot, position, 4, epoch))).isEqualTo(ErrorCode.RETRY);
    ok(cluster.set(4, ServerMembership.DRAINING));
    assertThat(cluster.slot(slot).joining()).isEmpty();
    assertThat(cluster.slot(slot).epoch()).isEqualTo(epoch + 2);
    assertThat(error(cluster.promote(slot, position, 4))).isEqualTo(ErrorCode.RETRY);
    cluster.releaseGarbage(100);
    assertThat(GarbageTable.deletesOf(cluster.store(), 4, 100)).hasSize(3 - position);
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).isZero();
  }

  @Test
  void aServerThatIsOutIsReplacedWhereItStood() {
    fillSlotsThenAddServer();
    ok(cluster.set(1, ServerMembership.OUT));
    for (int slot = 0; slot < 16; slot++) {
      finishMoves(slot);
      SlotRecord record = cluster.slot(slot);
      assertThat(record.acting()).isEqualTo(record.target()).doesNotContain(1).hasSize(3);
    }
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).isZero();
    assertThat(Counter.REPAIR_ENTRIES.in(cluster.store())).isZero();
  }

  /** Works a slot off: joins, copies, promotions. */
  private void finishMoves(int slot) {
    for (int round = 0; round < 10 && cluster.slot(slot).isMoving(); round++) {
      SlotRecord record = cluster.slot(slot);
      for (int position = record.target().size() - 1; position >= 0; position--) {
        int server = record.target().get(position);
        boolean there =
            position < record.acting().size() && record.acting().get(position) == server;
        if (!there && cluster.beginJoin(slot, position, server).getErrorCode() == 0) {
          ok(cluster.advanceJoin(slot, position, server));
          cluster.repairAll(server);
          ok(cluster.promote(slot, position, server));
          break;
        }
      }
    }
  }

  @Test
  void aShrinkingClusterMovesLastMembersIntoTheGaps() {
    List<ChunkId> chunks = new ArrayList<>();
    for (int slot = 0; slot < 16; slot++) {
      for (int replication = 1; replication <= 3; replication++) {
        chunks.add(
            cluster.sealedFile("ann", "s" + slot + "r" + replication, slot, replication, 100));
      }
    }
    ok(cluster.set(2, ServerMembership.OUT));
    for (int slot = 0; slot < 16; slot++) {
      finishMoves(slot);
      assertThat(cluster.slot(slot).acting()).containsExactlyInAnyOrder(1, 3);
      assertThat(cluster.slot(slot).isMoving()).isFalse();
    }
    // Grown again: the third position is filled.
    int again = cluster.addServer();
    for (int slot = 0; slot < 16; slot++) {
      finishMoves(slot);
      assertThat(cluster.slot(slot).acting()).contains(1, 3, again);
    }
    for (ChunkId chunk : chunks) {
      assertThat(cluster.lacking(chunk)).isEmpty();
    }
  }

  @Test
  void aDrainThatWouldLeaveTooFewServersWaits() {
    cluster.sealedFile("ann", "f", 3, 3, 10);
    ok(cluster.set(2, ServerMembership.DRAINING));
    assertThat(cluster.slot(3).isMoving()).isFalse();
    cluster.addServer();
    assertThat(cluster.slot(3).target()).contains(4).doesNotContain(2);
  }

  @Test
  void aReplicationLargerThanAnyBeforeMakesTheSlotsWider() {
    cluster.addServer();
    cluster.addServer();
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 10);
    ok(cluster.replicate("ann", "f", 5));
    assertThat(PoolRecord.find(cluster.store(), 0).orElseThrow().width()).isEqualTo(5);
    assertThat(cluster.slot(3).target()).hasSize(5);
    finishMoves(3);
    assertThat(cluster.slot(3).acting()).hasSize(5);
    assertThat(cluster.lacking(chunk)).isEmpty();
    assertThat(SlotTable.members(cluster.store(), cluster.chunk(chunk))).hasSize(5);
    // Slots without chunks have taken it at once, and a new chunk finds five members there.
    ChunkId wide = cluster.sealedFile("ann", "g", 4, 5, 10);
    assertThat(cluster.chunk(wide).pipeline()).hasSize(5);
  }

  @Test
  void aClusterOfOneServerTakesChunksOfAnyReplication() {
    ChunkCluster alone = new ChunkCluster(1);
    ChunkId chunk = alone.sealedFile("ann", "f", 3, 3, 10);
    assertThat(alone.chunk(chunk).pipeline()).containsExactly(1);
    assertThat(alone.lacking(chunk)).isEmpty();
    alone.addServer();
    assertThat(alone.slot(3).target()).containsExactly(1, 2);
    ok(alone.beginJoin(3, 1, 2));
    ok(alone.advanceJoin(3, 1, 2));
    assertThat(alone.lacking(chunk)).containsExactly(2);
    ChunkInvariants.require(alone.store());
  }

  @Test
  void whatWasPromotedDuringAStreamIsSurplusOnceTheStreamEnds() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    int replaced = cluster.slot(slot).acting().get(position);
    InodeId file = cluster.open("ann", "stream", 3);
    ok(cluster.beginJoin(slot, position, 4));
    ok(cluster.advanceJoin(slot, position, 4));
    cluster.repairAll(4);
    ChunkId chunk = cluster.allocate("ann", file, slot, 3);
    ok(cluster.promote(slot, position, 4));
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setClose(true)
                .addExtents(extent(0, 10, chunk, 0))
                .addChunks(cluster.progress(chunk, 10).setClosed(true))));
    assertThat(cluster.lacking(chunk)).isEmpty();
    assertThat(cluster.chunk(chunk).pipeline()).doesNotContain(replaced);
  }

  /** Servers 1 to 3, of which the first member of slot 3 is out: its last one is to take over. */
  private int lastMovesForward() {
    cluster.sealedFile("ann", "before", 3, 3, 10);
    List<Integer> acting = cluster.slot(3).acting();
    ok(cluster.set(acting.get(0), ServerMembership.OUT));
    int last = acting.get(2);
    assertThat(cluster.slot(3).target()).hasSize(2).startsWith(last);
    ok(cluster.beginJoin(3, 0, last));
    return last;
  }

  @Test
  void hazardA6AMemberThatMovesForwardInVainLetsGoOfWhatItGotThere() {
    int last = lastMovesForward();
    ok(cluster.advanceJoin(3, 0, last));
    // Of one replica: it is with the joiner alone, where it stands as a joiner.
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 1, 10);
    assertThat(cluster.chunk(chunk).pipeline()).containsExactly(last);
    // Another server takes the first position instead, and the last member stays the last.
    cluster.addServer();
    assertThat(cluster.slot(3).joining()).isEmpty();
    assertThat(cluster.slot(3).target()).startsWith(4).endsWith(last);
    cluster.releaseGarbage(100);
    assertThat(GarbageTable.deletesOf(cluster.store(), last, 10)).containsExactly(chunk);
    assertThat(new DeletePlanner(cluster.store()).deletes(last, 10)).isEmpty();
    finishMoves(3);
    assertThat(cluster.slot(3).acting()).startsWith(4);
    assertThat(cluster.lacking(chunk)).isEmpty();
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    assertThat(new DeletePlanner(cluster.store()).deletes(last, 10)).containsExactly(chunk);
  }

  @Test
  void hazardA7WhatTheJoinerTookPartInBeforeItsCursorCameIsNotLost() {
    int joiner = lastMovesForward();
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 1, 10);
    assertThat(Holders.all(cluster.store(), cluster.slot(3), cluster.chunk(chunk)))
        .containsExactly(joiner);
    ok(cluster.advanceJoin(3, 0, joiner));
    // It is not known to lack nothing any more, but it is asked, and nobody calls the chunk lost.
    assertThat(cluster.lacking(chunk)).containsExactly(joiner);
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    assertThat(error(cluster.promote(3, 0, joiner))).isEqualTo(ErrorCode.RETRY);
    cluster.repairAll(joiner);
    ok(cluster.promote(3, 0, joiner));
    assertThat(cluster.garbageEntries()).isZero();
    assertThat(Holders.members(cluster.store(), cluster.slot(3), cluster.chunk(chunk)))
        .containsExactly(joiner);
  }

  @Test
  void hazardA7AJoinerHoldsNothingOfWhatItsCursorHasNotPassed() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    ok(cluster.beginJoin(slot, position, 4));
    ChunkId chunk = ChunkTable.inSlot(cluster.store(), 0, slot, 0, 10).get(2).id();
    assertThat(cluster.chunk(chunk).replication()).isEqualTo(3);
    assertThat(SlotTable.members(cluster.store(), cluster.chunk(chunk))).contains(4);
    assertThat(Holders.members(cluster.store(), cluster.slot(slot), cluster.chunk(chunk)))
        .hasSize(3)
        .doesNotContain(4);
    // Given up, it has nothing to delete, and is nobody's source.
    ok(cluster.set(4, ServerMembership.DRAINING));
    cluster.releaseGarbage(100);
    assertThat(GarbageTable.deletesOf(cluster.store(), 4, 10)).isEmpty();
  }

  @Test
  void hazardA7ACopyMadeAheadOfTheCursorIsRemembered() {
    int joiner = lastMovesForward();
    List<Integer> acting = cluster.slot(3).acting();
    // The joiner missed the bytes: it has an entry, and its cursor is at the start.
    InodeId file = cluster.open("ann", "f", 2);
    ChunkId chunk = cluster.allocate("ann", file, 3, 2);
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setClose(true)
                .addExtents(extent(0, 10, chunk, 0))
                .addChunks(cluster.progress(chunk, 10, acting.get(1)))));
    assertThat(cluster.lacking(chunk)).containsExactly(joiner);
    cluster.repairAll(joiner);
    assertThat(Holders.all(cluster.store(), cluster.slot(3), cluster.chunk(chunk)))
        .contains(joiner);
    cluster.bad(chunk, acting.get(1));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    cluster.bad(chunk, joiner);
    assertThat(cluster.chunk(chunk).isLost()).isTrue();
  }

  @Test
  void hazardA8ASlotIsJoinedAgainOnlyAfterItWasLetGoOf() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    ok(cluster.beginJoin(slot, position, 4));
    ok(cluster.advanceJoin(slot, position, 4));
    cluster.repairAll(4);
    ok(cluster.set(4, ServerMembership.DRAINING));
    ok(cluster.set(4, ServerMembership.IN));
    slot = movingSlot();
    position = positionOf4(slot);
    CommandReply early = cluster.beginJoin(slot, position, 4);
    assertThat(error(early)).isEqualTo(ErrorCode.RETRY);
    assertThat(early.getErrorMessage()).contains("has not let go");
    while (cluster.releaseGarbage(100) == 100) {
      assertThat(cluster.slot(slot).joining()).isEmpty();
    }
    ok(cluster.beginJoin(slot, position, 4));
    ok(cluster.advanceJoin(slot, position, 4));
    // Whether the deletes were carried out nobody knows: it is to be asked for each.
    for (ChunkRecord chunk : ChunkTable.inSlot(cluster.store(), 0, slot, 0, 10)) {
      boolean wanted = chunk.replication() > position;
      assertThat(cluster.lacking(chunk.id())).isEqualTo(wanted ? List.of(4) : List.of());
    }
    assertThat(new DeletePlanner(cluster.store()).deletes(4, 100)).isEmpty();
    cluster.repairAll(4);
    ok(cluster.promote(slot, position, 4));
  }

  @Test
  void hazardA6ALowerReplicationWhileASlotIsLetGoOfForgetsNoReplica() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 10);
    cluster.sealedFile("ann", "g", 3, 3, 10);
    cluster.addServer();
    List<Integer> before = cluster.slot(3).acting();
    ok(cluster.set(before.get(1), ServerMembership.DRAINING));
    assertThat(cluster.slot(3).target().get(1)).isEqualTo(4);
    ok(cluster.beginJoin(3, 1, 4));
    ok(cluster.advanceJoin(3, 1, 4));
    cluster.repairAll(4);
    ok(cluster.promote(3, 1, 4));
    // The replaced member has not come to this chunk when it gets fewer replicas than positions.
    ok(cluster.replicate("ann", "f", 1));
    assertThat(GarbageTable.deletesOf(cluster.store(), before.get(1), 10)).containsExactly(chunk);
    cluster.bad(chunk, before.get(0));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    assertThat(new DeletePlanner(cluster.store()).deletes(before.get(1), 10)).isEmpty();
    cluster.releaseGarbage(100);
    assertThat(GarbageTable.deletesOf(cluster.store(), before.get(1), 10)).hasSize(2);
  }

  @Test
  void hazardA6AHigherReplicationWhileASlotIsLetGoOfInventsNoReplica() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 1, 10);
    cluster.sealedFile("ann", "g", 3, 3, 10);
    cluster.addServer();
    List<Integer> before = cluster.slot(3).acting();
    ok(cluster.set(before.get(2), ServerMembership.DRAINING));
    ok(cluster.beginJoin(3, 2, 4));
    ok(cluster.advanceJoin(3, 2, 4));
    cluster.repairAll(4);
    ok(cluster.promote(3, 2, 4));
    ok(cluster.replicate("ann", "f", 3));
    cluster.releaseGarbage(100);
    assertThat(Holders.all(cluster.store(), cluster.slot(3), cluster.chunk(chunk)))
        .containsExactly(before.get(0));
  }

  @Test
  void hazardB12ALostChunkIsReportedAndDoesNotHoldItsSlotUp() {
    cluster.addServer();
    List<Integer> acting = cluster.slot(3).acting();
    ChunkId lost = cluster.sealedFile("ann", "f", 3, 1, 10);
    ChunkId kept = cluster.sealedFile("ann", "g", 3, 2, 10);
    // The only replica of one of them is struck out by hand.
    ok(cluster.set(acting.get(0), ServerMembership.OUT));
    int successor = cluster.slot(3).target().get(0);
    ok(cluster.beginJoin(3, 0, successor));
    ok(cluster.advanceJoin(3, 0, successor));
    assertThat(cluster.chunk(lost).isLost()).isTrue();
    assertThat(Counter.CHUNKS_LOST.in(cluster.store())).isEqualTo(1);
    // What somebody has is waited for.
    assertThat(cluster.promote(3, 0, successor).getErrorMessage()).contains("still lacks");
    long since = RepairTable.since(cluster.store(), kept, successor).orElseThrow();
    assertThat(cluster.repaired(kept, successor, since, 10)).isTrue();
    ok(cluster.promote(3, 0, successor));
    assertThat(cluster.slot(3).isMoving()).isFalse();
    assertThat(cluster.chunk(lost).isLost()).isTrue();
    assertThat(cluster.lacking(lost)).containsExactly(successor);
    ok(cluster.names.unlink("ann", "/tmp/f"));
    cluster.names.purge(10);
    assertThat(Counter.CHUNKS_LOST.in(cluster.store())).isZero();
  }

  @Test
  void hazardB12WhatAServerBringsAlongAsANewOneIsNotLost() {
    cluster.addServer();
    List<Integer> acting = cluster.slot(3).acting();
    ChunkId lost = cluster.sealedFile("ann", "f", 3, 1, 10);
    ok(cluster.set(acting.get(0), ServerMembership.OUT));
    int successor = cluster.slot(3).target().get(0);
    ok(cluster.beginJoin(3, 0, successor));
    ok(cluster.advanceJoin(3, 0, successor));
    ok(cluster.promote(3, 0, successor));
    assertThat(cluster.chunk(lost).isLost()).isTrue();
    int reborn = cluster.addServer();
    assertThat(cluster.found(lost, reborn, 10)).isTrue();
    assertThat(cluster.chunk(lost).isLost()).isFalse();
    CopyPlanner.Plan plan =
        new CopyPlanner(cluster.store(), server -> ServerHealth.UP)
            .plan(successor, Optional.empty(), Set.of(), 5);
    assertThat(plan.tasks().get(0).getSourcesList())
        .extracting(Member::getServer)
        .containsExactly(reborn);
    assertThat(new DeletePlanner(cluster.store()).deletes(reborn, 5)).isEmpty();
    cluster.repairAll(successor);
    assertThat(new DeletePlanner(cluster.store()).deletes(reborn, 5)).containsExactly(lost);
    assertThat(cluster.found(lost, reborn, 10)).as("known").isFalse();
    cluster.deleted(reborn, lost);
    assertThat(cluster.garbageEntries()).isZero();
  }

  @Test
  void hazardB12WhatIsFoundWithAnotherLengthIsDeletedAndNeverRead() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 10);
    int other = cluster.slot(3).acting().get(2);
    assertThat(cluster.found(chunk, cluster.slot(3).acting().get(0), 10)).as("known").isFalse();
    assertThat(cluster.found(chunk, other, 9)).isTrue();
    assertThat(GarbageTable.isGoodHolder(cluster.store(), chunk, other)).isFalse();
    assertThat(new DeletePlanner(cluster.store()).deletes(other, 5)).containsExactly(chunk);
    assertThat(cluster.found(chunk, 99, 10)).as("no such server").isFalse();
  }

  @Test
  void aBadReplicaIsDeletedWhenItsServerIsNoMemberAnyMore() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 10);
    int second = cluster.slot(3).acting().get(1);
    assertThat(cluster.bad(chunk, second)).isTrue();
    ok(cluster.replicate("ann", "f", 1));
    assertThat(cluster.lacking(chunk)).isEmpty();
    assertThat(GarbageTable.isGoodHolder(cluster.store(), chunk, second)).isFalse();
    assertThat(new DeletePlanner(cluster.store()).deletes(second, 5)).containsExactly(chunk);
  }

  @Test
  void aBadReplicaOfWhoIsNoMemberIsDeleted() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 10);
    int other = cluster.slot(3).acting().get(2);
    assertThat(cluster.bad(chunk, other)).isTrue();
    assertThat(new DeletePlanner(cluster.store()).deletes(other, 5)).containsExactly(chunk);
    assertThat(cluster.bad(chunk, other)).as("known").isFalse();
    assertThat(cluster.lacking(chunk)).isEmpty();
  }

  @Test
  void garbageInItsGraceIsDeletedByAJoinerThatIsGivenUp() {
    fillSlotsThenAddServer();
    int slot = movingSlot();
    int position = positionOf4(slot);
    ok(cluster.beginJoin(slot, position, 4));
    ok(cluster.advanceJoin(slot, position, 4));
    cluster.repairAll(4);
    ok(cluster.names.unlink("ann", "/tmp/s" + slot + "r3"));
    cluster.names.purge(10);
    ok(cluster.set(4, ServerMembership.DRAINING));
    cluster.releaseGarbage(100);
    List<ChunkId> deletes = GarbageTable.deletesOf(cluster.store(), 4, 100);
    assertThat(deletes).hasSize(3 - position);
    // Whoever opened the file before reads on while the grace lasts.
    assertThat(new DeletePlanner(cluster.store()).deletes(4, 100)).hasSize(2 - position);
    cluster.tick(ChunkCluster.GRACE);
    cluster.releaseGarbage(100);
    assertThat(new DeletePlanner(cluster.store()).deletes(4, 100)).hasSize(3 - position);
  }

  @Test
  void hazardB12WhatAServerStillHadToDeleteIsForgottenWithIt() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 10);
    List<Integer> acting = cluster.slot(3).acting();
    ok(cluster.replicate("ann", "f", 1));
    cluster.bad(chunk, acting.get(0));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    ok(cluster.set(acting.get(1), ServerMembership.OUT));
    cluster.releaseGarbage(100);
    assertThat(cluster.chunk(chunk).isLost()).isTrue();
  }

  private static int weightOf(ChunkCluster servers, int number, long capacity) throws Exception {
    int id =
        ok(servers.run(
                Command.newBuilder()
                    .setRegisterServer(
                        ChunkCluster.registration(number).setCapacityBytes(capacity))))
            .getServer();
    return ServerTable.find(servers.store(), id).orElseThrow().weight();
  }

  @Test
  void aNewServerIsWeighedByItsCapacity() throws Exception {
    ChunkCluster servers = new ChunkCluster(0);
    long disk = 4L << 40;
    assertThat(weightOf(servers, 1, disk)).isEqualTo(100);
    // Disks of one kind differ by a little.
    assertThat(weightOf(servers, 2, disk - disk / 30)).isEqualTo(100);
    assertThat(weightOf(servers, 3, 2 * disk)).isEqualTo(200);
    assertThat(weightOf(servers, 4, disk / 4)).isEqualTo(30);
    assertThat(weightOf(servers, 5, 1)).isEqualTo(10);
    // One that was registered before keeps its weight, whatever was done to its disks.
    assertThat(weightOf(servers, 3, disk)).isEqualTo(200);
    // One without any limit does not say how large it is, and hides how large all are.
    assertThat(weightOf(servers, 6, Long.MAX_VALUE)).isEqualTo(100);
    assertThat(weightOf(servers, 7, 2 * disk)).isEqualTo(100);
  }

  @Test
  void aNewServerIsWeighedByThoseThatAreIn() throws Exception {
    ChunkCluster servers = new ChunkCluster(0);
    assertThat(weightOf(servers, 1, 1L << 40)).isEqualTo(100);
    assertThat(weightOf(servers, 2, Long.MAX_VALUE)).isEqualTo(100);
    ok(servers.set(2, ServerMembership.OUT));
    assertThat(weightOf(servers, 3, 3L << 40)).isEqualTo(300);
  }
}
