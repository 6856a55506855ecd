package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClusterAdministration.ReconcileStart;
import io.cairnfs.client.ClusterAdministration.ScrubStart;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.dataserver.QuarantinedReplica;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.ScrubReply;
import io.cairnfs.proto.metadata.ServerReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random bytes of replica files change behind the data servers' backs, anywhere in data and
 * checksum files: not one is served, and a scrub finds all. {@code -Dcairn.flips=1000} for more of
 * them.
 */
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class ScrubbedDataIT {
  private static final int FLIPS = Integer.getInteger("cairn.flips", 100);
  private static final int FILES = 24;
  private static final int LENGTH = 1_500_000;
  private static final long SEED = 20_261_123;
  private static final Duration HEAL = Duration.ofMinutes(2);
  private static final Pattern REPLICA =
      Pattern.compile("[0-9a-f]{16}\\.[0-9a-f]+\\.[0-9]+\\.data");

  @TempDir private Path directory;
  private RealCluster cluster;
  private CairnFileSystem fileSystem;

  @BeforeEach
  void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 1, 3);
    fileSystem = cluster.connect();
    for (int i = 0; i < FILES; i++) {
      Contents.write(fileSystem, name(i), LENGTH);
    }
    cluster.awaitHealthy(HEAL);
    boolean unused =
        cluster.await(
            HEAL,
            "sealed replicas",
            () -> replicas().size() == 3 * FILES ? Optional.of(true) : Optional.empty());
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
    return "/file-" + file;
  }

  /** A sealed replica on a server's disk. */
  private record Replica(String server, String chunk, Path data) {
    Path sums() {
      return data.resolveSibling(chunk + ".sums");
    }
  }

  private List<Replica> replicas() throws IOException {
    List<Replica> found = new ArrayList<>();
    for (String server : List.of("d1", "d2", "d3")) {
      try (Stream<Path> files = Files.walk(cluster.root().resolve(server))) {
        files
            .filter(path -> path.toString().contains("/chunks/"))
            .filter(path -> REPLICA.matcher(path.getFileName().toString()).matches())
            .sorted()
            .forEach(
                path ->
                    found.add(
                        new Replica(server, path.getFileName().toString().substring(0, 16), path)));
      }
    }
    return found;
  }

  private Map<String, HostPort> servers() throws Exception {
    Map<String, HostPort> addresses = new HashMap<>();
    for (ServerReport each : fileSystem.administration().report().getServersList()) {
      addresses.put(
          each.getMember().getName(),
          new HostPort(each.getMember().getHost(), each.getMember().getPort()));
    }
    return addresses;
  }

  private void readEverything() {
    for (int i = 0; i < FILES; i++) {
      Contents.check(fileSystem, name(i), LENGTH);
    }
  }

  /** Every byte of every replica, at all servers; what each found, by name. */
  private Map<String, ScrubReply> scrubAll() throws Exception {
    Map<String, HostPort> servers = servers();
    Map<String, Long> begun = new HashMap<>();
    for (Map.Entry<String, HostPort> each : servers.entrySet()) {
      ScrubReply reply =
          fileSystem.administration().scrub(each.getValue(), ScrubStart.FROM_THE_BEGINNING);
      begun.put(each.getKey(), reply.getStatus().getRound().getStartedMillis());
    }
    Map<String, ScrubReply> ended = new HashMap<>();
    for (Map.Entry<String, HostPort> each : servers.entrySet()) {
      ended.put(
          each.getKey(),
          cluster.await(
              HEAL,
              "end of a round of " + each.getKey(),
              () -> {
                readEverything();
                ScrubReply reply =
                    fileSystem.administration().scrub(each.getValue(), ScrubStart.AS_IT_IS);
                return reply.getStatus().getLast().getStartedMillis() >= begun.get(each.getKey())
                    ? Optional.of(reply)
                    : Optional.empty();
              }));
    }
    return ended;
  }

  /** Distinct replicas that were damaged; one of each chunk stays good. */
  private Set<Replica> damage(Random random) throws IOException {
    List<Replica> all = replicas();
    Map<String, Set<String>> damagedAt = new HashMap<>();
    Set<Replica> damaged = new HashSet<>();
    Set<String> places = new HashSet<>();
    for (int flips = 0; flips < FLIPS; ) {
      Replica replica = all.get(random.nextInt(all.size()));
      Set<String> at = damagedAt.computeIfAbsent(replica.chunk(), chunk -> new HashSet<>());
      if (at.size() == 2 && !at.contains(replica.server())) {
        continue;
      }
      Path file = random.nextInt(3) == 0 ? replica.sums() : replica.data();
      long offset = random.nextLong(Files.size(file));
      if (places.add(file + "@" + offset)) {
        flip(file, offset, 1 << random.nextInt(8));
        at.add(replica.server());
        damaged.add(replica);
        flips++;
      }
    }
    return damaged;
  }

  private static void flip(Path file, long offset, int bit) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(offset);
      int found = bytes.read();
      bytes.seek(offset);
      bytes.write(found ^ bit);
    }
  }

  @Test
  void noChangedByteIsServedAndAScrubFindsAllOfThem() throws Exception {
    Set<Replica> damaged = damage(new Random(SEED));
    readEverything();
    Map<String, ScrubReply> unused = scrubAll();
    awaitRepaired(damaged.size());
    Map<String, ScrubReply> again = scrubAll();
    Set<String> kept = new HashSet<>();
    for (Map.Entry<String, ScrubReply> each : again.entrySet()) {
      assertThat(each.getValue().getStatus().getLast().getBad()).as(each.getKey()).isZero();
      assertThat(each.getValue().getStatus().getLast().getReplicas()).isEqualTo(FILES);
      assertThat(each.getValue().getBadList()).isEmpty();
      for (QuarantinedReplica replica : each.getValue().getQuarantinedList()) {
        assertThat(Path.of(replica.getFile())).exists();
        kept.add(each.getKey() + " " + String.format("%016x", replica.getChunk()));
      }
    }
    assertThat(kept)
        .containsExactlyInAnyOrderElementsOf(
            damaged.stream().map(each -> each.server() + " " + each.chunk()).toList());
    readEverything();
    cluster.awaitHealthy(HEAL);
  }

  private void awaitRepaired(int damaged) throws Exception {
    boolean unused =
        cluster.await(
            HEAL,
            damaged + " repaired replicas",
            () -> {
              long bad = 0;
              long kept = 0;
              for (HostPort server : servers().values()) {
                ScrubReply reply = fileSystem.administration().scrub(server, ScrubStart.AS_IT_IS);
                bad += reply.getStatus().getBadReplicas();
                kept += reply.getStatus().getQuarantinedReplicas();
              }
              return bad == 0 && kept == damaged ? Optional.of(true) : Optional.empty();
            });
  }

  @Test
  void whatVanishesFromARunningServerIsFoundByAComparison() throws Exception {
    Replica lost =
        replicas().stream().filter(each -> each.server().equals("d2")).findFirst().orElseThrow();
    Files.delete(lost.data());
    HostPort server = servers().get("d2");
    ReconcileReply begun = fileSystem.administration().reconcile(server, ReconcileStart.NOW);
    assertThat(begun.getStartedMillis()).isPositive();
    ReconcileReply found =
        cluster.await(
            HEAL,
            "end of the comparison",
            () -> {
              ReconcileReply reply =
                  fileSystem.administration().reconcile(server, ReconcileStart.AS_IT_IS);
              return reply.getRunning() ? Optional.empty() : Optional.of(reply);
            });
    assertThat(found.getProblem()).isEmpty();
    assertThat(found.getWithoutFiles()).isEqualTo(1);
    boolean unused =
        cluster.await(
            HEAL,
            "new replica",
            () -> Files.exists(lost.data()) ? Optional.of(true) : Optional.empty());
    cluster.awaitHealthy(HEAL);
  }
}
