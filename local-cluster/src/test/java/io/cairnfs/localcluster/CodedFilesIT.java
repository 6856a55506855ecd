package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.proto.metadata.CodedPoolReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files below a directory with a coding policy, with real processes: they are coded, read without
 * the servers that are lost, made whole again, and read without others.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CodedFilesIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int[] LENGTHS = {100, 5_000, 70_000, 1_000_000, 3_000_001};
  private static final int FILES = 20;

  /** Ids of chunks in the pool of RS-3-2 on any volume begin so. */
  private static final Pattern CELL =
      Pattern.compile("404[0-9a-f]{13}\\.[0-9a-f]+\\.[0-9]+\\.data");

  @TempDir private Path directory;
  private RealCluster cluster;
  private CairnFileSystem fileSystem;

  @BeforeEach
  void start() throws Exception {
    cluster =
        RealCluster.start(
            directory.resolve("cluster"), 1, 5, "coding.min-age = 0s\ncoding.cell-bytes = 1MiB");
    fileSystem = cluster.connect();
    CairnPath cold = CairnPath.of("/cold");
    var unused = fileSystem.mkdirs(cold, 0755);
    fileSystem.policies().enableCoding(CodingPolicy.RS_3_2);
    fileSystem.policies().setCoding(cold, CodingRule.coded(CodingPolicy.RS_3_2));
    for (int i = 0; i < FILES; i++) {
      Contents.write(fileSystem, name(i), length(i));
    }
    awaitCoded();
  }

  @AfterEach
  void stop() throws Exception {
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

  private static String name(int file) {
    return "/cold/f" + file;
  }

  private static int length(int file) {
    return LENGTHS[file % LENGTHS.length];
  }

  /** Files that are long enough not to lie in the metadata are in stripes. */
  private void awaitCoded() throws Exception {
    long least = 0;
    for (int i = 0; i < FILES; i++) {
      least += length(i) >= LENGTHS[2] ? length(i) : 0;
    }
    long coded = least;
    CodedPoolReport unused =
        cluster.await(
            LIMIT,
            "coded files",
            () ->
                fileSystem.administration().report().getCodedList().stream()
                    .filter(pool -> pool.getCodedBytes() >= coded && pool.getWaitingBytes() == 0)
                    .findFirst());
  }

  /** By a client that has nothing in memory; how many reads were computed. */
  private long readEverything() throws Exception {
    try (CairnFileSystem other = cluster.connect()) {
      for (int i = 0; i < FILES; i++) {
        Contents.check(other, name(i), length(i));
      }
      return other.statistics().degradedReads();
    }
  }

  private void kill(String... servers) throws Exception {
    for (String server : servers) {
      cluster.controller().kill(server);
    }
  }

  @Test
  void anyTwoServersMayBeLostAndThenTwoOthers() throws Exception {
    assertThat(readEverything()).isZero();
    kill("d1", "d2");
    assertThat(readEverything()).isPositive();
    for (int i = 0; i < 2; i++) {
      String unused = cluster.controller().addDataServer();
    }
    Programs programs =
        new Programs(directory.resolve("home")).with("CAIRN_FS", cluster.controller().uri());
    for (String lost : List.of("d1", "d2")) {
      // The leader may have come first: nobody waits where one replica is left.
      Programs.Result unused = programs.cairn("admin", "out", lost);
    }
    cluster.awaitHealthy(LIMIT);
    kill("d3", "d4");
    assertThat(readEverything()).isPositive();
  }

  private List<Path> cellsOf(String server) throws IOException {
    try (Stream<Path> files = Files.walk(cluster.root().resolve(server))) {
      return files
          .filter(path -> path.toString().contains("/chunks/"))
          .filter(path -> CELL.matcher(path.getFileName().toString()).matches())
          .sorted()
          .toList();
    }
  }

  /** A byte of a cell as it was. */
  private record Damage(Path file, long position, int value) {
    static Damage of(Path file) throws IOException {
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
        long middle = bytes.length() / 2;
        bytes.seek(middle);
        Damage damage = new Damage(file, middle, bytes.read());
        bytes.seek(middle);
        bytes.write(damage.value() ^ 1);
        return damage;
      }
    }

    boolean isUndone() {
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
        bytes.seek(position);
        return bytes.read() == value;
      } catch (IOException e) {
        // Moved away, and not there again yet.
        return false;
      }
    }
  }

  @Test
  void changedBytesOfCellsAreNeverServedAndComputedAnew() throws Exception {
    List<Damage> damaged = new ArrayList<>();
    for (String server : List.of("d2", "d4")) {
      for (Path cell : cellsOf(server)) {
        damaged.add(Damage.of(cell));
      }
    }
    assertThat(damaged).isNotEmpty();
    long unused = readEverything();
    Programs programs =
        new Programs(directory.resolve("home")).with("CAIRN_FS", cluster.controller().uri());
    assertThat(programs.cairn("admin", "scrub", "--now").code()).isZero();
    boolean repaired =
        cluster.await(
            LIMIT,
            "cells that are whole",
            () ->
                damaged.stream().allMatch(Damage::isUndone) ? Optional.of(true) : Optional.empty());
    assertThat(repaired).isTrue();
    cluster.awaitHealthy(LIMIT);
    kill("d1", "d3");
    assertThat(readEverything()).isPositive();
  }

  @Test
  void whatIsDeletedOrOverwrittenLeavesNothingBehind() throws Exception {
    for (int i = 0; i < FILES; i += 2) {
      Contents.write(fileSystem, name(i), length(i));
    }
    assertThat(readEverything()).isZero();
    awaitCoded();
    assertThat(fileSystem.delete(CairnPath.of("/cold"), DeleteMode.RECURSIVE)).isTrue();
    boolean unused =
        cluster.await(
            LIMIT,
            "the end of all chunks",
            () ->
                fileSystem.administration().report().getChunksSealed() == 0
                    ? Optional.of(true)
                    : Optional.empty());
    assertThat(cluster.fsck("/").exit()).isZero();
  }
}
