package io.cairnfs.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class SimulateMainTest {
  private final StringWriter out = new StringWriter();

  @Test
  void goodSeedsEndWithZeroAndTheirCounts() {
    assertThat(run("--seed", "3", "--seeds", "2", "--threads", "1")).isZero();
    assertThat(out.toString())
        .contains("fault.PARTITION")
        .contains("simulation: seeds 3 to 4, scenario mixed:")
        .contains("0 failed");
  }

  @Test
  void whatWasNeverMetFailsWhereCoverageIsAskedFor() {
    assertThat(run("--seeds", "1", "--scenario", "network", "--coverage")).isEqualTo(1);
    assertThat(out.toString()).contains("FAILED never met: ");
  }

  @Test
  void aTraceShowsEveryMessageOfOneSeed() {
    assertThat(run("--seed", "5", "--trace")).isZero();
    assertThat(out.toString()).contains("PreVoteRequest").contains("everything is healed");
  }

  @Test
  void jsonNamesSeedsCountsAndFailures() {
    assertThat(run("--seeds", "1", "--json")).isZero();
    assertThat(out.toString())
        .startsWith("{\"firstSeed\":1,\"seeds\":1,\"events\":")
        .contains("\"fault.BIT_FLIPPED\":")
        .contains("\"failures\":[]}");
  }

  @Test
  void wholeClustersRunBySeedsAndScenariosOfTheirOwn() {
    assertThat(run("--system", "--seeds", "1", "--scenario", "servers")).isZero();
    assertThat(out.toString())
        .contains("case.CONTENT_COMPARED")
        .contains("scenario servers:")
        .contains("operations")
        .contains("0 failed");
    assertThat(run("--system", "--scenario", "leases")).isEqualTo(2);
  }

  @Test
  void wrongUsageEndsWithTwo() {
    assertThat(run("--seeds", "0")).isEqualTo(2);
    assertThat(run("--scenario", "nothing")).isEqualTo(2);
  }

  private int run(String... arguments) {
    return SimulateMain.execute(new PrintWriter(out, true), arguments);
  }
}
