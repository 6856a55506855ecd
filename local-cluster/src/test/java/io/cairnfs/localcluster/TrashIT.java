package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.name.TrashNames;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is deleted with the scripts is kept for a while, and then deleted by the metaservers. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class TrashIT {
  private static final Duration INTERVAL = Duration.ofSeconds(8);

  /** Passes, elections, and a machine that has other things to do. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final Clock CLOCK = new SystemClock();

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static CairnFileSystem fileSystem;
  private static Programs programs;

  @BeforeAll
  static void start() throws Exception {
    cluster =
        RealCluster.start(
            directory.resolve("cluster"),
            3,
            3,
            "trash.interval = %ds%ntrash.checkpoint-interval = 1s".formatted(INTERVAL.toSeconds()));
    fileSystem = cluster.connect();
    programs = new Programs(directory.resolve("here")).with("CAIRN_FS", cluster.controller().uri());
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

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = CLOCK.monotonicNanos() + LIMIT.toNanos();
    while (!condition.holds()) {
      if (CLOCK.monotonicNanos() - deadline > 0) {
        throw new TimeoutException(what);
      }
      LockSupport.parkNanos(50_000_000);
    }
  }

  private static List<FileStatus> trash(String user) throws Exception {
    CairnPath trash = CairnPath.of("/user/" + user + "/.Trash");
    return fileSystem.exists(trash) ? fileSystem.listAll(trash) : List.of();
  }

  private static boolean isKept(String user, String path) throws Exception {
    for (FileStatus each : trash(user)) {
      if (fileSystem.exists(CairnPath.of(each.path() + path))) {
        return true;
      }
    }
    return false;
  }

  @Test
  void deletedFilesBecomeCheckpointsThatEndAlsoWhereTheLeaderChanges() throws Exception {
    Path local = Files.writeString(directory.resolve("f"), "precious");
    Programs.Result put =
        programs.with("CAIRN_USER", "alice").dfs("-put", local.toString(), "/tmp/f");
    assertThat(put.code()).as(put.err()).isZero();
    Programs.Result removed = programs.with("CAIRN_USER", "alice").dfs("-rm", "/tmp/f");
    assertThat(removed.code()).as(removed.err()).isZero();
    assertThat(removed.errWithoutWaiting())
        .contains("/tmp/f' to trash at: ")
        .contains("/user/alice/.Trash/Current/tmp/f");
    assertThat(isKept("alice", "/tmp/f")).isTrue();
    await(
        "a checkpoint",
        () ->
            trash("alice").stream()
                .map(each -> TrashNames.checkpointTime(each.path().name()))
                .anyMatch(OptionalLong::isPresent));
    assertThat(isKept("alice", "/tmp/f")).isTrue();
    cluster.signal(cluster.leader(), "KILL");
    await("the end of what was deleted", () -> trash("alice").isEmpty());
    // What was deleted for good is not kept at all.
    Programs.Result again =
        programs.with("CAIRN_USER", "alice").dfs("-put", local.toString(), "/tmp/f");
    assertThat(again.code()).as(again.err()).isZero();
    Programs.Result skipped =
        programs.with("CAIRN_USER", "alice").dfs("-rm", "-skipTrash", "/tmp/f");
    assertThat(skipped.out()).isEqualTo("Deleted /tmp/f\n");
    assertThat(isKept("alice", "/tmp/f")).isFalse();
  }
}
