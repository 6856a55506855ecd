package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.shell.text.Output;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CairnHelpTest {
  private static ShellRun.Result run(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Output output = new Output(out);
    Output errors = new Output(err);
    int code = CairnHelp.run(List.of(words), output, errors);
    output.flush();
    errors.flush();
    return new ShellRun.Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void withoutAWordAllWordsAreListed() {
    for (String[] words : new String[][] {{}, {"help"}, {"--help"}, {"-h"}}) {
      ShellRun.Result result = run(words);
      assertThat(result.code()).isZero();
      CairnHelp.words().forEach(word -> assertThat(result.out()).contains("\n  " + word + " "));
    }
  }

  @Test
  void everyWordIsExplained() {
    for (String word : CairnHelp.words()) {
      ShellRun.Result result = run("help", word);
      assertThat(result.code()).isZero();
      assertThat(result.out()).startsWith(word + ": ").contains("cairn " + word);
    }
  }

  @Test
  void theVersionIsTold() {
    assertThat(run("--version").out()).isEqualTo("cairn " + CairnVersion.text() + "\n");
    assertThat(run("version").code()).isZero();
  }

  @Test
  void anUnknownWordSuggestsTheNearest() {
    ShellRun.Result result = run("quikstart");
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.err())
        .isEqualTo("cairn: unknown word 'quikstart'\nDid you mean 'cairn quickstart'?\n");
    assertThat(run("help", "fschk").err()).contains("Did you mean 'cairn fsck'?");
    assertThat(run("zzzzzz").err()).contains("'cairn help' lists all words.");
  }
}
