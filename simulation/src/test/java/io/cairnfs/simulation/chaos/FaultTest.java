package io.cairnfs.simulation.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class FaultTest {
  @Test
  void everyTargetIsMetAndNoFaultOutlastsTheRun() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(5);
    Map<Fault.Target, Integer> met = new EnumMap<>(Fault.Target.class);
    Duration longest = Duration.ZERO;
    for (int i = 0; i < 2_000; i++) {
      Fault fault = Fault.draw(random, Duration.ofSeconds(90));
      met.merge(fault.target(), 1, Integer::sum);
      longest = fault.duration().compareTo(longest) > 0 ? fault.duration() : longest;
      if (fault.target() == Fault.Target.EVERYTHING) {
        assertThat(fault.kind()).isEqualTo(Fault.Kind.KILL);
      }
      assertThat(Fault.draw(random, Duration.ofSeconds(1)).duration())
          .isBetween(Duration.ofMillis(100), Duration.ofMillis(1_100));
    }
    assertThat(met).containsOnlyKeys(Fault.Target.values());
    assertThat(longest).isGreaterThan(Duration.ofSeconds(30));
  }

  @Test
  void aSeedAlwaysDrawsTheSame() {
    RandomGenerator one = RandomGeneratorFactory.of("L64X128MixRandom").create(9);
    RandomGenerator two = RandomGeneratorFactory.of("L64X128MixRandom").create(9);
    for (int i = 0; i < 100; i++) {
      assertThat(Fault.draw(one, Duration.ofMinutes(1)))
          .isEqualTo(Fault.draw(two, Duration.ofMinutes(1)));
    }
  }
}
