package io.cairnfs.metaserver.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class SlotChooserTest {
  private static final int[][] FOUR_SLOTS = {{1, 2, 3}, {2, 3, 4}, {3, 4, 1}, {4, 1, 2}};

  private final SlotChooser chooser =
      new SlotChooser(2, RandomGeneratorFactory.of("L64X128MixRandom").create(1));

  private void update(int[][] slots, int servers, Integer... down) {
    List<ServerCondition> conditions = new ArrayList<>();
    for (int id = 1; id <= servers; id++) {
      boolean up = !List.of(down).contains(id);
      conditions.add(new ServerCondition(id, "d" + id, "host" + id, up, false, 0));
    }
    chooser.update(slots, conditions);
  }

  @Test
  void onlySlotsWhoseMembersAreAllUpAreChosen() throws CairnException {
    update(FOUR_SLOTS, 4, 2);
    for (int i = 0; i < 50; i++) {
      SlotChoice choice = chooser.choose(3, "", List.of());
      assertThat(choice.slot()).isEqualTo(2);
      assertThat(choice.pipeline()).containsExactly(3, 4, 1);
    }
  }

  @Test
  void ofServersToAvoidTheOneThatFailedLastIsLeftOutWhenOthersAreNeeded() throws CairnException {
    update(new int[][] {{1, 2, 3}}, 3);
    assertThat(chooser.choose(3, "", List.of(3, 2)).pipeline()).containsExactly(1, 2);
    assertThat(chooser.choose(3, "", List.of(2, 3)).pipeline()).containsExactly(1, 3);
    assertThat(chooser.choose(3, "", List.of(1, 2, 3)).pipeline()).containsExactly(2, 3);
  }

  @Test
  void onlyThePositionsOfTheReplicationCount() throws CairnException {
    update(FOUR_SLOTS, 4, 2, 3);
    for (int i = 0; i < 50; i++) {
      SlotChoice choice = chooser.choose(1, "", List.of());
      assertThat(choice.slot()).isIn(0, 3);
      assertThat(choice.pipeline()).hasSize(1);
    }
  }

  @Test
  void theWritersOwnHostComesFirst() throws CairnException {
    update(FOUR_SLOTS, 4);
    Set<Integer> slots = new TreeSet<>();
    for (int i = 0; i < 100; i++) {
      SlotChoice choice = chooser.choose(3, "host3", List.of());
      slots.add(choice.slot());
      assertThat(choice.pipeline().get(0)).isEqualTo(3);
    }
    assertThat(slots).containsExactly(0, 1, 2);
    // The others keep the order of their positions.
    update(new int[][] {{1, 2, 3}}, 3);
    assertThat(chooser.choose(3, "host3", List.of()).pipeline()).containsExactly(3, 1, 2);
  }

  @Test
  void theLessLoadedOfTwoIsTaken() throws CairnException {
    int[][] pairs = {{1, 2}, {3, 4}};
    chooser.update(
        pairs,
        List.of(
            new ServerCondition(1, "d1", "a", true, false, 50),
            new ServerCondition(2, "d2", "b", true, false, 50),
            new ServerCondition(3, "d3", "c", true, false, 0),
            new ServerCondition(4, "d4", "d", true, false, 0)));
    int busy = 0;
    for (int i = 0; i < 40; i++) {
      busy += chooser.choose(2, "", List.of()).slot() == 0 ? 1 : 0;
    }
    // Two equal picks of the busy slot happen one time in four, a mixed pair never takes it.
    assertThat(busy).isLessThan(20);
    chooser.updateLoad(3, 1_000);
    int other = 0;
    for (int i = 0; i < 40; i++) {
      other += chooser.choose(2, "", List.of()).slot() == 1 ? 1 : 0;
    }
    assertThat(other).isLessThan(20);
  }

  private static ServerCondition condition(int server, boolean slow, int streams) {
    return new ServerCondition(server, "d" + server, "host" + server, true, slow, streams);
  }

  @Test
  void slowMembersCountForMoreThanLoad() throws CairnException {
    int[][] pairs = {{1, 2}, {3, 4}};
    chooser.update(
        pairs,
        List.of(
            condition(1, true, 0),
            condition(2, false, 0),
            condition(3, false, 100_000),
            condition(4, false, 100_000)));
    int slow = 0;
    for (int i = 0; i < 400; i++) {
      slow += chooser.choose(2, "", List.of()).slot() == 0 ? 1 : 0;
    }
    // Where both picks are the slow slot.
    assertThat(slow).isBetween(60, 140);
  }

  @Test
  void aSlowServerIsStillTakenWhereThereIsNoOther() throws CairnException {
    chooser.update(
        new int[][] {{1, 2, 3}},
        List.of(condition(1, true, 0), condition(2, false, 0), condition(3, false, 0)));
    assertThat(chooser.choose(3, "", List.of()).pipeline()).containsExactly(1, 2, 3);
  }

  @Test
  void aWritersOwnHostIsNotPreferredWhileItIsSlow() throws CairnException {
    int[][] pairs = {{1, 2}, {3, 4}};
    chooser.update(
        pairs,
        List.of(
            condition(1, true, 0),
            condition(2, false, 0),
            condition(3, false, 0),
            condition(4, false, 0)));
    int own = 0;
    for (int i = 0; i < 400; i++) {
      own += chooser.choose(2, "host1", List.of()).slot() == 0 ? 1 : 0;
    }
    assertThat(own).isBetween(60, 140);
    assertThat(chooser.choose(2, "host2", List.of()).slot()).isZero();
  }

  @Test
  void choicesThemselvesCountAsLoad() throws CairnException {
    int[][] pairs = {{1, 2}, {3, 4}};
    update(pairs, 4);
    int first = 0;
    for (int i = 0; i < 1_000; i++) {
      first += chooser.choose(2, "", List.of()).slot() == 0 ? 1 : 0;
    }
    assertThat(first).isBetween(480, 520);
  }

  @Test
  void hazardB1OfThreeServersOneDownTwoTakeTheChunk() throws CairnException {
    update(new int[][] {{1, 2, 3}, {3, 1, 2}}, 3, 1);
    SlotChoice choice = chooser.choose(3, "", List.of());
    assertThat(choice.pipeline()).containsExactlyInAnyOrder(2, 3);
  }

  @Test
  void hazardB1FewerThanTheMinimumIsRefusedNamingTheMissing() {
    update(new int[][] {{1, 2, 3}}, 3, 1, 3);
    assertThatThrownBy(() -> chooser.choose(3, "", List.of()))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_FEW_SERVERS))
        .hasMessageContaining("needs 2 data servers up in one slot, 1 are")
        .hasMessageContaining("not available: d1, d3");
  }

  @Test
  void oneReplicaIsEnoughWhereTheFileAsksForOneOrThereIsOneServer() throws CairnException {
    update(new int[][] {{1, 2, 3}}, 3, 2, 3);
    assertThat(chooser.choose(1, "", List.of()).pipeline()).containsExactly(1);
    update(new int[][] {{1}}, 1);
    assertThat(chooser.choose(3, "", List.of()).pipeline()).containsExactly(1);
  }

  @Test
  void withoutServersTheErrorSaysSo() {
    assertThatThrownBy(() -> chooser.choose(3, "", List.of()))
        .hasMessageContaining("no data server is registered");
  }

  @Test
  void serversToAvoidAreLeftOutWhileOthersRemain() throws CairnException {
    update(FOUR_SLOTS, 4);
    for (int i = 0; i < 30; i++) {
      assertThat(chooser.choose(3, "", List.of(2)).slot()).isEqualTo(2);
    }
    // Every slot has the failing one: it is left out of the pipeline ...
    update(new int[][] {{1, 2, 3}}, 3);
    assertThat(chooser.choose(3, "", List.of(2)).pipeline()).containsExactly(1, 3);
    // ... unless too few would remain.
    update(new int[][] {{1, 2, 3}}, 3, 3);
    assertThat(chooser.choose(3, "", List.of(2)).pipeline()).containsExactly(1, 2);
  }
}
