package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

  @Test
  void serversStartFromTheArchiveBesideTheirJarsInTheOrderOfTheScripts(@TempDir Path library)
      throws IOException, InterruptedException {
    for (String jar : List.of("b.jar", "a.jar", "c.jar")) {
      Files.createFile(library.resolve(jar));
    }
    String classPath = "%1$s/a.jar:%1$s/b.jar:%1$s/c.jar".formatted(library);
    assertThat(script("CAIRN_LIB=\"$1\"; server_class_path", library.toString()))
        .isEqualTo(classPath);
    System.setProperty("cairn.class.path", library + "/*");
    try {
      assertThat(JavaCommand.of(List.of("-x"), "Main", List.of("argument")).command().subList(1, 6))
          .containsExactly("-x", "-cp", classPath, "Main", "argument");
      Path archive = library.resolve("servers-%d.jsa".formatted(Runtime.version().feature()));
      Files.createFile(archive);
      assertThat(JavaCommand.of(List.of("-x"), "Main", List.of()).command())
          .containsSubsequence("-x", "-XX:SharedArchiveFile=" + archive, "-cp", classPath);
    } finally {
      System.clearProperty("cairn.class.path");
    }
  }

  private static List<String> scriptFlags(String role) throws IOException, InterruptedException {
    return Arrays.asList(script("find_java && role_flags \"$1\"", role).split(" +"));
  }

  private static String script(String words, String argument)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", ". ./cairn-env.sh && " + words, "script", argument)
            .directory(SCRIPTS.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("CAIRN_JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output.strip();
  }
}
