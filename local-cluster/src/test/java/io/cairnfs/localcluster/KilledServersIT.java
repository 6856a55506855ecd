package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.SystemClock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real processes die, freeze and come back while files are written; no acknowledged file is lost or
 * altered.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class KilledServersIT {
  private static final Duration HEAL = Duration.ofMinutes(2);

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static CairnFileSystem fileSystem;

  @BeforeAll
  static void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 3, 3);
    fileSystem = cluster.connect();
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      if (fileSystem != null) {
        fileSystem.close();
      }
    } finally {
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  @AfterEach
  void heals() throws Exception {
    for (RoleStatus each : cluster.controller().status()) {
      if (each.pid().isEmpty()) {
        cluster.controller().restart(each.role().id());
      }
    }
    cluster.awaitHealthy(HEAL);
  }

  private static FileLoad load(String prefix) {
    int[] sizes = {100, 5_000, 40_000, 300_000, 3_000_000};
    return new FileLoad(cluster, fileSystem, prefix, i -> sizes[i % sizes.length], 20);
  }

  @Test
  void eachMetaserverIsKilledInTurnAndNoAcknowledgedFileIsLost() throws Exception {
    try (FileLoad writer = load("/kill-metaservers")) {
      writer.awaitFurther(10);
      for (String id : List.of("m1", "m2", "m3")) {
        cluster.controller().kill(id);
        writer.awaitFurther(10);
        cluster.controller().restart(id);
        writer.awaitFurther(5);
      }
      writer.checkAll();
    }
  }

  @Test
  void theLeaderIsKilledTwiceInARow() throws Exception {
    try (FileLoad writer = load("/kill-leaders")) {
      writer.awaitFurther(5);
      for (int i = 0; i < 2; i++) {
        String leader = cluster.leader();
        cluster.controller().kill(leader);
        writer.awaitFurther(5);
        cluster.controller().restart(leader);
      }
      writer.checkAll();
    }
  }

  @Test
  void eachDataServerIsKilledInTurnWhileFilesAreWritten() throws Exception {
    try (FileLoad writer = load("/kill-dataservers")) {
      writer.awaitFurther(10);
      for (String id : List.of("d1", "d2", "d3")) {
        cluster.controller().kill(id);
        writer.awaitFurther(10);
        cluster.controller().restart(id);
        cluster.awaitHealthy(HEAL);
      }
      writer.checkAll();
    }
  }

  @Test
  void aLargeStreamGoesOnWhenAMemberOfItsPipelineIsKilled() throws Exception {
    byte[] bytes = Contents.of("/large", 64 << 20);
    try (CairnOutputStream out =
        fileSystem.create(CairnPath.of("/large"), CreateOptions.defaults())) {
      out.write(bytes, 0, 20 << 20);
      out.flush();
      cluster.controller().kill("d3");
      out.write(bytes, 20 << 20, bytes.length - (20 << 20));
    }
    assertThat(Contents.read(fileSystem, "/large")).isEqualTo(bytes);
    assertThat(fileSystem.statistics().pipelineFailovers()).isPositive();
  }

  @Test
  void aFrozenLeaderIsReplacedAndItsReturnHarmsNobody() throws Exception {
    String leader = cluster.leader();
    try (FileLoad writer = load("/frozen-leader")) {
      writer.awaitFurther(5);
      cluster.signal(leader, "STOP");
      try {
        writer.awaitFurther(20);
        writeOn(writer, Duration.ofSeconds(10));
      } finally {
        cluster.signal(leader, "CONT");
      }
      writer.awaitFurther(5);
      writer.checkAll();
    }
  }

  @Test
  void aFrozenDataServerStopsNobodyForLong() throws Exception {
    try (FileLoad writer = load("/frozen-dataserver")) {
      writer.awaitFurther(5);
      cluster.signal("d1", "STOP");
      try {
        writer.awaitFurther(20);
        writeOn(writer, Duration.ofSeconds(60));
        writer.checkAll();
      } finally {
        cluster.signal("d1", "CONT");
      }
    }
  }

  /** Files go on being written for so long, a few in every second. */
  private static void writeOn(FileLoad writer, Duration time) throws Exception {
    SystemClock clock = new SystemClock();
    long startNanos = clock.monotonicNanos();
    for (int second = 1; second <= time.toSeconds(); second++) {
      long nextNanos = startNanos + TimeUnit.SECONDS.toNanos(second);
      writer.awaitFurther(2);
      boolean unused =
          cluster.await(
              time,
              "second " + second,
              () -> clock.monotonicNanos() >= nextNanos ? Optional.of(true) : Optional.empty());
    }
  }

  @Test
  void allAtOnceAreKilledAndStartedAgain() throws Exception {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String name = "/all-at-once/f" + i;
      Contents.write(fileSystem, name, 30_000 * i + 7);
      names.add(name);
    }
    for (String id : List.of("d1", "d2", "d3", "m1", "m2", "m3")) {
      cluster.controller().kill(id);
    }
    for (String id : List.of("m1", "m2", "m3", "d1", "d2", "d3")) {
      cluster.controller().restart(id);
    }
    for (int i = 0; i < names.size(); i++) {
      Contents.check(fileSystem, names.get(i), 30_000 * i + 7);
    }
    Contents.write(fileSystem, "/all-at-once/after", 1_000_000);
    Contents.check(fileSystem, "/all-at-once/after", 1_000_000);
  }
}
