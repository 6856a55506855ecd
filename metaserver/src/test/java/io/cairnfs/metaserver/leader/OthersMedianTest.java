package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.metrics.Slowness;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OthersMedianTest {
  @Test
  void itIsTheMedianOfTheOthers() {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 500; round++) {
      int servers = 1 + random.nextInt(6);
      int least = 1 + random.nextInt(3);
      OthersMedian medians = new OthersMedian(least);
      List<long[]> all = new ArrayList<>();
      for (int i = random.nextInt(12); i > 0; i--) {
        // Few values, so that many are equal.
        long[] figure = {random.nextInt(servers), random.nextInt(5)};
        all.add(figure);
        medians.add((int) figure[0], figure[1]);
      }
      for (int server = 0; server < servers; server++) {
        assertThat(medians.without(server)).isEqualTo(expected(all, server, least));
      }
    }
  }

  private static OptionalLong expected(List<long[]> all, int server, int least) {
    List<long[]> others = all.stream().filter(figure -> figure[0] != server).toList();
    return others.stream().mapToLong(figure -> figure[0]).distinct().count() < least
        ? OptionalLong.empty()
        : Slowness.median(others.stream().mapToLong(figure -> figure[1]).toArray());
  }

  @Test
  void figuresMayComeLater() {
    OthersMedian medians = new OthersMedian(1);
    medians.add(1, 10);
    assertThat(medians.without(2)).hasValue(10);
    medians.add(3, 30);
    medians.add(3, 40);
    assertThat(medians.without(2)).hasValue(30);
    assertThat(medians.without(3)).hasValue(10);
  }
}
