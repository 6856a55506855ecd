package io.cairnfs.simulation.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.process.PidFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
  @TempDir Path where;

  @Test
  void runsOfDeadOwnersGoWithTheirProcessesAndOthersStay() throws Exception {
    Path used = Files.createDirectory(where.resolve(Leftovers.PREFIX + "used"));
    new PidFile(used.resolve(Leftovers.OWNER)).write(ProcessHandle.current());
    Path kept = Files.createDirectory(where.resolve(Leftovers.PREFIX + "kept"));
    Path left = where.resolve(Leftovers.PREFIX + "left");
    Files.createDirectories(left.resolve("cluster/pids"));
    Process owner = new ProcessBuilder("sleep", "600").start();
    new PidFile(left.resolve(Leftovers.OWNER)).write(owner.toHandle());
    assertThat(owner.destroyForcibly().waitFor()).isNotZero();
    Process server = new ProcessBuilder("sleep", "600").start();
    try {
      new PidFile(left.resolve("cluster/pids/m1.pid")).write(server.toHandle());
      assertThat(Leftovers.remove(where)).contains(left.toString());
      assertThat(server.waitFor()).isNotZero();
    } finally {
      server.destroyForcibly();
    }
    assertThat(left).doesNotExist();
    assertThat(used).exists();
    assertThat(kept).exists();
  }
}
