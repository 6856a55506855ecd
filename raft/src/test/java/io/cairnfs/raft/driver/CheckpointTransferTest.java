package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.raft.MemberId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a follower gets a checkpoint and when the log, and what an interruption costs. */
final class CheckpointTransferTest {
  private static final EngineOptions NOTHING_RETAINED = TestCluster.OPTIONS.withRetainedLog(0);
  private static final String FILLER = "x".repeat(4_000);

  /** The file that {@link ListMachine} writes beside its words. */
  private static final long LARGE_FILE_BYTES = 3 << 20;

  @TempDir Path root;

  /** What interrupts a transfer. */
  private enum Interruption {
    CONNECTION,
    SENDER_RESTARTS,
    RECEIVER_RESTARTS,
    SENDER_HAS_A_NEWER_CHECKPOINT
  }

  @ParameterizedTest
  @EnumSource(Interruption.class)
  void anInterruptedTransferGoesOnWhereItWas(Interruption interruption) throws Exception {
    try (TestCluster cluster = new TestCluster(root, NOTHING_RETAINED, 3)) {
      cluster.startAll();
      cluster.submitSurely("first");
      MemberId behind = cluster.aFollower();
      cluster.stop(behind);
      fill(cluster, 0, 200);
      MemberId sender = cluster.awaitLeader();
      cluster.leader().checkpoint().join();
      cluster.await("cut log", () -> cluster.leader().status().firstIndex() > 100);
      cluster.network().breakFetchesAfter(3);
      cluster.start(behind);
      cluster.await("an interruption", () -> cluster.network().brokenFetches() > 0);
      assertThat(cluster.machine(behind).words()).hasSizeLessThan(2);
      long before = cluster.network().fetchedBytes();
      assertThat(before).isGreaterThanOrEqualTo(1 << 20);

      switch (interruption) {
        case CONNECTION -> assertThat(cluster.awaitLeader()).isEqualTo(sender);
        case SENDER_RESTARTS -> {
          // So that it leads again: the third could send a checkpoint of its own.
          cluster.stop(third(behind, sender));
          cluster.stop(sender);
          cluster.start(sender);
        }
        case RECEIVER_RESTARTS -> {
          cluster.stop(behind);
          cluster.start(behind);
        }
        case SENDER_HAS_A_NEWER_CHECKPOINT -> {
          fill(cluster, 200, 300);
          cluster.leader().checkpoint().join();
          assertThat(cluster.awaitLeader()).isEqualTo(sender);
          // What was offered before the newer one was there fails once more.
          long failures = cluster.network().brokenFetches();
          cluster.await("later offers", () -> cluster.network().brokenFetches() > failures + 1);
        }
      }
      cluster.network().mendFetches();
      cluster.await(
          "installation", () -> cluster.metrics(behind).values().get("raft.installs.count") == 1);
      cluster.submitSurely("last");
      cluster.awaitSameWords(202);
      long size = LARGE_FILE_BYTES + words(cluster, behind);
      assertThat(cluster.network().fetchedBytes())
          .as("bytes fetched of a checkpoint of %d, %d before the interruption", size, before)
          .isLessThan(size + words(cluster, behind) + (1 << 20));
      assertThat(checkpoints(behind)).noneMatch(name -> name.startsWith("incoming"));
      assertThat(cluster.fatal()).isEmpty();
    }
  }

  private static long words(TestCluster cluster, MemberId member) {
    return cluster.machine(member).words().stream().mapToLong(String::length).sum();
  }

  private static MemberId third(MemberId first, MemberId second) {
    return Stream.of(1, 2, 3)
        .map(TestCluster::id)
        .filter(id -> !id.equals(first) && !id.equals(second))
        .findFirst()
        .orElseThrow();
  }

  private static void fill(TestCluster cluster, int from, int to) {
    for (int i = from; i < to; i++) {
      cluster.submitSurely("word-" + i + FILLER);
    }
  }

  private Stream<String> checkpoints(MemberId member) throws IOException {
    try (Stream<Path> found = Files.list(root.resolve(member.value()).resolve("checkpoints"))) {
      return found.map(path -> path.getFileName().toString()).toList().stream();
    }
  }

  /** Its log is there, below the checkpoints that were made meanwhile. */
  @Test
  void whoWasAwayBrieflyCatchesUpFromTheLog() throws Exception {
    try (TestCluster cluster = new TestCluster(root, TestCluster.OPTIONS, 3)) {
      cluster.startAll();
      cluster.submitSurely("first");
      MemberId behind = cluster.aFollower();
      cluster.stop(behind);
      for (int round = 0; round < 3; round++) {
        fill(cluster, 100 * round, 100 * (round + 1));
        cluster.leader().checkpoint().join();
      }
      cluster.start(behind);
      cluster.awaitSameWords(301);
      assertThat(cluster.metrics(behind).values().get("raft.installs.count")).isZero();
      assertThat(cluster.network().fetchedBytes()).isZero();
    }
  }

  @Test
  void theLogBelowCheckpointsIsBoundedBySizeAndTwoCheckpointsAreKept() throws Exception {
    long retained = 512 << 10;
    try (TestCluster cluster =
        new TestCluster(root, TestCluster.OPTIONS.withRetainedLog(retained), 1)) {
      cluster.startAll();
      MemberId only = TestCluster.id(1);
      for (int round = 0; round < 5; round++) {
        fill(cluster, 200 * round, 200 * (round + 1));
        cluster.leader().checkpoint().join();
      }
      cluster.await("cut log", () -> cluster.leader().status().firstIndex() > 700);
      cluster.await("few segments", () -> logBytes(only) <= retained + 3 * (256 << 10));
      assertThat(cluster.leader().status().firstIndex()).isLessThan(950);
      assertThat(checkpoints(only).filter(name -> name.startsWith("checkpoint-"))).hasSize(2);
      cluster.stop(only);
      cluster.start(only);
      cluster.submitSurely("end");
      cluster.awaitSameWords(1_001);
    }
  }

  /** Of all segments, a spare one included. */
  private long logBytes(MemberId member) {
    try (Stream<Path> files = Files.walk(root.resolve(member.value()).resolve("log"))) {
      return files.mapToLong(path -> path.toFile().isFile() ? path.toFile().length() : 0).sum();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
