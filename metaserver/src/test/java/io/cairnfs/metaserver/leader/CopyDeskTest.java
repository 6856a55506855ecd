package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.metaserver.chunk.ChunkCluster;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.types.ServerHealth;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CopyDeskTest {
  private static final int BACKLOG = 1_500;
  private static final int SLOT = 3;

  private final ChunkCluster cluster = new ChunkCluster(3);
  private final ManualClock clock = new ManualClock(0);
  private final CopyDesk desk = new CopyDesk(clock, server -> ServerHealth.UP);
  private int lacking;
  private int other;

  @BeforeEach
  void members() {
    lacking = cluster.slot(SLOT).acting().get(0);
    other = cluster.slot(SLOT).acting().get(1);
  }

  private ChunkId lacked(String name) {
    ChunkId chunk = cluster.sealedFile("ann", name, SLOT, 3, 10);
    cluster.bad(chunk, lacking);
    return chunk;
  }

  private List<ChunkId> next() {
    return desk.next(cluster.store(), lacking, 16).stream()
        .map(CopyTask::getChunk)
        .map(ChunkId::new)
        .toList();
  }

  private void done(ChunkId chunk) {
    desk.reported(lacking, chunk, true);
  }

  @Test
  void theLastReplicaOfAChunkOvertakesALargeBacklog() {
    for (int i = 0; i < BACKLOG; i++) {
      ChunkId unused = lacked("f" + i);
    }
    ChunkId weak = lacked("weak");
    cluster.bad(weak, other);
    Set<ChunkId> given = new HashSet<>();
    int answers = 0;
    while (!given.contains(weak)) {
      List<ChunkId> tasks = next();
      assertThat(tasks).isNotEmpty();
      given.addAll(tasks);
      tasks.forEach(this::done);
      answers++;
    }
    assertThat(answers).isLessThanOrEqualTo(3);
    assertThat(given).hasSizeLessThan(BACKLOG / 10);
  }

  @Test
  void lastReplicasThatDoNotFitComeWithTheNextAnswer() {
    for (int i = 0; i < BACKLOG; i++) {
      ChunkId unused = lacked("f" + i);
    }
    Set<ChunkId> weak = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      ChunkId chunk = lacked("weak" + i);
      cluster.bad(chunk, other);
      weak.add(chunk);
    }
    Set<ChunkId> given = new HashSet<>();
    for (int i = 0; i < 6; i++) {
      for (CopyTask task : desk.next(cluster.store(), lacking, 16)) {
        ChunkId chunk = new ChunkId(task.getChunk());
        assertThat(cluster.repaired(chunk, lacking, task.getSince(), 10)).isTrue();
        done(chunk);
        given.add(chunk);
      }
    }
    assertThat(given).containsAll(weak);
  }

  @Test
  void aCopyThatFailedWaits() {
    ChunkId chunk = lacked("f");
    assertThat(next()).containsExactly(chunk);
    assertThat(next()).isEmpty();
    desk.reported(lacking, chunk, false);
    assertThat(next()).isEmpty();
    clock.advance(Duration.ofSeconds(10));
    assertThat(next()).containsExactly(chunk);
  }

  @Test
  void whatTheServerDoesNotNameIsGivenAgain() {
    ChunkId chunk = lacked("f");
    assertThat(next()).containsExactly(chunk);
    desk.atWork(lacking, List.of(chunk));
    assertThat(next()).isEmpty();
    desk.atWork(lacking, List.of());
    assertThat(next()).containsExactly(chunk);
  }
}
