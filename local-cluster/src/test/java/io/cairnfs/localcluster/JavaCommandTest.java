package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server runs with the same memory and collector whoever starts it. */
class JavaCommandTest {
  private static final Path SCRIPTS = Path.of("..", "bin").toAbsolutePath().normalize();

  @ParameterizedTest
  @EnumSource(Role.Kind.class)
  void theScriptsGiveTheSameFlags(Role.Kind kind) throws IOException, InterruptedException {
    List<String> versionFlags = JavaCommand.versionFlags();
    List<String> own =
        JavaCommand.flags(kind).stream().filter(flag -> !versionFlags.contains(flag)).toList();
    assertThat(scriptFlags(kind.word())).containsExactlyInAnyOrderElementsOf(own);
  }

  private static List<String> scriptFlags(String role) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("bash", "-c", ". ./cairn-env.sh && role_flags \"$1\"", "flags", role)
            .directory(SCRIPTS.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return Arrays.asList(output.strip().split(" +"));
  }
}
