package io.cairnfs.common.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PidFileTest {
  @TempDir Path directory;
  private Path path;
  private PidFile file;

  @BeforeEach
  void prepare() {
    path = directory.resolve("pids/m1.pid");
    file = new PidFile(path);
  }

  @Test
  void aProcessThatRunsIsFoundUntilItsFileIsDeleted() throws IOException {
    assertThat(file.running()).isEmpty();
    file.write(ProcessHandle.current());
    assertThat(file.running()).contains(ProcessHandle.current());
    file.delete();
    file.delete();
    assertThat(file.running()).isEmpty();
  }

  @Test
  void aProcessThatEndedIsNobody() throws Exception {
    Process process = new ProcessBuilder("true").start();
    file.write(process.toHandle());
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(file.running()).isEmpty();
  }

  @Test
  void aReusedPidIsNobody() throws IOException {
    file.write(ProcessHandle.current());
    // The process of this number started at another time than the one that was written down.
    Files.writeString(path, ProcessHandle.current().pid() + " 12345\n");
    assertThat(file.running()).isEmpty();
  }

  @Test
  void whatIsNoPidFileSaysSo() throws IOException {
    Files.createDirectories(path.getParent());
    for (String text : new String[] {"", "12", "x y", "1 y"}) {
      Files.writeString(path, text);
      assertThatThrownBy(file::running)
          .isInstanceOf(IOException.class)
          .hasMessage(path + " is not a pid file: delete it if no server runs");
    }
  }
}
