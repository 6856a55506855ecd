package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Disks run full or become unwritable, and serve again: a clear error, nothing lost, and no hand
 * needed afterwards.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class FullDisksIT {
  @TempDir Path directory;

  private static String quotas(String size, String... servers) {
    StringBuilder text = new StringBuilder("metaserver.garbage-grace = 2s\n");
    for (String server : servers) {
      text.append("dataservers.")
          .append(server)
          .append(".volume-quota = ")
          .append(size)
          .append('\n');
    }
    return text.toString();
  }

  @Test
  void aFullDataServerIsLeftOutOfNewChunks() throws Exception {
    try (RealCluster cluster =
            RealCluster.start(directory.resolve("one"), 1, 3, quotas("24MiB", "d1"));
        CairnFileSystem fileSystem = cluster.connect()) {
      for (int i = 0; i < 12; i++) {
        Contents.write(fileSystem, "/f" + i, 6_000_000);
      }
      for (int i = 0; i < 12; i++) {
        Contents.check(fileSystem, "/f" + i, 6_000_000);
      }
    }
  }

  @Test
  void whenAllAreFullWritersGetNoSpaceAndSpaceThatIsFreedIsUsedAgain() throws Exception {
    try (RealCluster cluster =
            RealCluster.start(directory.resolve("all"), 1, 3, quotas("48MiB", "d1", "d2", "d3"));
        CairnFileSystem fileSystem = cluster.connect()) {
      int written = 0;
      CairnException refusal = null;
      while (refusal == null && written < 40) {
        try {
          Contents.write(fileSystem, "/f" + written, 6_000_000);
          written++;
        } catch (CairnException e) {
          refusal = e;
        }
      }
      assertThat(refusal).isNotNull();
      assertThat(refusal.code()).isEqualTo(ErrorCode.NO_SPACE);
      assertThat(written).isBetween(3, 8);
      for (int i = 0; i < written; i++) {
        Contents.check(fileSystem, "/f" + i, 6_000_000);
      }
      for (int i = 0; i < written; i++) {
        assertThat(fileSystem.delete(CairnPath.of("/f" + i), DeleteMode.SINGLE)).isTrue();
      }
      boolean unused =
          cluster.await(
              Duration.ofMinutes(1),
              "space that is free again",
              () -> {
                try {
                  Contents.write(fileSystem, "/again", 6_000_000);
                  return Optional.of(true);
                } catch (CairnException e) {
                  assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE);
                  return Optional.empty();
                }
              });
      Contents.check(fileSystem, "/again", 6_000_000);
    }
  }

  @Test
  void aDirectoryThatCannotBeWrittenTakesNoReplicasUntilItCanBe() throws Exception {
    Path root = directory.resolve("unwritable");
    Path chunks = root.resolve("d1/v1/chunks");
    try (RealCluster cluster = RealCluster.start(root, 1, 3);
        CairnFileSystem fileSystem = cluster.connect()) {
      Contents.write(fileSystem, "/before", 3_000_000);
      boolean sealed =
          cluster.await(
              Duration.ofSeconds(30),
              "sealed replica",
              () -> {
                try (Stream<Path> files = Files.walk(chunks)) {
                  return files.anyMatch(file -> file.toString().endsWith(".sums"))
                      ? Optional.of(true)
                      : Optional.empty();
                }
              });
      assertThat(sealed).isTrue();
      run("mount", "--bind", chunks.toString(), chunks.toString());
      try {
        run("mount", "-o", "remount,bind,ro", chunks.toString());
        for (int i = 0; i < 8; i++) {
          Contents.write(fileSystem, "/during" + i, 1_000_000 * i + 50_000);
        }
        for (int i = 0; i < 8; i++) {
          Contents.check(fileSystem, "/during" + i, 1_000_000 * i + 50_000);
        }
        Contents.check(fileSystem, "/before", 3_000_000);
        assertThat(cluster.fsck("/").output()).contains("UNDER-REPLICATED");
      } finally {
        run("umount", "-l", chunks.toString());
      }
      cluster.awaitHealthy(Duration.ofMinutes(1));
      assertThat(Files.readString(cluster.controller().directory().logFile("d1")))
          .contains("takes no new replicas for now");
      for (int i = 0; i < 8; i++) {
        Contents.check(fileSystem, "/during" + i, 1_000_000 * i + 50_000);
      }
    }
  }

  @Test
  void aFullMetaserverStillReadsAndDeletesAndServesAgainWhenSpaceIsFreed() throws Exception {
    Path root = directory.resolve("meta");
    Path volume = root.resolve("m1");
    Files.createDirectories(volume);
    run("mount", "-t", "tmpfs", "-o", "size=400m", "cairn-test", volume.toString());
    try (RealCluster cluster = RealCluster.start(root, 1, 1, "raft.reserve-bytes = 64MiB");
        CairnFileSystem fileSystem = cluster.connect()) {
      Contents.write(fileSystem, "/before", 200_000);
      Path ballast = volume.resolve("ballast");
      fill(ballast, volume, 32 << 20);
      boolean full =
          cluster.await(
              Duration.ofSeconds(30),
              "refusal",
              () -> {
                try {
                  tiny(fileSystem, "/while-full");
                  return Optional.empty();
                } catch (CairnException e) {
                  assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE);
                  return Optional.of(true);
                }
              });
      assertThat(full).isTrue();
      Contents.check(fileSystem, "/before", 200_000);
      assertThat(fileSystem.delete(CairnPath.of("/before"), DeleteMode.SINGLE)).isTrue();
      cluster.controller().kill("m1");
      cluster.controller().restart("m1");
      assertThat(cluster.leader()).isEqualTo("m1");
      assertThat(fileSystem.exists(CairnPath.of("/before"))).isFalse();
      Files.delete(ballast);
      boolean free =
          cluster.await(
              Duration.ofSeconds(30),
              "acceptance",
              () -> {
                try {
                  tiny(fileSystem, "/after");
                  return Optional.of(true);
                } catch (CairnException e) {
                  assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE);
                  return Optional.empty();
                }
              });
      assertThat(free).isTrue();
    } finally {
      run("umount", "-l", volume.toString());
    }
  }

  private static void tiny(CairnFileSystem fileSystem, String name) throws IOException {
    var unused =
        fileSystem.createWithContent(
            CairnPath.of(name),
            ByteBuffer.wrap(new byte[100]),
            CreateOptions.defaults().overwrite());
  }

  private static void fill(Path ballast, Path volume, long leave) throws IOException {
    long free = Files.getFileStore(volume).getUsableSpace();
    try (RandomAccessFile file = new RandomAccessFile(ballast.toFile(), "rw")) {
      byte[] block = new byte[1 << 20];
      for (long left = free - leave; left > 0; left -= block.length) {
        file.write(block);
      }
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(List.of(command)).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IllegalStateException(String.join(" ", command) + " failed");
    }
  }
}
