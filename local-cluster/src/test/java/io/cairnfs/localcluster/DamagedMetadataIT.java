package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.metadata.MetaserverReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bytes of a metaserver's Raft directory are altered while it is down. What it had promised is
 * damaged: it says what and where, and does not start; the others go on. A torn tail, which a power
 * cut leaves, is no damage.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class DamagedMetadataIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** So soon a member that was killed shows as unreachable. */
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private static final int SEGMENT_HEADER_BYTES = 4096;
  private static final int RECORD_HEADER_BYTES = 40;
  private static final String WHAT_TO_DO =
      "must be removed from the group and join again as a new member";

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static CairnFileSystem fileSystem;
  private static final List<String> acknowledged = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    cluster =
        RealCluster.start(
            directory.resolve("cluster"),
            3,
            1,
            "raft.segment-bytes = 1MiB\nraft.checkpoint-log-bytes = 64KiB");
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

  private static void makeDirectories(int count) throws CairnException {
    for (int i = 0; i < count; i++) {
      String name = "/d" + acknowledged.size();
      fileSystem.mkdirs(CairnPath.of(name), 0755);
      acknowledged.add(name);
    }
  }

  private static void checkDirectories() throws CairnException {
    for (String name : acknowledged) {
      assertThat(fileSystem.stat(CairnPath.of(name)).isDirectory()).as(name).isTrue();
    }
  }

  private static Path raft(String member) {
    return cluster.root().resolve(member).resolve("raft");
  }

  private static Path only(Path folder, Predicate<String> name) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> name.test(file.getFileName().toString()))
          .sorted()
          .findFirst()
          .orElseThrow();
    }
  }

  private static void flip(Path file, long offset) throws IOException {
    try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
      damaged.seek(offset);
      int found = damaged.read();
      damaged.seek(offset);
      damaged.write(found ^ 0x10);
    }
  }

  private static void awaitMember(String id, Predicate<MetaserverReport> condition)
      throws Exception {
    awaitMember(id, LIMIT, condition);
  }

  private static void awaitMember(String id, Duration limit, Predicate<MetaserverReport> condition)
      throws Exception {
    MetaserverReport unused =
        cluster.await(
            limit,
            "expected state of " + id,
            () ->
                fileSystem.administration().report().getMetaserversList().stream()
                    .filter(member -> member.getId().equals(id))
                    .filter(condition)
                    .findFirst());
  }

  private static boolean isUpToDate(MetaserverReport member) {
    return member.getReachable() && member.getLagEntries() == 0;
  }

  /**
   * A byte is flipped: the process refuses with exactly that, the others serve, and with the byte
   * as it was everything is as before.
   */
  private static void expectRefusal(String victim, Path file, long offset, String... words)
      throws Exception {
    awaitMember(victim, SILENCE, member -> !member.getReachable());
    flip(file, offset);
    String said = "";
    try {
      cluster.controller().restart(victim);
    } catch (LocalClusterException e) {
      said = e.getMessage();
    }
    assertThat(said).contains(victim + " ended while it started").contains(WHAT_TO_DO);
    assertThat(said).contains(words);
    makeDirectories(20);
    checkDirectories();
    awaitMember(victim, member -> !member.getReachable() && member.getLagEntries() > 0);

    flip(file, offset);
    cluster.controller().restart(victim);
    awaitMember(victim, DamagedMetadataIT::isUpToDate);
    checkDirectories();
  }

  private static String aFollowerKilled() throws Exception {
    makeDirectories(50);
    String victim = cluster.followers().get(0);
    awaitMember(victim, DamagedMetadataIT::isUpToDate);
    cluster.controller().kill(victim);
    return victim;
  }

  @Test
  void aFlippedByteInARecordOfTheLogIsNamed() throws Exception {
    String victim = aFollowerKilled();
    Path segment = only(raft(victim).resolve("log"), name -> name.startsWith("log-"));
    expectRefusal(
        victim,
        segment,
        SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES - 1,
        segment + ": corrupt at offset " + SEGMENT_HEADER_BYTES,
        "expected the record of index ",
        "which was forced (",
        "found a record whose CRC says ");
  }

  @Test
  void aFlippedByteInTheVoteFileIsNamed() throws Exception {
    String victim = aFollowerKilled();
    Path state = raft(victim).resolve("log").resolve("state");
    expectRefusal(victim, state, 20, state + ": corrupt at offset 8: expected CRC ", ", found ");
  }

  @Test
  void aFlippedByteInACheckpointsManifestIsNamed() throws Exception {
    String victim = cluster.followers().get(0);
    Path checkpoints = raft(victim).resolve("checkpoints");
    boolean unused =
        cluster.await(
            LIMIT,
            "checkpoint of " + victim,
            () -> {
              makeDirectories(100);
              try (Stream<Path> made = Files.list(checkpoints)) {
                return made.anyMatch(
                        path -> path.getFileName().toString().startsWith("checkpoint-"))
                    ? Optional.of(true)
                    : Optional.empty();
              }
            });
    cluster.controller().kill(victim);
    Path current = checkpoints.resolve("current");
    String named =
        new String(Files.readAllBytes(current), StandardCharsets.ISO_8859_1)
            .replaceFirst("(?s).*(checkpoint-[0-9]+-[0-9]+).*", "$1");
    Path manifest = checkpoints.resolve(named).resolve("cairn-manifest");
    expectRefusal(
        victim, manifest, 20, manifest + ": corrupt at offset 8: expected CRC ", ", found ");
    cluster.controller().kill(victim);
    expectRefusal(
        victim, current, 20, current + ": corrupt at offset 8: expected CRC ", ", found ");
  }

  @Test
  void aTornTailIsCutAndTheMemberGoesOn() throws Exception {
    String victim = aFollowerKilled();
    Path segments = raft(victim).resolve("log");
    Path last;
    try (Stream<Path> files = Files.list(segments)) {
      last =
          files
              .filter(file -> file.getFileName().toString().startsWith("log-"))
              .sorted()
              .reduce((one, other) -> other)
              .orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(last);
    int end = bytes.length;
    while (bytes[end - 1] == 0) {
      end--;
    }
    end = (end + 7) & -8;
    // A record of a batch that was being written when the power went: its second half is missing.
    byte[] torn = new byte[600];
    System.arraycopy(bytes, SEGMENT_HEADER_BYTES, torn, 0, RECORD_HEADER_BYTES);
    torn[RECORD_HEADER_BYTES] = 1;
    torn[torn.length - 1] = 1;
    try (RandomAccessFile file = new RandomAccessFile(last.toFile(), "rw")) {
      file.seek(end);
      file.write(torn);
    }
    cluster.controller().restart(victim);
    awaitMember(victim, DamagedMetadataIT::isUpToDate);
    makeDirectories(20);
    checkDirectories();
    byte[] after = Files.readAllBytes(last);
    assertThat(Arrays.copyOfRange(after, end, end + torn.length)).isNotEqualTo(torn);
  }
}
