package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that are killed in the middle of a write: what was flushed stays, and others may go on.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DyingClientIT {
  @TempDir Path directory;

  /**
   * A client process: writes the content of a name in pieces of 1 MiB, flushes after each, says so,
   * and never ends.
   */
  static final class EndlessWriter {
    private EndlessWriter() {}

    public static void main(String[] arguments) throws Exception {
      byte[] bytes = Contents.of(arguments[1], 64 << 20);
      try (CairnFileSystem fileSystem = LocalRpc.connect(LocalRpc.addresses(arguments[0]));
          CairnOutputStream out =
              fileSystem.create(CairnPath.of(arguments[1]), CreateOptions.defaults())) {
        for (int i = 0; i < 64; i++) {
          out.write(bytes, i << 20, 1 << 20);
          out.flush();
          System.out.println((i + 1) << 20);
          System.out.flush();
        }
        Thread.currentThread().join();
      }
    }
  }

  @Test
  void whatAKilledWriterFlushedStaysAndTheFileCanBeWrittenAgain() throws Exception {
    try (RealCluster cluster =
            RealCluster.start(directory.resolve("cluster"), 3, 3, "session.timeout = 5s");
        CairnFileSystem fileSystem = cluster.connect()) {
      // The tests' own class path: the writer is one of their classes.
      Process writer =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx512m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  EndlessWriter.class.getName(),
                  cluster.controller().uri(),
                  "/dying")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      int flushed = 0;
      try (var lines = writer.inputReader()) {
        for (int i = 0; i < 12; i++) {
          flushed = Integer.parseInt(lines.readLine());
        }
        writer.destroyForcibly().waitFor();
      }
      byte[] expected = Contents.of("/dying", 64 << 20);
      byte[] found = Contents.read(fileSystem, "/dying");
      assertThat(found.length).isGreaterThanOrEqualTo(flushed);
      assertThat(found).isEqualTo(Arrays.copyOf(expected, found.length));
      boolean unused =
          cluster.await(
              Duration.ofMinutes(1),
              "end of the dead writer's lease",
              () -> {
                try (OutputStream out =
                    fileSystem.create(
                        CairnPath.of("/dying"), CreateOptions.defaults().overwrite())) {
                  out.write(1);
                  return Optional.of(true);
                } catch (IOException e) {
                  assertThat(e).hasMessageContaining("written");
                  return Optional.empty();
                }
              });
      assertThat(Contents.read(fileSystem, "/dying")).isEqualTo(new byte[] {1});
      cluster.awaitHealthy(Duration.ofMinutes(1));
    }
  }
}
