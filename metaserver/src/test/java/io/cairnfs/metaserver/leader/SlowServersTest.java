package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.metaserver.leader.SlowServers.Said;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.metadata.SlowPart;
import io.cairnfs.proto.metadata.SlowPart.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class SlowServersTest {
  private static final long FAST = 10_000;
  private static final long SLOW = 800_000;

  private final SlowServers slow = new SlowServers();

  private static VolumeStatus volume(String id, long forceMicros) {
    return VolumeStatus.newBuilder().setVolume(id).setForceP99Micros(forceMicros).build();
  }

  private static Said oneDisk(int server, long forceMicros) {
    return new Said(server, List.of(volume("v" + server, forceMicros)), Map.of());
  }

  /** So many servers of one disk each, in so many windows. */
  private void windows(int windows, int servers, IntToLongFunction forceMicros) {
    for (int i = 0; i < windows; i++) {
      List<Said> all = new ArrayList<>();
      for (int server = 1; server <= servers; server++) {
        all.add(oneDisk(server, forceMicros.applyAsLong(server)));
      }
      slow.judge(all);
    }
  }

  @Test
  void theOneSlowDiskIsFoundInTheThirdWindowAndNamedWithItsFigures() {
    windows(2, 4, server -> server == 2 ? SLOW : FAST);
    assertThat(slow.slow()).isEmpty();
    windows(1, 4, server -> server == 2 ? SLOW : FAST);
    assertThat(slow.slow()).containsExactly(2);
    assertThat(slow.of(2).parts())
        .containsExactly(
            SlowPart.newBuilder()
                .setKind(Kind.FORCES)
                .setVolume("v2")
                .setP99Micros(SLOW)
                .setOthersMedianMicros(FAST)
                .build());
    assertThat(slow.of(1)).isEqualTo(SlowServers.Verdict.GOOD);
    windows(2, 4, server -> FAST);
    assertThat(slow.slow()).containsExactly(2);
    windows(1, 4, server -> FAST);
    assertThat(slow.slow()).isEmpty();
  }

  @Test
  void noiseMarksNobody() {
    Random random = new Random(3);
    for (int i = 0; i < 1_000; i++) {
      int window = i;
      // All swing by a factor of four, and each is far off in two windows of ten, in a row.
      windows(
          1,
          10,
          server ->
              (window + server) % 10 < 2
                  ? SLOW + random.nextInt(1_000_000)
                  : 20_000 + random.nextInt(60_000));
      assertThat(slow.slow()).isEmpty();
    }
  }

  @Test
  void oneServerAloneOrOfTwoIsNeverSlow() {
    windows(10, 1, server -> SLOW);
    assertThat(slow.slow()).isEmpty();
    windows(10, 2, server -> server == 1 ? SLOW : FAST);
    assertThat(slow.slow()).isEmpty();
  }

  @Test
  void whereAllAreSlowNobodyIs() {
    windows(10, 6, server -> SLOW);
    assertThat(slow.slow()).isEmpty();
  }

  @Test
  void atMostAFifthIsSlowAndItIsTheWorst() {
    windows(3, 10, server -> server <= 4 ? SLOW * server : FAST);
    assertThat(slow.slow()).containsExactly(3, 4);
    assertThat(slow.of(1).isSlow()).isFalse();
    assertThat(slow.of(1).parts()).hasSize(1);
    // They do not take turns when another one is worse for a while.
    windows(3, 10, server -> server <= 4 ? SLOW * (5 - server) : FAST);
    assertThat(slow.slow()).containsExactly(3, 4);
  }

  @Test
  void oneSlowDiskOfManyIsNamedAndItsServerIsNotSlow() {
    for (int i = 0; i < 3; i++) {
      List<Said> all = new ArrayList<>();
      all.add(
          new Said(1, List.of(volume("a", SLOW), volume("b", FAST), volume("c", FAST)), Map.of()));
      for (int server = 2; server <= 4; server++) {
        all.add(oneDisk(server, FAST));
      }
      slow.judge(all);
    }
    assertThat(slow.slow()).isEmpty();
    assertThat(slow.of(1).parts()).extracting(SlowPart::getVolume).containsExactly("a");
  }

  @Test
  void aFailedDiskIsNotJudged() {
    for (int i = 0; i < 3; i++) {
      List<Said> all = new ArrayList<>();
      VolumeStatus failed = volume("v1", SLOW).toBuilder().setFailed(true).build();
      all.add(new Said(1, List.of(failed), Map.of()));
      for (int server = 2; server <= 4; server++) {
        all.add(oneDisk(server, FAST));
      }
      slow.judge(all);
    }
    assertThat(slow.of(1)).isEqualTo(SlowServers.Verdict.GOOD);
  }

  private void acknowledgements(Map<Integer, Map<Integer, Long>> said) {
    for (int i = 0; i < 3; i++) {
      List<Said> all = new ArrayList<>();
      said.forEach((server, micros) -> all.add(new Said(server, List.of(), micros)));
      slow.judge(all);
    }
  }

  @Test
  void aServerIsSlowByWhatOthersSayOfIt() {
    acknowledgements(
        Map.of(
            1, Map.of(2, FAST, 3, SLOW),
            2, Map.of(1, FAST, 3, SLOW),
            3, Map.of(1, FAST, 2, FAST)));
    assertThat(slow.slow()).containsExactly(3);
    assertThat(slow.of(3).parts())
        .extracting(SlowPart::getKind)
        .containsExactly(Kind.ACKNOWLEDGEMENTS);
  }

  @Test
  void oneThatFindsAllOthersSlowAccusesNobody() {
    acknowledgements(
        Map.of(
            1, Map.of(2, FAST, 3, FAST),
            2, Map.of(1, FAST, 3, FAST),
            3, Map.of(1, SLOW, 2, SLOW)));
    assertThat(slow.slow()).isEmpty();
  }

  @Test
  void whatASingleOneSaysIsNotEnough() {
    acknowledgements(
        Map.of(
            1, Map.of(2, FAST, 3, SLOW),
            2, Map.of(1, FAST),
            3, Map.of(1, FAST, 2, FAST),
            4, Map.of(1, FAST, 2, FAST)));
    assertThat(slow.slow()).isEmpty();
  }

  @Test
  void aNewTermKnowsNothing() {
    windows(3, 4, server -> server == 2 ? SLOW : FAST);
    slow.reset();
    assertThat(slow.of(2)).isEqualTo(SlowServers.Verdict.GOOD);
    windows(2, 4, server -> server == 2 ? SLOW : FAST);
    assertThat(slow.slow()).isEmpty();
  }
}
