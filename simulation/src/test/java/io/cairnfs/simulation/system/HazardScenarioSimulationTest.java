package io.cairnfs.simulation.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.process.ServerLogging;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each dangerous sequence is played in some lives of a cluster, and all of them keep the promises.
 */
final class HazardScenarioSimulationTest {
  private static final int SEEDS = 3;

  @BeforeAll
  static void saysNothingOfWhatIsDoneToServers() {
    ServerLogging.setLevel("io.cairnfs", "OFF");
  }

  @ParameterizedTest
  @EnumSource(HazardScenario.class)
  void everyPlayKeepsAllInvariantsAndConverges(HazardScenario hazard) throws InterruptedException {
    SystemSimulation.Report report =
        SystemSimulation.run(
            new SystemSimulation.Options(
                1, SEEDS, SystemScenario.EVERYTHING, Optional.of(hazard), 2, Optional.empty()));
    assertThat(report.failures()).isEmpty();
    assertThat(report.seeds()).isEqualTo(SEEDS);
  }
}
