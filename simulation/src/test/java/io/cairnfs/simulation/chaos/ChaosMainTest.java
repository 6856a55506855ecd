package io.cairnfs.simulation.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ChaosMainTest {
  private static int run(String... arguments) {
    return ChaosMain.execute(new PrintWriter(new StringWriter()), arguments);
  }

  @Test
  void wrongUsageIsExitCode2() {
    assertThat(run("--minutes", "0")).isEqualTo(2);
    assertThat(run("--minutes", "-1")).isEqualTo(2);
    assertThat(run("--writers", "0")).isEqualTo(2);
    assertThat(run("--dataservers", "2")).isEqualTo(2);
    assertThat(run("--nonsense")).isEqualTo(2);
    assertThat(run("--schedule", "weather")).isEqualTo(2);
  }

  @Test
  void helpExplains() {
    StringWriter text = new StringWriter();
    assertThat(ChaosMain.execute(new PrintWriter(text, true), "--help")).isZero();
    assertThat(text.toString())
        .contains("--minutes", "--seed", "--schedule", "SKIPPED", "Exit code");
  }

  @Test
  void whatCannotBeDoneHereIsSkippedInAnUnmistakableLine() {
    StringWriter text = new StringWriter();
    assertThat(
            ChaosMain.execute(
                new PrintWriter(text, true), "--schedule", "power", "--loopback", "--seed", "1"))
        .isZero();
    assertThat(text.toString().lines()).anyMatch(line -> line.startsWith("SKIPPED: power cuts"));
  }
}
