package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileExtent;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.VolumeReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two classes of volumes on each of three data servers. */
@Timeout(120)
final class StorageClassesTest {
  private static final int LENGTH = 6 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SSD = PoolId.replicated(StorageClass.SSD).value();

  private static Path directory;
  private static SmallCluster cluster;

  private final CairnFileSystem files = cluster.fileSystem("ann");

  @BeforeAll
  static void start(@TempDir Path root) throws Exception {
    directory = root;
    StringBuilder volumes = new StringBuilder();
    for (int i = 1; i <= 3; i++) {
      volumes.append("dataservers.d%1$d.volumes = [d%1$d/v1, \"[ssd]d%1$d/s1\"]%n".formatted(i));
    }
    cluster = SmallCluster.start(root, "", volumes.toString());
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  private Set<Integer> pools(String path) throws IOException {
    List<FileExtent> extents = files.extents(CairnPath.of(path), 0, LENGTH);
    assertThat(extents).isNotEmpty();
    return extents.stream().map(extent -> extent.chunk().pool()).collect(Collectors.toSet());
  }

  /** Data files of a pool below a volume of each server. */
  private static long replicas(String volume, int pool) throws IOException {
    long found = 0;
    for (int server = 1; server <= 3; server++) {
      Path chunks = directory.resolve("d" + server + "/" + volume + "/chunks");
      if (Files.isDirectory(chunks)) {
        try (Stream<Path> all = Files.walk(chunks)) {
          String slots = "%03x".formatted(pool);
          found +=
              all.filter(file -> file.getFileName().toString().endsWith(".data"))
                  .filter(file -> chunks.relativize(file).startsWith(slots))
                  .count();
        }
      }
    }
    return found;
  }

  /** Writes files until one lies in a pool: the leader may not know it in the same instant. */
  private String writtenTo(String tree, int pool) throws IOException {
    Instant until = Instant.now().plus(PATIENCE);
    for (int i = 0; Instant.now().isBefore(until); i++) {
      String path = tree + "/" + i;
      Contents.write(files, path, LENGTH);
      if (pools(path).equals(Set.of(pool))) {
        return path;
      }
    }
    throw new AssertionError("nothing was written to pool " + pool);
  }

  @Test
  void newFilesLieOnTheVolumesThatTheirPolicyAsksFor() throws Exception {
    var unused = files.mkdir(CairnPath.of("/tmp/fast"), 0755);
    files.policies().setStorage(CairnPath.of("/tmp/fast"), StoragePolicy.ALL_SSD);
    String path = writtenTo("/tmp/fast", SSD);
    Contents.check(files, path, LENGTH);
    assertThat(replicas("s1", SSD)).isPositive();
    assertThat(replicas("v1", SSD)).isZero();
    Contents.write(files, "/tmp/elsewhere", LENGTH);
    assertThat(pools("/tmp/elsewhere")).containsExactly(0);
  }

  @Test
  void filesAreMovedWhenTheirPolicyIsSetAndReadAllTheWhile() throws Exception {
    List<String> paths = List.of("/tmp/moved/a", "/tmp/moved/b", "/tmp/moved/c");
    for (String path : paths) {
      Contents.write(files, path, LENGTH);
      assertThat(pools(path)).containsExactly(0);
    }
    files.policies().setStorage(CairnPath.of("/tmp/moved"), StoragePolicy.ALL_SSD);
    Instant until = Instant.now().plus(PATIENCE);
    boolean moved = false;
    while (!moved) {
      assertThat(Instant.now()).isBefore(until);
      moved = true;
      for (String path : paths) {
        Contents.check(files, path, LENGTH);
        moved &= pools(path).equals(Set.of(SSD));
      }
    }
    assertThat(files.stat(CairnPath.of("/tmp/moved/a")).length()).isEqualTo(LENGTH);
  }

  @Test
  void whereNobodyHasSuchVolumesFilesLieOnAny() throws Exception {
    var unused = files.mkdir(CairnPath.of("/tmp/cold"), 0755);
    files.policies().setStorage(CairnPath.of("/tmp/cold"), StoragePolicy.COLD);
    Contents.write(files, "/tmp/cold/f", LENGTH);
    assertThat(pools("/tmp/cold/f")).containsExactly(0);
    Contents.check(files, "/tmp/cold/f", LENGTH);
  }

  /** Of servers that have registered and spoken. */
  private int volumes() throws IOException {
    return files.administration().report().getServersList().stream()
        .mapToInt(ServerReport::getVolumesCount)
        .sum();
  }

  @Test
  void operatorsSeeTheClasses() throws Exception {
    Instant until = Instant.now().plus(PATIENCE);
    while (volumes() < 6) {
      assertThat(Instant.now()).isBefore(until);
    }
    for (ServerReport server : files.administration().report().getServersList()) {
      assertThat(server.getVolumesList())
          .extracting(VolumeReport::getStorageClass)
          .containsExactlyInAnyOrder(StorageClass.SSD.number(), StorageClass.DISK.number());
    }
  }
}
