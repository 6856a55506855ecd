package io.cairnfs.metaserver.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TargetPlannerTest {
  private static final int SLOTS = 4096;
  private static final int WIDTH = 3;

  /** How the weights of servers are dealt out, by id. */
  private enum Weights {
    EQUAL,
    ONE_TWO_FOUR,
    ONE_GIANT;

    private RingServer server(int id, int racks) {
      int weight =
          switch (this) {
            case EQUAL -> 100;
            case ONE_TWO_FOUR -> 50 << (id / 2 % 3);
            case ONE_GIANT -> id == 2 ? 1_000 : 100;
          };
      return new RingServer(id, weight, "r" + id % racks);
    }
  }

  @ParameterizedTest
  @MethodSource("manyClusters")
  void thirtyJoinsAndLeavesInARowStayBalancedAndMoveLittle(
      int slots, int width, int count, Weights weights, int racks) {
    long seed = 1_000L * count + racks;
    RandomGenerator random = random(seed);
    List<RingServer> servers = new ArrayList<>();
    int nextId = 1;
    while (servers.size() < count) {
      servers.add(weights.server(nextId, racks));
      nextId++;
    }
    SlotMap map = TargetPlanner.first(0, slots, servers, width);
    requireLawful(map, servers, width, "first map");
    for (int step = 1; step <= 30; step++) {
      List<RingServer> next = new ArrayList<>(servers);
      if (servers.size() <= Math.max(width, 4) || random.nextBoolean()) {
        next.add(weights.server(nextId, racks));
        nextId++;
      } else {
        next.remove(random.nextInt(next.size()));
      }
      SlotMap after = TargetPlanner.next(0, map, next, width);
      String when = "seed " + seed + " step " + step;
      requireLawful(after, next, width, when);
      requireStablePositions(map, after, when);
      requireFewMoves(map, after, servers, next, width, when);
      map = after;
      servers = next;
    }
  }

  static Stream<Arguments> manyClusters() {
    Stream.Builder<Arguments> clusters = Stream.builder();
    for (Weights weights : Weights.values()) {
      for (int count : new int[] {4, 5, 6, 8, 12, 20, 50, 100, 200}) {
        IntStream.of(1, 2, 3, 5, count)
            .filter(racks -> racks <= count)
            .distinct()
            .forEach(racks -> clusters.add(Arguments.of(1024, 3, count, weights, racks)));
      }
      for (int racks : new int[] {2, 4, 7}) {
        clusters.add(Arguments.of(512, 5, 12, weights, racks));
      }
      clusters.add(Arguments.of(4096, 3, 4, weights, 4));
      clusters.add(Arguments.of(4096, 3, 8, weights, 2));
      clusters.add(Arguments.of(4096, 3, 185, weights, 7));
    }
    return clusters.build();
  }

  // Within 10 % of the optimum, rounded up to a slot; it is computed where a lower bound of it does
  // not suffice.
  private static void requireFewMoves(
      SlotMap map,
      SlotMap after,
      List<RingServer> before,
      List<RingServer> servers,
      int width,
      String when) {
    int moved = after.membershipsNotIn(map);
    int optimum = unavoidableMoves(map, before, servers, width);
    if (moved > mostMoves(optimum)) {
      optimum = LeastMoves.of(map, servers, width);
    }
    assertThat(moved)
        .as("%s: moved, %d the optimum", when, optimum)
        .isLessThanOrEqualTo(mostMoves(optimum));
  }

  private static int mostMoves(int optimum) {
    return optimum + (optimum + 9) / 10;
  }

  // No more than the optimum: memberships of servers that left or have too many, or memberships
  // that servers lack, whichever is more.
  private static int unavoidableMoves(
      SlotMap map, List<RingServer> before, List<RingServer> after, int width) {
    List<RingServer> sorted = after.stream().sorted().toList();
    FairShares shares = new FairShares(sorted, map.slots(), width);
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

  @Test
  void theOptimumIsThatOfATryOfAllMaps() {
    RandomGenerator random = random(5);
    int different = 0;
    for (int round = 0; round < 200; round++) {
      int racks = 1 + random.nextInt(4);
      List<RingServer> before = new ArrayList<>();
      List<RingServer> after = new ArrayList<>();
      for (int id = 1; id <= 5; id++) {
        RingServer server = Weights.values()[random.nextInt(3)].server(id, racks);
        if (id != 5) {
          before.add(server);
        }
        if (id != 1) {
          after.add(server);
        }
      }
      SlotMap map = TargetPlanner.first(round, 4, before, 2);
      int fewest = fewestOfAllMaps(map, new int[4][], 0, after);
      assertThat(LeastMoves.of(map, after, 2)).as("round %d", round).isEqualTo(fewest);
      different += fewest != unavoidableMoves(map, before, after, 2) ? 1 : 0;
    }
    assertThat(different).as("rounds in which racks cost moves").isPositive();
  }

  private static int fewestOfAllMaps(
      SlotMap previous, int[][] members, int slot, List<RingServer> servers) {
    if (slot == members.length) {
      SlotMap map = SlotMap.of(members);
      return faultsOf(map, servers, 2).isEmpty()
          ? map.membershipsNotIn(previous)
          : Integer.MAX_VALUE;
    }
    int fewest = Integer.MAX_VALUE;
    for (RingServer one : servers) {
      for (RingServer other : servers) {
        if (one.id() < other.id()) {
          members[slot] = new int[] {one.id(), other.id()};
          fewest = Math.min(fewest, fewestOfAllMaps(previous, members, slot + 1, servers));
        }
      }
    }
    return fewest;
  }

  private static void requireLawful(SlotMap map, List<RingServer> servers, int width, String when) {
    assertThat(faultsOf(map, servers, width)).as(when).isEmpty();
  }

  // Which slots and servers break a rule.
  private static List<String> faultsOf(SlotMap map, List<RingServer> servers, int width) {
    List<String> faults = new ArrayList<>();
    List<RingServer> sorted = servers.stream().sorted().toList();
    FairShares shares = new FairShares(sorted, map.slots(), width);
    for (int index = 0; index < sorted.size(); index++) {
      int id = sorted.get(index).id();
      double share = shares.share(index);
      if (map.load(id) > Math.ceil(1.05 * share - 1e-6)
          || map.load(id) < Math.floor(0.95 * share + 1e-6)) {
        faults.add("server " + id + " has " + map.load(id) + " of a share of " + share);
      }
    }
    Map<Integer, String> rackOf = new HashMap<>();
    sorted.forEach(server -> rackOf.put(server.id(), server.rack()));
    int racks = new HashSet<>(rackOf.values()).size();
    for (int slot = 0; slot < map.slots(); slot++) {
      Set<String> used = new HashSet<>();
      for (int id : map.members(slot)) {
        used.add(rackOf.getOrDefault(id, "none"));
      }
      if (map.size(slot) != width
          || used.size() != Math.min(width, racks)
          || used.contains("none")) {
        faults.add("slot " + slot + " has " + Arrays.toString(map.members(slot)) + " in " + used);
      }
    }
    return faults;
  }

  private static void requireStablePositions(SlotMap before, SlotMap after, String when) {
    for (int slot = 0; slot < before.slots(); slot++) {
      for (int position = 0; position < before.size(slot); position++) {
        int now = after.positionOf(slot, before.member(slot, position));
        if (now >= 0 && now != position) {
          throw new AssertionError(
              when + ": slot " + slot + " position " + position + " became " + now);
        }
      }
    }
  }

  private static RingServer server(int id, boolean weighted, int racks, RandomGenerator random) {
    int weight = weighted ? 50 + random.nextInt(151) : RingServer.DEFAULT_WEIGHT;
    return new RingServer(id, weight, "r" + id % racks);
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
    assertThat(TargetPlanner.next(0, map, reversed.subList(3, 30), WIDTH))
        .isEqualTo(TargetPlanner.next(0, map, servers.subList(0, 27), WIDTH));
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
    requireStablePositions(before, after, "leave");
    requireStablePositions(after, again, "join");
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
