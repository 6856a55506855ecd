package io.cairnfs.metaserver.repair;

import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.chunk.ChunkCluster;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotDigests;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import io.cairnfs.proto.dataserver.Verdict;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlannersTest {
  private static final ReplicaHealth ALL_UP = server -> ServerHealth.UP;

  private final ChunkCluster cluster = new ChunkCluster(3);

  private List<CopyTask> copies(int server, ReplicaHealth health) {
    return new CopyPlanner(cluster.store(), health)
        .plan(server, Optional.empty(), Set.of(), 10)
        .tasks();
  }

  private static List<Integer> sources(CopyTask task) {
    return task.getSourcesList().stream().map(Member::getServer).toList();
  }

  // Copies.

  @Test
  void theWeakestChunkIsCopiedFirst() {
    ChunkId strong = cluster.sealedFile("ann", "f", 3, 3, 10);
    ChunkId weak = cluster.sealedFile("ann", "g", 3, 3, 10);
    List<Integer> members = cluster.slot(3).acting();
    int lacking = members.get(0);
    cluster.bad(strong, lacking);
    cluster.bad(weak, lacking);
    cluster.bad(weak, members.get(1));
    List<CopyTask> tasks = copies(lacking, ALL_UP);
    assertThat(tasks.stream().map(CopyTask::getChunk))
        .containsExactly(weak.value(), strong.value());
    assertThat(sources(tasks.get(0))).containsExactly(members.get(2));
    assertThat(sources(tasks.get(1))).containsExactly(members.get(1), members.get(2));
    assertThat(tasks.get(0).getLength()).isEqualTo(10);
    assertThat(cluster.repaired(weak, lacking, tasks.get(0).getSince(), 10)).isTrue();
  }

  @Test
  void whatHasNoSourceWithinReachWaits() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 10);
    List<Integer> members = cluster.slot(3).acting();
    cluster.bad(chunk, members.get(0));
    ReplicaHealth down = server -> server == members.get(1) ? ServerHealth.DOWN : ServerHealth.UP;
    assertThat(copies(members.get(0), down)).isEmpty();
    assertThat(copies(members.get(0), ALL_UP)).hasSize(1);
    assertThat(
            new CopyPlanner(cluster.store(), ALL_UP)
                .plan(members.get(0), Optional.empty(), Set.of(chunk), 10)
                .tasks())
        .isEmpty();
    assertThat(
            new CopyPlanner(cluster.store(), ALL_UP)
                .plan(members.get(0), Optional.of(chunk), Set.of(), 10)
                .tasks())
        .isEmpty();
  }

  @Test
  void anUnsealedChunkIsNotCopied() {
    InodeId file = cluster.open("ann", "f", 3);
    List<Integer> members = cluster.slot(3).acting();
    ChunkId chunk = cluster.allocateOn("ann", file, 3, 3, members.subList(0, 2));
    cluster.append("ann", file, 0, chunk, 0, 10);
    assertThat(cluster.lacking(chunk)).containsExactly(members.get(2));
    assertThat(copies(members.get(2), ALL_UP)).isEmpty();
    ok(cluster.commit("ann", cluster.commitOf(file).setClose(true)));
    assertThat(copies(members.get(2), ALL_UP)).hasSize(1);
  }

  // Deletes.

  @Test
  void hazardA8WhatIsWantedAgainIsKept() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 10);
    int last = cluster.slot(3).acting().get(2);
    ok(cluster.replicate("ann", "f", 2));
    assertThat(new DeletePlanner(cluster.store()).deletes(last, 10)).containsExactly(chunk);
    // The delete may be on its way when the member is wanted again: nobody knows what it has.
    ok(cluster.replicate("ann", "f", 3));
    assertThat(cluster.lacking(chunk)).containsExactly(last);
    assertThat(new DeletePlanner(cluster.store()).deletes(last, 10)).isEmpty();
    List<CopyTask> tasks = copies(last, ALL_UP);
    assertThat(tasks).hasSize(1);
    assertThat(sources(tasks.get(0))).hasSize(2).doesNotContain(last);
    // It has the replica, kept or copied: the delete is void.
    assertThat(cluster.repaired(chunk, last, tasks.get(0).getSince(), 10)).isTrue();
    assertThat(cluster.lacking(chunk)).isEmpty();
    assertThat(cluster.garbageEntries()).isZero();
  }

  @Test
  void hazardA8ADeleteThatWasCarriedOutLeavesTheMemberToBeFilled() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 10);
    int last = cluster.slot(3).acting().get(2);
    ok(cluster.replicate("ann", "f", 2));
    ok(cluster.replicate("ann", "f", 3));
    cluster.deleted(last, chunk);
    assertThat(cluster.lacking(chunk)).containsExactly(last);
    assertThat(copies(last, ALL_UP)).hasSize(1);
    assertThat(cluster.garbageEntries()).isZero();
  }

  @Test
  void theOnlyReplicaIsKeptWhereItWasToBeDeleted() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 10);
    List<Integer> members = cluster.slot(3).acting();
    ok(cluster.replicate("ann", "f", 1));
    cluster.bad(chunk, members.get(0));
    ok(cluster.replicate("ann", "f", 2));
    // Nobody else has it: the server is to look at what it has.
    List<CopyTask> tasks = copies(members.get(1), ALL_UP);
    assertThat(tasks).hasSize(1);
    assertThat(tasks.get(0).getSourcesList()).isEmpty();
    assertThat(sources(copies(members.get(0), ALL_UP).get(0))).containsExactly(members.get(1));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    // It has nothing: nobody has, and nobody is asked again.
    assertThat(cluster.bad(chunk, members.get(1))).isTrue();
    assertThat(cluster.chunk(chunk).isLost()).isTrue();
    assertThat(copies(members.get(1), ALL_UP)).isEmpty();
    assertThat(copies(members.get(0), ALL_UP)).isEmpty();
    assertThat(new DeletePlanner(cluster.store()).deletes(members.get(1), 10)).isEmpty();
    // It was there nevertheless, and was sealed late.
    cluster.repairAll(members.get(1));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    assertThat(sources(copies(members.get(0), ALL_UP).get(0))).containsExactly(members.get(1));
  }

  @Test
  void theLastGoodReplicaIsNeverLetGo() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 10);
    List<Integer> members = cluster.slot(3).acting();
    ok(cluster.replicate("ann", "f", 1));
    assertThat(new DeletePlanner(cluster.store()).deletes(members.get(1), 10)).hasSize(1);
    cluster.bad(chunk, members.get(0));
    assertThat(new DeletePlanner(cluster.store()).deletes(members.get(1), 10)).isEmpty();
    // What is left over is a source as long as it is there.
    assertThat(sources(copies(members.get(0), ALL_UP).get(0)))
        .containsExactlyInAnyOrder(members.get(1), members.get(2));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    cluster.repairAll(members.get(0));
    assertThat(new DeletePlanner(cluster.store()).deletes(members.get(1), 10)).hasSize(1);
  }

  // Verdicts.

  private static ReplicaReport report(ChunkId chunk, long length) {
    return ReplicaReport.newBuilder()
        .setChunk(chunk.value())
        .setState(ReplicaState.REPLICA_CLOSED)
        .setLength(length)
        .build();
  }

  private Verdict verdict(ChunkId chunk, long length) {
    return new ReplicaVerdicts(cluster.store()).of(report(chunk, length)).getVerdict();
  }

  @Test
  void hazardA1OnlyWhatCanNeverGetARowIsDead() {
    ChunkId open = cluster.allocate("ann", null, 3, 3);
    assertThat(verdict(open, 100)).isEqualTo(Verdict.KEEP);
    assertThat(verdict(ChunkId.of(0, 3, open.counter() + 1), 100)).isEqualTo(Verdict.KEEP);
    assertThat(verdict(ChunkId.of(0, 9, open.counter()), 100)).isEqualTo(Verdict.DEAD);
  }

  @Test
  void hazardA4SealingFollowsTheCommittedRowOnly() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.append("ann", file, 0, chunk, 0, 40);
    assertThat(verdict(chunk, 40)).isEqualTo(Verdict.KEEP);
    ok(cluster.commit("ann", cluster.commitOf(file).setClose(true)));
    var sealed = new ReplicaVerdicts(cluster.store()).of(report(chunk, 100));
    assertThat(sealed.getVerdict()).isEqualTo(Verdict.SEAL);
    assertThat(sealed.getLength()).isEqualTo(40);
    assertThat(sealed.getReplication()).isEqualTo(3);
  }

  @Test
  void hazardA9AReplicaThatIsTooShortIsRepairedNotSealed() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 40);
    ReplicaVerdicts verdicts = new ReplicaVerdicts(cluster.store());
    assertThat(verdict(chunk, 39)).isEqualTo(Verdict.KEEP);
    assertThat(verdicts.needsRepair(report(chunk, 39))).isTrue();
    assertThat(verdicts.needsRepair(report(chunk, 40))).isFalse();
    assertThat(verdicts.needsRepair(report(ChunkId.of(0, 3, 99), 0))).isFalse();
  }

  // Inventory.

  private static SlotDigest reported(ChunkId chunk, int replication, long length) {
    return SlotDigest.newBuilder()
        .setSlot(chunk.slot())
        .setReplication(replication)
        .setCount(1)
        .setSum(ReplicaHash.of(chunk.value(), length))
        .build();
  }

  @Test
  void hazardA9AVanishedReplicaIsFoundByTheDigestAndNamedByTheList() {
    ChunkId here = cluster.sealedFile("ann", "f", 3, 3, 40);
    ChunkId gone = cluster.sealedFile("ann", "g", 4, 3, 50);
    InventoryCheck check = new InventoryCheck(cluster.store());
    List<SlotDigest> all = List.of(reported(here, 3, 40), reported(gone, 3, 50));
    assertThat(check.mismatches(1, all)).isEmpty();
    List<SlotDigest> mismatches = check.mismatches(1, List.of(reported(here, 3, 40)));
    assertThat(mismatches.stream().map(SlotDigest::getSlot)).containsExactly(4);
    SlotInventoryRequest page =
        SlotInventoryRequest.newBuilder().setServer(1).setSlot(4).setLast(true).build();
    assertThat(check.missing(page)).containsExactly(gone);
    // Another length is another replica.
    assertThat(check.missing(page.toBuilder().addReplicas(report(gone, 49)).build()))
        .containsExactly(gone);
    assertThat(check.missing(page.toBuilder().addReplicas(report(gone, 50)).build())).isEmpty();
    // Once the entry is made, everything is as expected.
    cluster.bad(gone, 1);
    assertThat(new InventoryCheck(cluster.store()).mismatches(1, List.of(reported(here, 3, 40))))
        .isEmpty();
    assertThat(new InventoryCheck(cluster.store()).missing(page)).isEmpty();
  }

  @Test
  void aPageOfAnInventorySpeaksOnlyOfItsRange() {
    ChunkId first = cluster.sealedFile("ann", "f", 3, 3, 40);
    ChunkId second = cluster.sealedFile("ann", "g", 3, 3, 40);
    ChunkId third = cluster.sealedFile("ann", "h", 3, 3, 40);
    InventoryCheck check = new InventoryCheck(cluster.store());
    SlotInventoryRequest page =
        SlotInventoryRequest.newBuilder()
            .setServer(1)
            .setSlot(3)
            .addReplicas(report(second, 40))
            .build();
    assertThat(check.missing(page)).containsExactly(first);
    SlotInventoryRequest last =
        SlotInventoryRequest.newBuilder()
            .setServer(1)
            .setSlot(3)
            .setAfter(second.value())
            .setLast(true)
            .build();
    assertThat(check.missing(last)).containsExactly(third);
    assertThat(SlotDigests.expected(cluster.store(), 9, 0, 3, 3).count()).isZero();
  }

  // Joins.

  private List<Command> joins(ReplicaHealth health) {
    return new JoinPlanner(cluster.store(), health, 100, 1000).next(100);
  }

  @Test
  void aServerThatIsOutIsWorkedOffSlotBySlot() {
    for (int slot = 0; slot < 16; slot++) {
      cluster.sealedFile("ann", "f" + slot, slot, 3, 10);
    }
    assertThat(joins(ALL_UP)).isEmpty();
    ok(cluster.set(2, ServerMembership.OUT));
    cluster.addServer();
    // A joiner that is not up is not begun with.
    assertThat(joins(server -> server == 4 ? ServerHealth.DOWN : ServerHealth.UP)).isEmpty();
    assertThat(new JoinPlanner(cluster.store(), ALL_UP, 5, 1000).next(100)).hasSize(5);
    assertThat(joins(ALL_UP)).hasSize(16).allMatch(Command::hasBeginJoin);
    joins(ALL_UP).forEach(command -> ok(cluster.run(command)));
    assertThat(joins(ALL_UP)).hasSize(16).allMatch(Command::hasAdvanceJoin);
    joins(ALL_UP).forEach(command -> ok(cluster.run(command)));
    // Nobody is promoted before it has everything.
    assertThat(joins(ALL_UP)).isEmpty();
    cluster.repairAll(4);
    assertThat(joins(ALL_UP)).hasSize(16).allMatch(Command::hasPromote);
    joins(ALL_UP).forEach(command -> ok(cluster.run(command)));
    assertThat(joins(ALL_UP)).isEmpty();
    for (int slot = 0; slot < 16; slot++) {
      assertThat(cluster.slot(slot).acting()).containsExactlyInAnyOrder(1, 3, 4);
    }
  }

  @Test
  void cursorsWaitWhileTheJoinerHasEnoughToDo() {
    cluster.sealedFile("ann", "f", 3, 3, 10);
    cluster.sealedFile("ann", "g", 4, 3, 10);
    ok(cluster.set(2, ServerMembership.OUT));
    cluster.addServer();
    joins(ALL_UP).forEach(command -> ok(cluster.run(command)));
    JoinPlanner patient = new JoinPlanner(cluster.store(), ALL_UP, 100, 1);
    ok(cluster.run(patient.next(1).get(0)));
    assertThat(new JoinPlanner(cluster.store(), ALL_UP, 100, 1).next(10)).isEmpty();
    assertThat(new JoinPlanner(cluster.store(), ALL_UP, 100, 2).next(10)).hasSize(1);
  }

  @Test
  void whatIsLostIsNoWorkToWaitFor() {
    for (int i = 0; i < 5; i++) {
      cluster.sealedFile("ann", "f" + i, 3, 1, 10);
    }
    cluster.sealedFile("ann", "g", 4, 3, 10);
    ok(cluster.set(cluster.slot(3).acting().get(0), ServerMembership.OUT));
    cluster.addServer();
    joins(ALL_UP).forEach(command -> ok(cluster.run(command)));
    ok(cluster.advanceJoin(3, 0, 4));
    // Five entries that nobody can ever work off, and a limit of five.
    JoinPlanner planner = new JoinPlanner(cluster.store(), ALL_UP, 100, 5);
    assertThat(planner.next(100)).anyMatch(Command::hasPromote).anyMatch(Command::hasAdvanceJoin);
  }

  @Test
  void hazardA7AStreamThatBlocksAPromotionIsNamed() {
    InodeId file = cluster.open("ann", "log", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.append("ann", file, 0, chunk, 0, 10);
    ok(cluster.set(2, ServerMembership.OUT));
    cluster.addServer();
    joins(ALL_UP).forEach(command -> ok(cluster.run(command)));
    joins(ALL_UP).forEach(command -> ok(cluster.run(command)));
    JoinPlanner planner = new JoinPlanner(cluster.store(), ALL_UP, 100, 1000);
    assertThat(planner.next(10)).isEmpty();
    assertThat(planner.blockers(cluster.slot(3))).hasSize(1);
    // The leader takes it from its writer.
    ok(cluster.fence(chunk, 1));
    cluster.repairAll(4);
    assertThat(new JoinPlanner(cluster.store(), ALL_UP, 100, 1000).next(10))
        .hasSize(1)
        .allMatch(Command::hasPromote);
  }

  // Servers that are silent.

  @Test
  void hazardB12ALeaderThatIsCutOffStrikesNobodyOut() {
    ChunkCluster ten = new ChunkCluster(10);
    List<ServerRecord> servers = ServerTable.all(ten.store());
    OutPolicy policy = new OutPolicy(3);
    assertThat(policy.toStrike(servers, Set.of(4))).containsExactly(4);
    assertThat(policy.toStrike(servers, Set.of(4, 5))).containsExactly(4, 5);
    assertThat(policy.toStrike(servers, Set.of(4, 5, 6))).isEmpty();
    assertThat(policy.toStrike(servers, Set.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))).isEmpty();
    assertThat(policy.toStrike(servers, Set.of())).isEmpty();
    ok(ten.set(4, ServerMembership.MAINTENANCE));
    servers = ServerTable.all(ten.store());
    assertThat(policy.toStrike(servers, Set.of(4))).isEmpty();
    // Somebody is at work on that one: others that are silent are as many as before.
    assertThat(policy.toStrike(servers, Set.of(4, 5, 6))).containsExactly(5, 6);
    assertThat(policy.toStrike(servers, Set.of(4, 5, 6, 7))).isEmpty();
    // Three of three replicas: nobody could take over.
    assertThat(policy.toStrike(ServerTable.all(cluster.store()), Set.of(2))).isEmpty();
  }

  @Test
  void whereOneReplicaIsLeftNobodyWaits() throws Exception {
    ChunkCluster five = new ChunkCluster(5);
    var servers = ServerTable.all(five.store());
    OutPolicy policy = new OutPolicy(3);
    Set<Integer> down = Set.of(2, 5);
    // Some slot of so many has both.
    assertThat(WeakSlots.missing(five.store(), down)).isEqualTo(down);
    assertThat(policy.toStrike(servers, down)).isEmpty();
    assertThat(policy.toStrikeAtOnce(servers, down, down)).containsExactly(2, 5);
    assertThat(WeakSlots.missing(five.store(), Set.of(2))).isEmpty();
    assertThat(policy.toStrikeAtOnce(servers, down, Set.of())).isEmpty();
    // Too few would remain, or most are silent.
    assertThat(policy.toStrikeAtOnce(servers, Set.of(1, 2, 5), down)).isEmpty();
    var ten = ServerTable.all(new ChunkCluster(10).store());
    assertThat(policy.toStrikeAtOnce(ten, Set.of(1, 2, 3, 4, 5), down)).isEmpty();
    assertThat(policy.toStrikeAtOnce(ten, Set.of(1, 2, 3, 5), down)).containsExactly(2, 5);
    ok(five.set(5, ServerMembership.MAINTENANCE));
    assertThat(policy.toStrikeAtOnce(ServerTable.all(five.store()), down, down)).containsExactly(2);
  }

  @Test
  void ofASlotOfTwoOneIsNoReasonToHurry() throws Exception {
    ChunkCluster two = new ChunkCluster(2);
    assertThat(WeakSlots.missing(two.store(), Set.of(1, 2))).isEmpty();
    assertThat(WeakSlots.missing(two.store(), Set.of(1))).isEmpty();
  }

  @Test
  void oneRackMayBeStruckOutAsAWhole() {
    ChunkCluster racks = new ChunkCluster(0);
    for (int id = 1; id <= 9; id++) {
      ok(
          racks.run(
              Command.newBuilder()
                  .setRegisterServer(ChunkCluster.registration(id).setRack("r" + id % 3))));
    }
    OutPolicy policy = new OutPolicy(3);
    var servers = ServerTable.all(racks.store());
    assertThat(policy.toStrike(servers, Set.of(1, 4, 7))).containsExactly(1, 4, 7);
    assertThat(policy.toStrike(servers, Set.of(1, 4, 8))).isEmpty();
  }

  // Servers that are nearly full.

  private static Optional<FullServers.Space> free(int percent) {
    return Optional.of(new FullServers.Space(1000, 10L * percent));
  }

  @Test
  void aServerThatIsNearlyFullLosesATenthOfItsSlots() throws Exception {
    ChunkCluster four = new ChunkCluster(4);
    var servers = ServerTable.all(four.store());
    assertThat(FullServers.next(servers, 3, id -> free(id == 2 ? 9 : 30)))
        .hasValueSatisfying(
            relief -> {
              assertThat(relief.server()).isEqualTo(2);
              assertThat(relief.weight()).isEqualTo(90);
            });
    // The fullest one first.
    assertThat(FullServers.next(servers, 3, id -> free(id == 4 ? 3 : id == 2 ? 9 : 60)))
        .hasValueSatisfying(relief -> assertThat(relief.server()).isEqualTo(4));
    // Room enough; nobody has more room; nowhere to go; who has does not answer, or is leaving.
    assertThat(FullServers.next(servers, 3, id -> free(id == 2 ? 10 : 90))).isEmpty();
    assertThat(FullServers.next(servers, 3, id -> free(id == 2 ? 5 : 14))).isEmpty();
    assertThat(FullServers.next(servers, 4, id -> free(id == 2 ? 9 : 30))).isEmpty();
    assertThat(
            FullServers.next(servers, 3, id -> id == 1 ? Optional.empty() : free(id == 2 ? 9 : 30)))
        .isEmpty();
    ok(four.set(2, ServerMembership.DRAINING));
    assertThat(FullServers.next(ServerTable.all(four.store()), 3, id -> free(id == 2 ? 9 : 30)))
        .isEmpty();
  }

  @Test
  void aServerKeepsALeastShareHoweverFullItIs() throws Exception {
    ChunkCluster four = new ChunkCluster(4);
    int weight = 100;
    for (int step = 0; step < 40; step++) {
      Optional<FullServers.Relief> relief =
          FullServers.next(ServerTable.all(four.store()), 3, id -> free(id == 2 ? 1 : 50));
      if (relief.isEmpty()) {
        break;
      }
      assertThat(relief.get().weight()).isLessThan(weight);
      weight = relief.get().weight();
      ok(
          four.run(
              Command.newBuilder()
                  .setSetServer(SetServer.newBuilder().setServer(2).setWeight(weight))));
    }
    assertThat(weight).isEqualTo(10);
  }
}
