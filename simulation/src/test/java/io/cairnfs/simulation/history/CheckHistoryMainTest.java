package io.cairnfs.simulation.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckHistoryMainTest {
  @TempDir Path directory;
  private final StringWriter text = new StringWriter();

  private int run(String... arguments) {
    text.getBuffer().setLength(0);
    return CheckHistoryMain.execute(new PrintWriter(text), arguments);
  }

  @Test
  void anExampleIsMadeAndFoundGood() {
    String example = directory.resolve("example").toString();
    assertThat(run("--example", example, "--operations", "2000")).as(text.toString()).isZero();
    assertThat(text.toString())
        .contains("replayed the log", "searched for an order", "linearizable");
    assertThat(run("--example", example)).as("its files are there").isEqualTo(2);
  }

  @Test
  void aHistoryOfAnotherRunIsNotOfThisLog() {
    Path one = directory.resolve("one");
    Path other = directory.resolve("other");
    assertThat(run("--example", one.toString(), "--operations", "300", "--clients", "2")).isZero();
    assertThat(
            run(
                "--example",
                other.toString(),
                "--operations",
                "300",
                "--clients",
                "2",
                "--seed",
                "2"))
        .isZero();
    assertThat(
            run(
                "--no-search",
                "--log",
                one.resolve("m1").toString(),
                ExampleRun.history(other, 0).toString(),
                ExampleRun.history(other, 1).toString()))
        .isEqualTo(1);
    assertThat(text.toString()).contains("NOT_ASKED_FOR", "NOT LINEARIZABLE");
  }

  @Test
  void theNewestOfSeveralLogsIsRead() {
    Path one = directory.resolve("one");
    Path shorter = directory.resolve("shorter");
    assertThat(run("--example", one.toString(), "--operations", "300", "--clients", "1")).isZero();
    assertThat(run("--example", shorter.toString(), "--operations", "200", "--clients", "1"))
        .isZero();
    assertThat(
            run(
                "--log",
                shorter.resolve("m1").toString(),
                "--log",
                one.resolve("m1").toString(),
                ExampleRun.history(one, 0).toString()))
        .as(text.toString())
        .isZero();
  }

  @Test
  void wrongUsageAndUnreadableFilesAreSaid() throws Exception {
    assertThat(run()).isEqualTo(2);
    assertThat(text.toString()).contains("no HISTORY");
    assertThat(run("--operations", "0", "x")).isEqualTo(2);
    Path empty = Files.createFile(directory.resolve("empty"));
    assertThat(run(empty.toString())).isEqualTo(2);
    assertThat(text.toString()).contains("corrupt at offset 0");
    assertThat(run("--no-search", empty.toString())).isEqualTo(2);
    assertThat(text.toString()).contains("neither a log nor a search");
  }
}
