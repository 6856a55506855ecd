package io.cairnfs.contract.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class TallyTest {
  private static final int ONLY_OF_MOUNTS = 1;
  private static final Surroundings ALL = new Surroundings(true, true, false);

  private final Map<KnownDifference, Long> known =
      new EnumMap<>(all(EnumSet.allOf(KnownDifference.class)));
  private final Map<Kind, Long> done = new EnumMap<>(all(EnumSet.allOf(Kind.class)));
  private final Map<Occasion, Long> met = new EnumMap<>(all(EnumSet.allOf(Occasion.class)));
  private final Tally tally = new Tally();

  private static <T extends Enum<T>> Map<T, Long> all(EnumSet<T> each) {
    return each.stream().collect(Collectors.toMap(Function.identity(), one -> 1L));
  }

  private void add() {
    tally.add(500, new Worlds.Result(Optional.empty(), known, done, met));
  }

  @Test
  void nothingIsMissingWhereEverythingWasMet() {
    add();
    assertThat(tally.missing(ALL)).isEmpty();
  }

  @Test
  void everythingIsMissingFromARunOfNothing() {
    assertThat(tally.missing(ALL))
        .hasSize(
            KnownDifference.values().length
                - ONLY_OF_MOUNTS
                + Kind.values().length
                - 1
                + Occasion.values().length);
  }

  @Test
  void aZeroIsNamed() {
    known.remove(KnownDifference.TIMES_BY_WRITERS);
    done.remove(Kind.EXCHANGE);
    met.remove(Occasion.NOT_THE_OWNER);
    add();
    assertThat(tally.missing(ALL))
        .containsExactly(
            "the listed difference TIMES_BY_WRITERS was not met",
            "no call EXCHANGE succeeded",
            "the occasion NOT_THE_OWNER was not met");
    assertThat(tally.missing(new Surroundings(false, true, false)))
        .containsExactly("no call EXCHANGE succeeded");
  }

  @Test
  void countsAreSummedUp() {
    add();
    add();
    assertThat(tally.toString())
        .contains("EXCHANGE=2", "NOT_THE_OWNER=2", "TIMES_BY_WRITERS=2", "1,000 calls in 2");
  }
}
