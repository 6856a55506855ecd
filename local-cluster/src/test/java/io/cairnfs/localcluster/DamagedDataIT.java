package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes on data servers' disks are altered behind their backs: never served, always repaired. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class DamagedDataIT {
  private static final int LENGTH = 3_000_000;
  private static final int MARK = 1_500_000;
  private static final Duration HEAL = Duration.ofSeconds(90);

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static CairnFileSystem fileSystem;

  @BeforeAll
  static void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 1, 3);
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

  /** Where the middle of a file's content lies on a data server's disk. */
  private record Place(Path file, long offset) {}

  /**
   * The name of a sealed data file: chunk, length, replication. A replica that is not sealed yet is
   * about to be renamed, and what was found bad lies elsewhere.
   */
  private static final Pattern SEALED =
      Pattern.compile(".*/chunks/.*/[0-9a-f]{16}\\.[0-9a-f]+\\.[0-9a-f]+\\.data");

  private static Optional<Place> find(String server, String name) throws IOException {
    byte[] mark = Arrays.copyOfRange(Contents.of(name, LENGTH), MARK, MARK + 32);
    try (Stream<Path> files = Files.walk(cluster.root().resolve(server))) {
      for (Path file : files.filter(DamagedDataIT::isSealed).toList()) {
        byte[] bytes;
        try {
          bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
          continue;
        }
        for (int i = 0; i + mark.length <= bytes.length; i++) {
          if (bytes[i] == mark[0]
              && Arrays.equals(bytes, i, i + mark.length, mark, 0, mark.length)) {
            return Optional.of(new Place(file, i));
          }
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isSealed(Path file) {
    return SEALED.matcher(file.toString()).matches();
  }

  private static Place place(String server, String name) throws Exception {
    return cluster.await(HEAL, "replica of " + name + " on " + server, () -> find(server, name));
  }

  private static void flip(Path file, long offset) throws IOException {
    try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
      damaged.seek(offset);
      int found = damaged.read();
      damaged.seek(offset);
      damaged.write(found ^ 0x10);
    }
  }

  /** Reads often enough that every replica has been asked; wrong bytes never come. */
  private static void readManyTimes(String name) {
    for (int i = 0; i < 12; i++) {
      Contents.check(fileSystem, name, LENGTH);
    }
  }

  private static void awaitGood(String server, String name) throws Exception {
    byte[] good = Contents.of(name, LENGTH);
    boolean unused =
        cluster.await(
            HEAL,
            "repaired replica of " + name + " on " + server,
            () -> {
              Contents.check(fileSystem, name, LENGTH);
              Optional<Place> place = find(server, name);
              if (place.isEmpty()) {
                return Optional.empty();
              }
              byte[] bytes = new byte[LENGTH];
              try (FileChannel channel =
                  FileChannel.open(place.get().file(), StandardOpenOption.READ)) {
                if (channel.size() < place.get().offset() - MARK + LENGTH) {
                  return Optional.empty();
                }
                channel.read(ByteBuffer.wrap(bytes), place.get().offset() - MARK);
              } catch (NoSuchFileException e) {
                // Replaced by the repaired one just now.
                return Optional.empty();
              }
              return Arrays.equals(bytes, good) ? Optional.of(true) : Optional.empty();
            });
    cluster.awaitHealthy(HEAL);
  }

  @Test
  void aFlippedByteInChunkFilesIsNeverServedAndIsRepaired() throws Exception {
    String name = "/flipped";
    Contents.write(fileSystem, name, LENGTH);
    cluster.awaitHealthy(HEAL);
    Place first = place("d1", name);
    Place second = place("d2", name);
    flip(first.file(), first.offset() + 3);
    flip(second.file(), second.offset() + 500_000);
    readManyTimes(name);
    verifyAt("d1", name);
    verifyAt("d2", name);
    awaitGood("d1", name);
    awaitGood("d2", name);
  }

  @Test
  void aFlippedByteInAChecksumFileIsRepaired() throws Exception {
    String name = "/flipped-checksum";
    Contents.write(fileSystem, name, LENGTH);
    cluster.awaitHealthy(HEAL);
    Place place = place("d1", name);
    Path checksums = companion(place.file());
    flip(checksums, Files.size(checksums) / 2);
    readManyTimes(name);
    verifyAt("d1", name);
    awaitGood("d1", name);
  }

  @Test
  void aTruncatedChunkFileIsRepaired() throws Exception {
    String name = "/truncated";
    Contents.write(fileSystem, name, LENGTH);
    cluster.awaitHealthy(HEAL);
    Place place = place("d3", name);
    try (FileChannel channel = FileChannel.open(place.file(), StandardOpenOption.WRITE)) {
      channel.truncate(place.offset());
    }
    readManyTimes(name);
    verifyAt("d3", name);
    awaitGood("d3", name);
  }

  @Test
  void aDeletedReplicaIsFoundAtRestartAndMadeAnew() throws Exception {
    String name = "/deleted-replica";
    Contents.write(fileSystem, name, LENGTH);
    cluster.awaitHealthy(HEAL);
    Place place = place("d2", name);
    Path checksums = companion(place.file());
    cluster.controller().kill("d2");
    Files.delete(place.file());
    Files.delete(checksums);
    cluster.controller().restart("d2");
    readManyTimes(name);
    verifyAt("d2", name);
    awaitGood("d2", name);
  }

  /** The checksum file of a chunk file: both begin with the chunk's id in hexadecimal. */
  private static Path companion(Path file) {
    Path checksums = file.resolveSibling(file.getFileName().toString().substring(0, 16) + ".sums");
    assertThat(checksums).exists();
    return checksums;
  }

  /** What a reader who met the damage does: the server is asked to verify itself. */
  private static void verifyAt(String server, String name) throws Exception {
    var locations = fileSystem.extents(io.cairnfs.client.CairnPath.of(name), 0, LENGTH);
    for (var extent : locations) {
      for (var member : extent.members()) {
        if (member.name().equals(server)) {
          fileSystem
              .administration()
              .reportBadReplica(extent.chunk(), member.id(), "damaged by a test");
        }
      }
    }
  }
}
