package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.InventoryCheck;
import io.cairnfs.metaserver.repair.JoinPlanner;
import io.cairnfs.metaserver.repair.WeakSlots;
import io.cairnfs.proto.command.AddPool;
import io.cairnfs.proto.command.BeginJoin;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Several pools, and the slots of coded ones, whose members never change their positions. */
class CodedPoolTest {
  private static final int RS_3_2 = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY).value();
  private static final int SLOTS = 16;
  private static final int WIDTH = 5;

  private ChunkCluster cluster = new ChunkCluster(5);

  private CommandReply add(int pool) {
    return cluster.run(Command.newBuilder().setAddPool(AddPool.newBuilder().setPool(pool)));
  }

  private List<SlotRecord> slots() {
    return SlotTable.ofPool(cluster.store(), RS_3_2);
  }

  /** A row of a sealed cell, so that the slot does not take its target at once. */
  private ChunkId cell(int slot, int cell) {
    ChunkId id = ChunkId.of(RS_3_2, slot, 1 << 5).withCell(cell);
    cluster.names.damage(
        names -> {
          names.transaction().setCounter(Counter.CHUNK_COUNTER, 100);
          ChunkTable.put(
              names.transaction(),
              new ChunkRecord(
                  id,
                  ChunkState.SEALED,
                  1,
                  1,
                  100,
                  100,
                  ChunkRecord.NO_SESSION,
                  0,
                  false,
                  false,
                  List.of(),
                  0,
                  0));
        });
    return id;
  }

  private void fillSlots() {
    for (int slot = 0; slot < SLOTS; slot++) {
      for (int cell = 0; cell < WIDTH; cell++) {
        cell(slot, cell);
      }
    }
  }

  /** Does what the leader would, until nothing is left to move. */
  private void settle(Set<Integer> silent) {
    while (true) {
      List<Command> next =
          new JoinPlanner(
                  cluster.store(),
                  server -> silent.contains(server) ? ServerHealth.DOWN : ServerHealth.UP,
                  256,
                  4096)
              .next(256);
      if (next.isEmpty()) {
        return;
      }
      for (Command command : next) {
        ok(cluster.run(command));
      }
      ServerTable.all(cluster.store()).forEach(server -> cluster.repairAll(server.id()));
      while (cluster.releaseGarbage(1000) == 1000) {}
    }
  }

  @Test
  void aPoolIsMadeOnceAndUnknownOnesAreRefused() {
    assertThat(ok(add(RS_3_2)).getChanged()).isTrue();
    List<SlotRecord> slots = slots();
    assertThat(slots).hasSize(SLOTS);
    assertThat(ok(add(RS_3_2)).getChanged()).isFalse();
    assertThat(slots()).isEqualTo(slots);
    assertThat(PoolRecord.all(cluster.store()).stream().map(PoolRecord::id))
        .containsExactly(0, RS_3_2);
    int unknownCode = RS_3_2 | 63;
    int unknownNumber = 5;
    int fromTheFuture = RS_3_2 | 1 << 9;
    for (int pool : new int[] {unknownCode, unknownNumber, fromTheFuture, 1 << 10}) {
      assertThat(error(add(pool))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
    assertThat(PoolRecord.all(cluster.store())).hasSize(2);
  }

  @Test
  void everySlotHasAMemberForEachCellOrNone() {
    ok(add(RS_3_2));
    for (SlotRecord slot : slots()) {
      assertThat(slot.acting()).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
      assertThat(slot.target()).isEqualTo(slot.acting());
    }
    ok(add(PoolId.coded(CodingPolicy.RS_6_3, StorageClass.ANY).value()));
    for (SlotRecord slot :
        SlotTable.ofPool(
            cluster.store(), PoolId.coded(CodingPolicy.RS_6_3, StorageClass.ANY).value())) {
      assertThat(slot.acting()).isEmpty();
    }
    IntStream.range(0, 4).forEach(each -> cluster.addServer());
    for (SlotRecord slot :
        SlotTable.ofPool(
            cluster.store(), PoolId.coded(CodingPolicy.RS_6_3, StorageClass.ANY).value())) {
      assertThat(slot.acting()).hasSize(9);
    }
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).isZero();
  }

  @Test
  void aPoolThatComesBeforeItsServersWaitsForThem() {
    cluster = new ChunkCluster(4);
    ok(add(RS_3_2));
    assertThat(slots()).allMatch(slot -> slot.acting().isEmpty() && slot.target().isEmpty());
    cluster.addServer();
    assertThat(slots()).allMatch(slot -> slot.acting().size() == WIDTH);
  }

  @Test
  void withTooFewServersAMemberThatIsOutKeepsItsPlaceUntilAnotherComes() {
    ok(add(RS_3_2));
    fillSlots();
    List<SlotRecord> before = slots();
    ok(cluster.set(3, ServerMembership.OUT));
    assertThat(slots()).isEqualTo(before);
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).isZero();
    ok(cluster.set(5, ServerMembership.OUT));
    assertThat(slots()).isEqualTo(before);
    int sixth = cluster.addServer();
    settle(Set.of(3, 5));
    int seventh = cluster.addServer();
    settle(Set.of(3, 5));
    for (int slot = 0; slot < SLOTS; slot++) {
      List<Integer> members = slots().get(slot).acting();
      assertThat(members).containsExactlyInAnyOrder(1, 2, 4, sixth, seventh);
      for (int stays : new int[] {1, 2, 4}) {
        assertThat(members.indexOf(stays)).isEqualTo(before.get(slot).acting().indexOf(stays));
      }
    }
    assertThat(Counter.SLOTS_MOVING.in(cluster.store())).isZero();
  }

  @Test
  void aJoinerLacksTheCellsOfItsPositionAndNoOthers() {
    ok(add(RS_3_2));
    fillSlots();
    int position = slots().get(3).acting().indexOf(2);
    ok(cluster.set(2, ServerMembership.OUT));
    int sixth = cluster.addServer();
    SlotRecord slot = slots().get(3);
    assertThat(slot.target().get(position)).isEqualTo(sixth);
    for (Command command :
        new JoinPlanner(cluster.store(), s -> ServerHealth.UP, 256, 9).next(1_000)) {
      ok(cluster.run(command));
    }
    for (Command command :
        new JoinPlanner(cluster.store(), s -> ServerHealth.UP, 256, 999).next(1_000)) {
      ok(cluster.run(command));
    }
    for (int cell = 0; cell < WIDTH; cell++) {
      ChunkId id = ChunkId.of(RS_3_2, 3, 1 << 5).withCell(cell);
      assertThat(cluster.lacking(id)).isEqualTo(cell == position ? List.of(sixth) : List.of());
    }
  }

  @Test
  void whoServesOnePositionDoesNotJoinAnother() {
    ok(add(RS_3_2));
    fillSlots();
    SlotRecord slot = slots().get(3);
    int last = slot.acting().get(WIDTH - 1);
    cluster.names.damage(
        names -> {
          List<Integer> target = new ArrayList<>(slot.target());
          target.set(0, last);
          target.set(WIDTH - 1, slot.acting().get(0));
          SlotTable.put(names.transaction(), slot.withTarget(target));
        });
    assertThat(new JoinPlanner(cluster.store(), s -> ServerHealth.UP, 256, 9).next(9)).isEmpty();
    CommandReply refused =
        cluster.run(
            Command.newBuilder()
                .setBeginJoin(
                    BeginJoin.newBuilder()
                        .setPool(RS_3_2)
                        .setSlot(3)
                        .setPosition(0)
                        .setServer(last)));
    assertThat(error(refused)).isEqualTo(ErrorCode.RETRY);
    assertThat(refused.getErrorMessage()).contains("still serves position 4");
  }

  @Test
  void nobodyEverChangesPositionWhateverServersDo() {
    for (int seed = 0; seed < 20; seed++) {
      cluster = new ChunkCluster(5);
      ok(add(RS_3_2));
      fillSlots();
      Random random = new Random(seed);
      Set<Integer> in = new HashSet<>(Set.of(1, 2, 3, 4, 5));
      Set<Integer> gone = new HashSet<>();
      for (int step = 0; step < 12; step++) {
        List<SlotRecord> before = slots();
        if (random.nextInt(3) > 0 || in.size() < 3) {
          in.add(cluster.addServer());
        } else {
          int leaves = List.copyOf(in).get(random.nextInt(in.size()));
          in.remove(leaves);
          gone.add(leaves);
          ok(cluster.set(leaves, ServerMembership.OUT));
        }
        if (random.nextBoolean()) {
          settle(gone);
        }
        for (int slot = 0; slot < SLOTS; slot++) {
          List<Integer> old = before.get(slot).acting();
          SlotRecord now = slots().get(slot);
          assertThat(now.acting()).as("seed %d", seed).hasSize(WIDTH).doesNotHaveDuplicates();
          assertThat(now.target()).as("seed %d", seed).hasSize(WIDTH).doesNotHaveDuplicates();
          for (int server : now.acting()) {
            assertThat(old.indexOf(server)).isIn(-1, now.acting().indexOf(server));
          }
          for (int server : now.target()) {
            assertThat(now.acting().indexOf(server)).isIn(-1, now.target().indexOf(server));
          }
        }
      }
      if (in.size() >= WIDTH) {
        settle(gone);
        for (SlotRecord slot : slots()) {
          assertThat(slot.isMoving()).as("seed %d: %s", seed, slot).isFalse();
          assertThat(in).as("seed %d: %s", seed, slot).containsAll(slot.acting());
        }
      }
    }
  }

  @Test
  void aPoolOfAClassHasNoMembersWhereNobodyHasSuchVolumes() {
    int fast = PoolId.replicated(StorageClass.SSD).value();
    ok(add(fast));
    assertThat(SlotTable.ofPool(cluster.store(), fast))
        .hasSize(SLOTS)
        .allMatch(slot -> slot.acting().isEmpty());
  }

  @Test
  void digestsOfCellsAreComparedOneByOne() {
    ok(add(RS_3_2));
    ChunkId cell = cell(3, 1);
    int holder = slots().get(3).acting().get(1);
    int other = slots().get(3).acting().get(2);
    InventoryCheck check = new InventoryCheck(cluster.store());
    assertThat(check.mismatches(other, List.of())).isEmpty();
    List<SlotDigest> expected = check.mismatches(holder, List.of());
    assertThat(expected).hasSize(1);
    assertThat(expected.get(0).getPool()).isEqualTo(RS_3_2);
    assertThat(expected.get(0).getSlot()).isEqualTo(3);
    assertThat(expected.get(0).getReplication()).isEqualTo(128 + 1);
    assertThat(check.mismatches(holder, expected)).isEmpty();
    assertThat(check.mismatches(other, expected)).hasSize(1);
    assertThat(cell.cell()).isEqualTo(1);
  }

  @Test
  void aCodedSlotIsWeakWhenNoMoreOfItMayGo() {
    Set<Integer> down = Set.of(1, 2);
    Set<Integer> ofReplicated = WeakSlots.missing(cluster.store(), down);
    ok(add(RS_3_2));
    assertThat(WeakSlots.missing(cluster.store(), down))
        .as("nobody could take their places")
        .isEqualTo(ofReplicated);
    IntStream.range(0, 30).forEach(each -> cluster.addServer());
    SlotRecord slot = slots().get(0);
    Set<Integer> two = Set.copyOf(slot.acting().subList(0, 2));
    assertThat(WeakSlots.missing(cluster.store(), two)).isEqualTo(two);
    Set<Integer> apart = Set.of(slot.acting().get(0), notWith(slot.acting().get(0)));
    assertThat(WeakSlots.missing(cluster.store(), apart)).isEmpty();
  }

  /** A server that shares no slot with another one. */
  private int notWith(int server) {
    return ServerTable.all(cluster.store()).stream()
        .map(ServerRecord::id)
        .filter(
            other ->
                SlotTable.all(cluster.store()).stream()
                    .noneMatch(
                        slot -> slot.acting().contains(server) && slot.acting().contains(other)))
        .findFirst()
        .orElseThrow();
  }
}
