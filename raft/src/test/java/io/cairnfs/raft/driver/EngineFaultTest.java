package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.MemberId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
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
