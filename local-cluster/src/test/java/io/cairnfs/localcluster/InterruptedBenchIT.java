package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A bench that is interrupted takes its cluster with it. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class InterruptedBenchIT {
  private static final List<String> ROLES = List.of("m1", "m2", "m3", "d1", "d2", "d3");

  @TempDir Path directory;

  /** While it starts its cluster, and when that is about to serve. */
  @ParameterizedTest
  @ValueSource(ints = {1, 6})
  void anInterruptedBenchLeavesNothingBehind(int started) throws Exception {
    Path root = directory.resolve("cluster");
    Programs programs = new Programs(directory.resolve("home"));
    Process bench =
        programs.start(Programs.bin().resolve("cairn"), "bench", "meta", "--dir", root.toString());
    List<ProcessHandle> servers = List.of();
    try {
      while (servers.size() < started) {
        assertThat(bench.isAlive()).isTrue();
        // Returns early only where the bench has ended.
        boolean unused = bench.waitFor(100, TimeUnit.MILLISECONDS);
        servers = serversOf(root);
      }
    } finally {
      bench.destroy();
      assertThat(bench.waitFor(120, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(servers).noneMatch(ProcessHandle::isAlive);
    assertThat(ProcessHandle.allProcesses().filter(process -> isOf(process, root))).isEmpty();
    assertThat(root).doesNotExist();
  }

  private static boolean isOf(ProcessHandle process, Path root) {
    return process.info().commandLine().filter(line -> line.contains(root.toString())).isPresent();
  }

  private static List<ProcessHandle> serversOf(Path root) throws Exception {
    ClusterDirectory cluster = new ClusterDirectory(root);
    List<ProcessHandle> servers = new ArrayList<>();
    for (String id : ROLES) {
      cluster
          .pidFile(id)
          .running()
          .flatMap(server -> ProcessHandle.of(server.pid()))
          .ifPresent(servers::add);
    }
    return servers;
  }
}
