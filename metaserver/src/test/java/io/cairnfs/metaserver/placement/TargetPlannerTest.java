package io.cairnfs.metaserver.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetPlannerTest {
  private static final int SLOTS = 4096;
  private static final int WIDTH = 3;

  /** Racks dealt out in turn; weights all 100, or 50 to 200. */
  @ParameterizedTest
  @CsvSource({
    "4, 1, false, 1, 10",
    "8, 1, true, 2, 10",
    "12, 3, true, 3, 10",
    "20, 1, true, 4, 10",
    "50, 5, true, 5, 10",
    "50, 1, false, 6, 10",
    "100, 10, true, 7, 10",
    "185, 7, true, 8, 10",
    // Few servers in about as many racks as a slot has members: every slot has nearly every rack,
    // and even the best map has to move more than the sum that the test calls the optimum.
    "5, 1, true, 2, 25",
    "4, 4, false, 2, 40",
    "8, 2, false, 4, 25",
    "20, 4, true, 6, 25",
  })
  void thirtyJoinsAndLeavesInARowStayBalancedAndMoveLittle(
      int count, int racks, boolean weighted, long seed, int percent) {
    RandomGenerator random = random(seed);
    List<RingServer> servers = new ArrayList<>();
    int nextId = 1;
    while (servers.size() < count) {
      servers.add(server(nextId, weighted, racks, random));
      nextId++;
    }
    SlotMap map = TargetPlanner.first(0, SLOTS, servers, WIDTH);
    requireLawful(map, servers, seed, 0);
    for (int step = 1; step <= 30; step++) {
      boolean join = servers.size() <= 4 || random.nextBoolean();
      List<RingServer> next = new ArrayList<>(servers);
      if (join) {
        next.add(server(nextId, weighted, racks, random));
        nextId++;
      } else {
        next.remove(random.nextInt(next.size()));
      }
      SlotMap after = TargetPlanner.next(0, map, next, WIDTH);
      requireLawful(after, next, seed, step);
      int optimum = fewestMoves(map, servers, next);
      assertThat(after.membershipsNotIn(map))
          .as("seed %d step %d: moved, %d the optimum", seed, step, optimum)
          .isLessThanOrEqualTo(optimum + (optimum * percent + 99) / 100);
      map = after;
      servers = next;
    }
  }

  /**
   * What any map must move that has everybody between 0.95 and 1.05 of the share: memberships of
   * servers that left or have too many, or memberships that servers lack, whichever is more.
   */
  private static int fewestMoves(SlotMap map, List<RingServer> before, List<RingServer> after) {
    FairShares shares = new FairShares(after.stream().sorted().toList(), SLOTS, WIDTH);
    List<RingServer> sorted = after.stream().sorted().toList();
    int away = 0;
    for (RingServer server : before) {
      int index = sorted.indexOf(server);
      away +=
          index < 0
              ? map.load(server.id())
              : Math.max(0, map.load(server.id()) - shares.bound(index));
    }
    int lacking = 0;
    for (int index = 0; index < sorted.size(); index++) {
      lacking += Math.max(0, shares.leastBeforeFilling(index) - map.load(sorted.get(index).id()));
    }
    return Math.max(away, lacking);
  }

  private static RingServer server(int id, boolean weighted, int racks, RandomGenerator random) {
    int weight = weighted ? 50 + random.nextInt(151) : RingServer.DEFAULT_WEIGHT;
    return new RingServer(id, weight, "r" + id % racks);
  }

  private static void requireLawful(SlotMap map, List<RingServer> servers, long seed, int step) {
    List<RingServer> sorted = servers.stream().sorted().toList();
    FairShares shares = new FairShares(sorted, SLOTS, WIDTH);
    for (int index = 0; index < sorted.size(); index++) {
      assertThat(map.load(sorted.get(index).id()))
          .as("seed %d step %d: load of server %d", seed, step, sorted.get(index).id())
          .isLessThanOrEqualTo((int) Math.ceil(1.05 * shares.share(index)));
    }
    Set<String> racks = new HashSet<>();
    sorted.forEach(server -> racks.add(server.rack()));
    for (int slot = 0; slot < SLOTS; slot++) {
      assertThat(map.size(slot)).as("members of slot %d", slot).isEqualTo(WIDTH);
      Set<String> used = new HashSet<>();
      for (int id : map.members(slot)) {
        used.add(rackOf(sorted, id));
      }
      assertThat(used)
          .as("seed %d step %d: racks of slot %d", seed, step, slot)
          .hasSize(Math.min(WIDTH, racks.size()));
    }
  }

  private static String rackOf(List<RingServer> servers, int id) {
    return servers.stream().filter(s -> s.id() == id).findFirst().orElseThrow().rack();
  }

  @Test
  void sharesAreProportionalToWeightsWhereNothingElseBinds() {
    List<RingServer> servers = new ArrayList<>();
    long sum = 0;
    for (int id = 1; id <= 20; id++) {
      servers.add(new RingServer(id, 50 + 10 * id, ""));
      sum += 50 + 10 * id;
    }
    FairShares shares = new FairShares(servers, SLOTS, WIDTH);
    for (int index = 0; index < 20; index++) {
      double fair = (double) SLOTS * WIDTH * servers.get(index).weight() / sum;
      assertThat(shares.share(index)).isCloseTo(fair, org.assertj.core.data.Offset.offset(1e-6));
    }
  }

  @Test
  void theOrderInWhichServersAreNamedDoesNotMatter() {
    RandomGenerator random = random(11);
    List<RingServer> servers = new ArrayList<>();
    for (int id = 1; id <= 30; id++) {
      servers.add(server(id, true, 4, random));
    }
    SlotMap map = TargetPlanner.first(0, SLOTS, servers, WIDTH);
    List<RingServer> reversed = new ArrayList<>(servers);
    java.util.Collections.reverse(reversed);
    assertThat(TargetPlanner.first(0, SLOTS, reversed, WIDTH)).isEqualTo(map);
    assertThat(TargetPlanner.first(1, SLOTS, servers, WIDTH)).isNotEqualTo(map);
  }

  @Test
  void nothingMovesWhenNothingChanged() {
    List<RingServer> servers = equal(1, 17);
    SlotMap map = TargetPlanner.first(0, SLOTS, servers, WIDTH);
    assertThat(TargetPlanner.next(0, map, servers, WIDTH)).isEqualTo(map);
  }

  @Test
  void membersThatStayKeepTheirPositions() {
    List<RingServer> servers = equal(1, 9);
    SlotMap before = TargetPlanner.first(0, SLOTS, servers, WIDTH);
    List<RingServer> without = servers.stream().filter(s -> s.id() != 4).toList();
    SlotMap after = TargetPlanner.next(0, before, without, WIDTH);
    SlotMap again = TargetPlanner.next(0, after, servers, WIDTH);
    for (int slot = 0; slot < SLOTS; slot++) {
      requireStable(before, after, slot);
      requireStable(after, again, slot);
    }
  }

  private static void requireStable(SlotMap before, SlotMap after, int slot) {
    for (int position = 0; position < WIDTH; position++) {
      int now = after.positionOf(slot, before.member(slot, position));
      assertThat(now).as("slot %d position %d", slot, position).isIn(-1, position);
    }
  }

  @Test
  void aSmallClusterHasShortSlotsThatGrowAtTheEnd() {
    SlotMap one = TargetPlanner.first(0, 64, equal(1, 1), WIDTH);
    SlotMap two = TargetPlanner.next(0, one, equal(1, 2), WIDTH);
    SlotMap three = TargetPlanner.next(0, two, equal(1, 3), WIDTH);
    for (int slot = 0; slot < 64; slot++) {
      assertThat(one.members(slot)).containsExactly(1);
      assertThat(two.members(slot)).startsWith(1).containsExactlyInAnyOrder(1, 2);
      assertThat(three.members(slot)).startsWith(two.members(slot)).hasSize(3);
    }
  }

  @Test
  void aShrinkingClusterClosesTheGapWithTheLastMember() {
    SlotMap three = TargetPlanner.first(0, 64, equal(1, 3), WIDTH);
    SlotMap two = TargetPlanner.next(0, three, equal(2, 3), WIDTH);
    for (int slot = 0; slot < 64; slot++) {
      int gap = three.positionOf(slot, 1);
      assertThat(two.size(slot)).isEqualTo(2);
      if (gap < 2) {
        assertThat(two.member(slot, gap)).isEqualTo(three.member(slot, 2));
        assertThat(two.member(slot, 1 - gap)).isEqualTo(three.member(slot, 1 - gap));
      } else {
        assertThat(two.members(slot)).containsExactly(three.member(slot, 0), three.member(slot, 1));
      }
    }
    assertThat(TargetPlanner.next(0, two, List.of(), WIDTH).size(0)).isZero();
  }

  @Test
  void aWiderPoolAppendsPositionsAndKeepsNearlyAllOthers() {
    SlotMap narrow = TargetPlanner.first(0, 256, equal(1, 8), 3);
    SlotMap wide = TargetPlanner.next(0, narrow, equal(1, 8), 5);
    int replaced = narrow.membershipsNotIn(wide);
    assertThat(replaced).isLessThan(256 * 3 / 20);
    for (int slot = 0; slot < 256; slot++) {
      assertThat(wide.size(slot)).isEqualTo(5);
    }
  }

  @Test
  void theBoundGivesWayBeforeTheRackAndTheRackBeforeTheCount() {
    // The second rack has one server: it must be in every slot, far above any share by weight.
    List<RingServer> servers = new ArrayList<>();
    for (int id = 1; id <= 9; id++) {
      servers.add(new RingServer(id, 100, id == 9 ? "small" : "large"));
    }
    SlotMap map = TargetPlanner.first(0, 512, servers, WIDTH);
    for (int slot = 0; slot < 512; slot++) {
      assertThat(map.positionOf(slot, 9)).as("slot %d", slot).isNotNegative();
      assertThat(map.size(slot)).isEqualTo(WIDTH);
    }
  }

  @Test
  void aNewRackEntersEverySlotThatDoublesAnother() {
    List<RingServer> servers = new ArrayList<>();
    for (int id = 1; id <= 6; id++) {
      servers.add(new RingServer(id, 100, "r" + id % 2));
    }
    SlotMap before = TargetPlanner.first(0, 512, servers, WIDTH);
    servers.add(new RingServer(7, 100, "r2"));
    SlotMap after = TargetPlanner.next(0, before, servers, WIDTH);
    assertThat(after.load(7)).isEqualTo(512);
    assertThat(after.membershipsNotIn(before)).isEqualTo(512);
  }

  @Test
  void aWeightThatFallsGivesOnlyTheSurplusAway() {
    List<RingServer> servers = equal(1, 10);
    SlotMap before = TargetPlanner.first(0, SLOTS, servers, WIDTH);
    List<RingServer> lighter = new ArrayList<>(servers.subList(0, 9));
    lighter.add(new RingServer(10, 50, ""));
    SlotMap after = TargetPlanner.next(0, before, lighter, WIDTH);
    int bound = new FairShares(lighter, SLOTS, WIDTH).bound(9);
    assertThat(after.load(10)).isEqualTo(bound);
    assertThat(after.membershipsNotIn(before)).isEqualTo(before.load(10) - bound);
  }

  @Test
  void aJoinerTakesTheSlotsForWhichTheRingRanksItHighest() {
    List<RingServer> servers = equal(1, 20);
    SlotMap before = TargetPlanner.first(0, SLOTS, servers, WIDTH);
    List<RingServer> more = equal(1, 21);
    SlotMap after = TargetPlanner.next(0, before, more, WIDTH);
    HashRing ring = new HashRing(more);
    long taken = 0;
    long left = 0;
    int load = after.load(21);
    for (int slot = 0; slot < SLOTS; slot++) {
      int rank = ring.rank(ring.start(0, slot), 20);
      if (after.positionOf(slot, 21) >= 0) {
        taken += rank;
      } else {
        left += rank;
      }
    }
    assertThat(taken / load).isLessThan(left / (SLOTS - load) / 5);
  }

  @Test
  void impossibleArgumentsAreRefused() {
    assertThatThrownBy(() -> TargetPlanner.first(0, 8, equal(1, 3), 0))
        .hasMessageContaining("slot of 0 members");
    List<RingServer> twice = List.of(new RingServer(1, 1, ""), new RingServer(1, 2, ""));
    assertThatThrownBy(() -> TargetPlanner.first(0, 8, twice, 3)).hasMessageContaining("twice");
    assertThatThrownBy(() -> new RingServer(0, 1, "")).hasMessageContaining("not positive");
    assertThatThrownBy(() -> new RingServer(1, 0, "")).hasMessageContaining("weight 0");
    assertThatThrownBy(() -> SlotMap.of(new int[][] {{1, 1}})).hasMessageContaining("twice");
    assertThatThrownBy(() -> SlotMap.of(new int[][] {{0}})).hasMessageContaining("server id 0");
  }

  private static List<RingServer> equal(int firstId, int lastId) {
    List<RingServer> servers = new ArrayList<>();
    for (int id = firstId; id <= lastId; id++) {
      servers.add(new RingServer(id, RingServer.DEFAULT_WEIGHT, ""));
    }
    return servers;
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }
}
