package io.cairnfs.simulation.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.process.ServerLogging;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whole clusters under faults. A failing seed is repeated with {@code cairn simulate --system}. */
final class SystemSimulationTest {
  private static final int SEEDS = Boolean.getBoolean("cairn.long") ? 10_000 : 1_000;

  @BeforeAll
  static void saysNothingOfWhatIsDoneToServers() {
    ServerLogging.setLevel("io.cairnfs", "OFF");
  }

  @Test
  void aThousandSeedsKeepAllInvariantsAndConverge() throws InterruptedException {
    SystemSimulation.Report report = run(1, SEEDS);
    System.out.println(
        "simulation: whole-system seeds 1 to %d, %d events, %d operations, %d faults"
            .formatted(SEEDS, report.events(), report.operations(), report.faults()));
    report.counts().forEach((kind, count) -> System.out.println(kind + " " + count));
    assertThat(report.failures()).isEmpty();
    assertThat(report.zeros()).as("what was never met was not tested").isEmpty();
    assertThat(report.operations()).isGreaterThanOrEqualTo(300L * SEEDS);
    assertThat(report.faults()).isGreaterThanOrEqualTo(8L * SEEDS);
  }

  @Test
  void aSeedAlwaysRunsTheSameWay() throws InterruptedException {
    assertThat(traceOf(3)).isEqualTo(traceOf(3)).isNotEqualTo(traceOf(4));
  }

  @Test
  void filesThatSeveralWriteHaveTheBytesOfTheirWriters() throws InterruptedException {
    SystemSimulation.Report report =
        SystemSimulation.run(
            new SystemSimulation.Options(
                1, SEEDS / 10, SystemScenario.SHARED_FILES, 2, Optional.empty()));
    assertThat(report.failures()).isEmpty();
    assertThat(report.operations()).isGreaterThanOrEqualTo(30L * SEEDS);
  }

  @Test
  void filesThatAreCompactedHaveTheBytesOfTheirWriters() throws InterruptedException {
    SystemSimulation.Report report =
        SystemSimulation.run(
            new SystemSimulation.Options(
                1, SEEDS / 10, SystemScenario.COMPACTION, 2, Optional.empty()));
    assertThat(report.failures()).isEmpty();
    assertThat(report.counts().get("case.EXTENTS_COMPACTED")).isGreaterThan(SEEDS / 10);
    assertThat(report.counts().get("case.COMPACTED_IN_VAIN")).isPositive();
  }

  private static SystemSimulation.Report run(long first, int seeds) throws InterruptedException {
    return SystemSimulation.run(
        new SystemSimulation.Options(first, seeds, SystemScenario.MIXED, 2, Optional.empty()));
  }

  private static List<String> traceOf(long seed) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    SystemSimulation.Report report =
        SystemSimulation.run(
            new SystemSimulation.Options(
                seed, 1, SystemScenario.MIXED, 1, Optional.of(lines::add)));
    assertThat(report.failures()).isEmpty();
    return lines;
  }
}
