package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.raft.MemberId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an engine does when its disk or its state machine fails it. */
final class EngineFaultTest {
  @TempDir Path root;

  @Test
  void aFailedForceEndsTheProcess() throws IOException {
    AtomicReference<FaultyDisk> disk = new AtomicReference<>();
    try (TestCluster cluster = new TestCluster(root, TestCluster.OPTIONS, 1)) {
      cluster.wrapDisks(
          real -> {
            disk.set(new FaultyDisk(real));
            return disk.get();
          });
      cluster.startAll();
      cluster.submitSurely("before");
      RaftEngine<Integer> engine = cluster.leader();
      disk.get().failForces();
      assertThatThrownBy(() -> submitAndJoin(engine)).isNotNull();
      cluster.await("the end of the process", () -> !cluster.fatal().isEmpty());
      assertThat(cluster.fatal().get(0)).contains("raft-disk").contains("Input/output error");
    }
  }

  private static void submitAndJoin(RaftEngine<Integer> engine) throws Exception {
    engine.submit("lost".getBytes(StandardCharsets.UTF_8)).get(5, TimeUnit.SECONDS);
  }

  private Map<MemberId, FaultyDisk> faultyDisks(TestCluster cluster) {
    Map<MemberId, FaultyDisk> disks = new ConcurrentHashMap<>();
    cluster.wrapDisks(
        real -> {
          FaultyDisk disk = new FaultyDisk(real);
          for (int number = 1; number <= 3; number++) {
            MemberId id = TestCluster.id(number);
            if (real.describe("").startsWith(cluster.path(id).toString())) {
              disks.put(id, disk);
            }
          }
          return disk;
        });
    return disks;
  }

  @Test
  void aLeaderWhoseDiskStandsStillIsReplacedAndLosesNothing() throws Exception {
    try (TestCluster cluster = new TestCluster(root, TestCluster.OPTIONS, 3)) {
      Map<MemberId, FaultyDisk> disks = faultyDisks(cluster);
      cluster.startAll();
      cluster.submitSurely("before");
      MemberId slow = cluster.awaitLeader();
      disks.get(slow).stall();
      // The others have it, so that it is committed while the leader's own disk stands still.
      CompletableFuture<Integer> written = cluster.submit("meanwhile");
      cluster.await(
          "another leader", () -> cluster.ready().filter(id -> !id.equals(slow)).isPresent());
      cluster.submitSurely("after");
      disks.get(slow).goOn();
      cluster.awaitSameWords(3);
      assertThat(written).isDone();
      assertThat(cluster.fatal()).isEmpty();
    }
  }

  /** A follower answers its leader's heartbeats from memory, whatever its disk does. */
  @Test
  void aFollowerWhoseDiskStandsStillKeepsItsLeader() throws Exception {
    try (TestCluster cluster = new TestCluster(root, TestCluster.OPTIONS, 3)) {
      Map<MemberId, FaultyDisk> disks = faultyDisks(cluster);
      cluster.startAll();
      cluster.submitSurely("before");
      MemberId leader = cluster.awaitLeader();
      long term = cluster.engine(leader).status().term();
      MemberId slow = cluster.aFollower();
      disks.get(slow).stall();
      SystemClock clock = new SystemClock();
      long end = clock.monotonicNanos() + 3_000_000_000L;
      int words = 1;
      while (clock.monotonicNanos() < end) {
        cluster.submitSurely("word-" + words++);
        assertThat(isReachable(cluster, slow)).isTrue();
      }
      assertThat(cluster.awaitLeader()).isEqualTo(leader);
      assertThat(cluster.engine(leader).status().term()).isEqualTo(term);
      assertThat(cluster.machine(slow).words()).hasSizeLessThan(words);
      disks.get(slow).goOn();
      cluster.awaitSameWords(words);
      assertThat(cluster.fatal()).isEmpty();
    }
  }

  private static boolean isReachable(TestCluster cluster, MemberId follower) {
    return cluster.leader().status().follower(follower).orElseThrow().reachable();
  }

  @Test
  void aFullDiskRefusesWritesAndServesAgainWhenThereIsRoom() throws IOException {
    Map<String, FaultyDisk> disks = new ConcurrentHashMap<>();
    try (TestCluster cluster = new TestCluster(root, TestCluster.OPTIONS, 3)) {
      cluster.wrapDisks(
          real -> {
            FaultyDisk disk = new FaultyDisk(real);
            disks.put(real.describe(""), disk);
            return disk;
          });
      cluster.startAll();
      cluster.submitSurely("before");
      disks.values().forEach(disk -> disk.fill(true));
      boolean refused = false;
      int accepted = 0;
      String filler = "x".repeat(8_000);
      while (!refused) {
        try {
          cluster.submit(filler).join();
          accepted++;
        } catch (CompletionException e) {
          refused = ((CairnException) e.getCause()).code() == ErrorCode.NO_SPACE;
        }
        assertThat(accepted).isLessThan(200);
      }
      // It still elects, and reads.
      MemberId leader = cluster.awaitLeader();
      MemberId next = cluster.aFollower();
      cluster.engine(leader).transferLeadership(next).join();
      cluster.awaitLeader();
      assertThat(cluster.leader().readBarrier().join()).isPositive();

      disks.values().forEach(disk -> disk.fill(false));
      cluster.submitSurely("after");
      cluster.awaitSameWords(accepted + 2);
      assertThat(cluster.fatal()).isEmpty();
    }
  }
}
