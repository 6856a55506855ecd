package io.cairnfs.raft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole groups under faults. A failing seed is repeated with {@code bin/cairn simulate}. */
final class RaftSimulationTest {
  private static final int SEEDS = Boolean.getBoolean("cairn.long") ? 20_000 : 9_000;

  @Test
  void thousandsOfSeedsKeepAllInvariantsAndConverge() throws InterruptedException {
    SimulationReport report = run(1, SEEDS, Scenario.MIXED, 2);
    System.out.println("seeds 1 to " + SEEDS + ", " + report.events() + " events");
    report.counts().forEach((kind, count) -> System.out.println(kind + " " + count));
    assertThat(report.failures()).isEmpty();
    assertThat(report.zeros()).as("what was never met was not tested").isEmpty();
    assertThat(report.events()).isGreaterThanOrEqualTo(2_000L * SEEDS);
    assertThat(report.faults()).isGreaterThanOrEqualTo(20L * SEEDS);
  }

  @Test
  void aSeedAlwaysRunsTheSameWay() throws InterruptedException {
    assertThat(traceOf(7)).isEqualTo(traceOf(7)).isNotEqualTo(traceOf(8));
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        5, // a suspended machine's lease was looked at before its clock
        7, 9, 13, 18, // asking a stalled follower about entries cut from the log since
        50, // a checkpoint of a store that was ahead of the core's commit index after a restart
        81, // answers to the question above were taken for answers to heartbeats: an avalanche
        89, // a member went on with its round after its disk had failed
        181, // the operator removed a voter while another one was damaged
        6576, 6838, 10045, // voters whose removal was not committed did not stand, but had to
        6600, 7141, // a force that failed at start, and a second start without a reboot
      })
  void seedsThatFailedOnceStayGood(long seed) throws InterruptedException {
    assertThat(run(seed, 1, Scenario.MIXED, 1).failures()).isEmpty();
  }

  private static SimulationReport run(long first, int seeds, Scenario scenario, int threads)
      throws InterruptedException {
    return RaftSimulation.run(
        new SimulationOptions(first, seeds, scenario, threads, Optional.empty()));
  }

  private static List<String> traceOf(long seed) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    Consumer<String> trace = lines::add;
    RaftSimulation.run(new SimulationOptions(seed, 1, Scenario.MIXED, 1, Optional.of(trace)));
    return lines;
  }
}
