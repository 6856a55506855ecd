package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.shell.command.CommandWord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The completion of bash knows every word of the programs. */
@Timeout(60)
class CompletionTest {
  private static final Path SCRIPT =
      Path.of("..", "bin", "completion", "cairn-completion.bash").toAbsolutePath().normalize();

  /** What bash would offer for the last of these words. */
  private static List<String> offered(String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "bash",
                "-c",
                "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1));"
                    + " if [ \"$1\" = dfs ]; then _dfs; else _cairn; fi;"
                    + " printf '%s\\n' \"${COMPREPLY[@]}\"",
                SCRIPT.toString()));
    command.addAll(List.of(words));
    Process bash = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(bash.exitValue()).as(output).isZero();
    return output.lines().filter(line -> !line.isEmpty()).toList();
  }

  @Test
  void everyWordOfTheShellIsOffered() throws Exception {
    List<String> words = Arrays.stream(CommandWord.values()).map(CommandWord::word).toList();
    assertThat(offered("dfs", "")).containsExactlyInAnyOrderElementsOf(words);
    assertThat(offered("cairn", "dfs", "")).containsExactlyInAnyOrderElementsOf(words);
    assertThat(offered("dfs", "-"))
        .containsAll(words.stream().map(word -> "-" + word).toList())
        .contains("-fs", "-D", "--conf");
  }

  @Test
  void everyWordOfCairnIsOffered() throws Exception {
    assertThat(offered("cairn", "")).containsAll(CairnHelp.words());
    assertThat(offered("cairn", "help", "qu")).containsExactly("quickstart");
    assertThat(offered("cairn", "admin", "met")).containsExactly("metaserver", "metrics");
    assertThat(offered("cairn", "admin", "-fs", "cairn://a:1", "metaserver", ""))
        .contains("list", "add", "remove", "transfer");
  }

  @Test
  void wordsAreCompletedAfterGenericOptions() throws Exception {
    assertThat(offered("dfs", "-fs", "cairn://a:1", "-D", "x=y", "-copyF"))
        .containsExactly("-copyFromLocal");
    assertThat(offered("dfs", "-fs", "")).isEmpty();
    assertThat(offered("dfs", "-help", "touc")).containsExactly("touch", "touchz");
  }
}
