package io.cairnfs.common.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class ServerLoggingTest {
  @TempDir Path directory;

  @AfterEach
  void back() {
    ServerLogging.toStandardError("INFO");
  }

  @Test
  void linesGoToTheFileAndLevelsChangeAtAnyTime() throws Exception {
    Path file = directory.resolve("logs/m1.log");
    ServerLogging.toFile(file, 1 << 20, 2, "INFO");
    LoggerFactory.getLogger("part").debug("unseen");
    LoggerFactory.getLogger("part").info("server=1 up");
    ServerLogging.setLevel("part", "DEBUG");
    LoggerFactory.getLogger("part").debug("seen");
    assertThat(ServerLogging.level("part")).isEqualTo("DEBUG");
    assertThat(ServerLogging.level("root")).isEqualTo("INFO");
    assertThat(Files.readString(file))
        .contains("server=1 up")
        .contains("seen")
        .doesNotContain("unseen");
  }

  @Test
  void anUnknownLevelIsNamed() {
    assertThatThrownBy(() -> ServerLogging.setLevel("root", "LOUD")).hasMessageContaining("LOUD");
  }
}
