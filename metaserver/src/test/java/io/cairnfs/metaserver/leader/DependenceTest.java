package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.leader.LeaderRig.Writing;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.command.RepairNeeded;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What depends on a data server, as its drain goes on; three servers, of which d1 is to leave. */
final class DependenceTest {
  private static final long LENGTH = 10_000;

  private LeaderRig rig;

  @BeforeEach
  void start() throws Exception {
    rig = new LeaderRig().started();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private void set(int server, ServerMembership membership) {
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder().setServer(server).setMembership(membership)));
  }

  private static List<Blocker.Kind> kinds(DependenceResult result) {
    return result.getBlockersList().stream().map(Blocker::getKind).distinct().toList();
  }

  /** The server does all that it is told, and says so. */
  private void work(int server) throws Exception {
    ServerHeartbeatReply reply = rig.heartbeat(rig.sign(server));
    ServerHeartbeatRequest.Builder done = rig.sign(server).addAllDeleted(reply.getDeletesList());
    for (CopyTask task : reply.getCopiesList()) {
      done.addCopied(
          CopyResult.newBuilder()
              .setChunk(task.getChunk())
              .setSince(task.getSince())
              .setLength(task.getLength()));
    }
    var unused = rig.heartbeat(done);
  }

  @Test
  void whoIsInIsNeverSafeToStop() throws Exception {
    rig.sealed("/f", LENGTH);
    DependenceResult result = rig.dependence(1);
    assertThat(result.getSafe()).isFalse();
    assertThat(result.getActingSlots()).isEqualTo(result.getTargetSlots()).isPositive();
    assertThat(result.getChunks()).isEqualTo(1);
    assertThat(result.getBytes()).isEqualTo(LENGTH);
    assertThat(result.getBlockersList()).isEmpty();
    assertThatThrownBy(() -> rig.dependence(9))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_SERVER));
  }

  @Test
  void aDrainWaitsForAServerThatTakesOver() throws Exception {
    rig.sealed("/f", LENGTH);
    set(1, ServerMembership.DRAINING);
    DependenceResult result = rig.dependence(1);
    assertThat(result.getSafe()).isFalse();
    assertThat(kinds(result)).containsExactly(Blocker.Kind.TOO_FEW_SERVERS);
    assertThat(result.getBlockers(0).getProblem())
        .isEqualTo(
            "a slot has 3 members, and 2 other servers are in: add a server, or take one back");
  }

  @Test
  void itIsSafeOnceAnotherHasAllAndEveryWriterIsElsewhere() throws Exception {
    Writing sealed = rig.sealed("/dir-less", LENGTH);
    Writing open = rig.write("/open");
    rig.commit(open, LENGTH, false);
    set(1, ServerMembership.DRAINING);
    rig.addServer(4);
    DependenceResult before = rig.dependence(1);
    assertThat(before.getChunks()).isEqualTo(1);
    assertThat(before.getBytes()).isEqualTo(LENGTH);
    assertThat(before.getOpenChunks()).isEqualTo(1);
    Blocker writer =
        before.getBlockersList().stream()
            .filter(each -> each.getKind() == Blocker.Kind.OPEN_CHUNK)
            .findFirst()
            .orElseThrow();
    assertThat(writer.getPath().toStringUtf8()).isEqualTo("/open");
    assertThat(writer.getInode()).isEqualTo(open.inode());
    assertThat(writer.getUser()).isEqualTo(TestCluster.ROOT_USER);
    assertThat(writer.getProblem()).contains(new ChunkId(open.chunk().getChunk()) + " is OPEN");
    // All that is sealed has moved; the writer alone keeps it.
    rig.await(
        () -> {
          for (int server = 1; server <= 4; server++) {
            work(server);
          }
          return rig.dependence(1).getChunks() == 0 && rig.dependence(1).getActingSlots() <= 1;
        });
    DependenceResult held = rig.dependence(1);
    assertThat(held.getSafe()).isFalse();
    assertThat(held.getActingSlots()).isEqualTo(1);
    assertThat(held.getOpenChunks()).isEqualTo(1);
    rig.commit(open, LENGTH, 2, true);
    rig.await(
        () -> {
          for (int server = 1; server <= 4; server++) {
            work(server);
          }
          return rig.dependence(1).getSafe();
        });
    DependenceResult after = rig.dependence(1);
    assertThat(after.getActingSlots() + after.getTargetSlots() + after.getOpenChunks()).isZero();
    assertThat(after.getBlockersList()).isEmpty();
    assertThat(rig.lacks(4, sealed.chunk().getChunk())).isFalse();
  }

  @Test
  void aCopyThatFailsIsNamedUntilItSucceeds() throws Exception {
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    set(1, ServerMembership.DRAINING);
    rig.addServer(4);
    rig.await(() -> rig.lacks(4, chunk));
    rig.heartbeat(
        rig.sign(4)
            .addCopied(
                CopyResult.newBuilder()
                    .setChunk(chunk)
                    .setErrorCode(ErrorCode.NO_SPACE.number())
                    .setErrorMessage("volume v4 has 12 bytes left")));
    DependenceResult failing = rig.dependence(1);
    assertThat(kinds(failing)).contains(Blocker.Kind.COPY_FAILED);
    assertThat(failing.getBlockersList())
        .anySatisfy(
            each ->
                assertThat(each.getProblem())
                    .isEqualTo(
                        new ChunkId(chunk)
                            + " could not be copied to d4: NO_SPACE volume v4 has 12 bytes left"));
    rig.clock.advance(Duration.ofSeconds(11));
    rig.heartbeats();
    rig.await(
        () -> {
          work(4);
          return !rig.lacks(4, chunk);
        });
    assertThat(kinds(rig.dependence(1))).doesNotContain(Blocker.Kind.COPY_FAILED);
  }

  @Test
  void whoIsToTakeOverAndIsFullOrSilentIsNamed() throws Exception {
    rig.sealed("/f", LENGTH);
    set(1, ServerMembership.DRAINING);
    rig.addServer(4);
    rig.heartbeat(rig.sign(4).clearVolumes().addVolumes(LeaderRig.volume(4, 1_000)));
    assertThat(rig.dependence(1).getBlockersList())
        .anySatisfy(
            each -> {
              assertThat(each.getKind()).isEqualTo(Blocker.Kind.NO_SPACE);
              assertThat(each.getProblem()).startsWith("d4, which is to have ").endsWith("is full");
            });
    rig.clock.advance(Duration.ofSeconds(11));
    rig.heartbeat(rig.sign(1));
    assertThat(rig.dependence(1).getBlockersList())
        .anySatisfy(
            each -> {
              assertThat(each.getKind()).isEqualTo(Blocker.Kind.SERVER_SILENT);
              assertThat(each.getProblem()).startsWith("d4, ").endsWith("is DOWN");
            });
  }

  @Test
  void whatNoOtherServerThatIsUpHasIsCounted() throws Exception {
    long chunk = rig.sealed("/f", LENGTH).chunk().getChunk();
    assertThat(rig.dependence(1).getChunksWithoutOthers()).isZero();
    for (int server = 2; server <= 3; server++) {
      rig.run(
          Proposals.command()
              .setRepairNeeded(RepairNeeded.newBuilder().setChunk(chunk).setServer(server)));
    }
    assertThat(rig.dependence(1).getChunksWithoutOthers()).isEqualTo(1);
    assertThat(rig.dependence(2).getChunksWithoutOthers()).isZero();
    rig.clock.advance(Duration.ofSeconds(11));
    rig.heartbeat(rig.sign(1));
    assertThat(rig.dependence(1).getChunksWithoutOthers()).isEqualTo(1);
  }
}
