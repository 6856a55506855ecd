package io.cairnfs.contract.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The options of the program. */
final class FuzzMainTest {
  private final StringWriter said = new StringWriter();

  private int run(String... arguments) {
    return new CommandLine(new FuzzMain())
        .setOut(new PrintWriter(said))
        .setErr(new PrintWriter(said))
        .execute(arguments);
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThat(run("--users", "9")).isEqualTo(2);
    assertThat(run("--operations", "0")).isEqualTo(2);
    assertThat(said.toString()).contains("1 to 8 users");
  }

  /** Ten calls are too few to have tried anything. */
  @Test
  void aRunThatMetNothingFailsIfItIsToBeComplete() {
    String[] few = {"--operations", "10", "--threads", "1"};
    assertThat(run(few)).as(said::toString).isZero();
    assertThat(said.toString()).contains("10 calls in 1 sequences", "seed 1");
    assertThat(run(Stream.concat(Stream.of(few), Stream.of("--complete")).toArray(String[]::new)))
        .isEqualTo(1);
    assertThat(said.toString())
        .contains("no call EXCHANGE succeeded", "the occasion UNLINKED_WHILE_OPEN was not met");
  }

  @Test
  void helpExplainsTheOptions() {
    assertThat(run("--help")).isZero();
    assertThat(said.toString()).contains("--operations", "--seed", "--users", "--long");
  }
}
