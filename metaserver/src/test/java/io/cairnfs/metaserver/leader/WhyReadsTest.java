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
import io.cairnfs.proto.metadata.ChunkReasons;
import io.cairnfs.proto.metadata.JoinReasons;
import io.cairnfs.proto.metadata.MissingReplica;
import io.cairnfs.proto.metadata.MissingReplica.Reason;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.RankedServer;
import io.cairnfs.proto.metadata.SetMembership;
import io.cairnfs.proto.metadata.SlotReasons;
import io.cairnfs.proto.metadata.WhyQuery;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is answered to whoever asks why; three servers, and a file of one chunk on all of them. */
final class WhyReadsTest {
  private LeaderRig rig;
  private Writing file;

  @BeforeEach
  void start() throws Exception {
    rig = new LeaderRig().started();
    file = rig.sealed("/f", 10_000);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private WhyResult ofFile(String path) throws CairnException {
    return rig.why(WhyQuery.newBuilder().setTarget(TestCluster.path(path)));
  }

  private ChunkReasons chunk() throws CairnException {
    return ofFile("/f").getChunks(0);
  }

  private SlotReasons slot() throws CairnException {
    ChunkId id = new ChunkId(file.chunk().getChunk());
    return rig.why(WhyQuery.newBuilder().setPool(id.pool()).setSlot(id.slot())).getSlots(0);
  }

  private void lacks(int server) {
    rig.run(
        Proposals.command()
            .setRepairNeeded(
                RepairNeeded.newBuilder().setChunk(file.chunk().getChunk()).setServer(server)));
  }

  private void setMembership(int server, ServerMembership membership) {
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setSetMembership(
                SetMembership.newBuilder().setServer(server).setMembership(membership)));
  }

  /** All but these fall silent. */
  private void onlyHeard(int... servers) throws Exception {
    rig.clock.advance(Duration.ofSeconds(11));
    for (int server : servers) {
      rig.heartbeat(rig.sign(server));
    }
  }

  private MissingReplica missing() throws CairnException {
    assertThat(chunk().getMissingList()).hasSize(1);
    return chunk().getMissing(0);
  }

  @Test
  void aFileThatIsWholeIsExplainedByTheRing() throws Exception {
    WhyResult why = ofFile("/f");
    assertThat(why.getMore()).isFalse();
    assertThat(why.getChunksList()).hasSize(1);
    assertThat(why.getChunks(0).getChunk().getMembersList()).hasSize(3);
    assertThat(why.getChunks(0).getMissingList()).isEmpty();
    assertThat(why.getChunks(0).getLost()).isFalse();
    assertThat(why.getServersList()).hasSize(3);
    SlotReasons slot = why.getSlots(0);
    assertThat(slot).isEqualTo(slot());
    assertThat(slot.getSlot().getActingList()).isEqualTo(slot.getSlot().getTargetList());
    assertThat(slot.getWaits()).isEmpty();
    assertThat(slot.hasJoin()).isFalse();
    assertThat(slot.getRankedList())
        .extracting(RankedServer::getServer)
        .containsExactlyInAnyOrder(1, 2, 3);
    assertThat(slot.getRankedList())
        .allSatisfy(
            each -> {
              assertThat(each.getRack()).isEqualTo("r");
              assertThat(each.getTargetSlots()).isEqualTo(each.getFairSlots()).isPositive();
            });
  }

  @Test
  void whatIsInTheMetadataHasNoChunks() throws Exception {
    rig.run(
        TestCluster.ROOT_USER,
        Operation.newBuilder().setCreate(TestCluster.creation("/inline", "few bytes")));
    assertThat(ofFile("/inline").getChunksList()).isEmpty();
    assertThatThrownBy(() -> ofFile("/none"))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
  }

  @Test
  void aReplicaThatIsGoingToBeCopiedWaitsInAQueue() throws Exception {
    lacks(2);
    assertThat(missing().getServer()).isEqualTo(2);
    assertThat(missing().getReason()).isEqualTo(Reason.WAITING);
    assertThat(missing().getSourcesList()).containsExactlyInAnyOrder(1, 3);
    assertThat(missing().getQueue()).isEqualTo(1);
    assertThat(missing().getSince()).isPositive();
  }

  @Test
  void whoIsSilentGetsNothingAndGivesNothing() throws Exception {
    lacks(2);
    onlyHeard(1);
    assertThat(missing().getReason()).isEqualTo(Reason.MEMBER_SILENT);
    assertThat(missing().getSourcesList()).containsExactly(1, 3);
    rig.heartbeat(rig.sign(2));
    assertThat(missing().getReason()).isEqualTo(Reason.WAITING);
    onlyHeard(2);
    assertThat(missing().getReason()).isEqualTo(Reason.SOURCES_SILENT);
  }

  @Test
  void aServerWithoutRoomGetsNothing() throws Exception {
    lacks(2);
    rig.heartbeat(rig.sign(2).clearVolumes().addVolumes(LeaderRig.volume(2, 1_000)));
    assertThat(missing().getReason()).isEqualTo(Reason.NO_SPACE);
  }

  @Test
  void theLastFailureOfTheCopyIsTold() throws Exception {
    lacks(2);
    rig.heartbeat(
        rig.sign(2)
            .addCopied(
                CopyResult.newBuilder()
                    .setChunk(file.chunk().getChunk())
                    .setErrorCode(ErrorCode.CORRUPT.number())
                    .setErrorMessage("cell 3 of d1's replica")));
    assertThat(missing().getReason()).isEqualTo(Reason.COPY_FAILED);
    assertThat(missing().getProblem()).isEqualTo("CORRUPT cell 3 of d1's replica");
  }

  @Test
  void whatNobodyHasIsLost() throws Exception {
    for (int server = 1; server <= 3; server++) {
      lacks(server);
    }
    assertThat(chunk().getLost()).isTrue();
    assertThat(chunk().getMissingList())
        .hasSize(3)
        .allSatisfy(each -> assertThat(each.getReason()).isEqualTo(Reason.LOST));
  }

  @Test
  void aJoinTellsHowFarItIs() throws Exception {
    rig.addServer(4);
    setMembership(1, ServerMembership.DRAINING);
    rig.await(() -> slot().getJoin().getAtEnd() && slot().getJoin().getLacking() == 1);
    JoinReasons join = slot().getJoin();
    assertThat(join.getServer()).isEqualTo(4);
    assertThat(join.getReplaces()).isEqualTo(1);
    assertThat(slot().getSlot().getActing(join.getPosition())).isEqualTo(1);
    assertThat(join.getCursor()).isEqualTo(file.chunk().getChunk());
    assertThat(join.getOpenChunksList()).isEmpty();
    assertThat(join.getReplacedLettingGo()).isFalse();
    assertThat(slot().getRankedList())
        .extracting(RankedServer::getServer)
        .containsExactlyInAnyOrder(2, 3, 4);
  }

  @Test
  void aWriterThatBeganWithoutTheJoinerIsInItsWay() throws Exception {
    Writing open = rig.write("/open");
    rig.commit(open, 5_000, false);
    ChunkId id = new ChunkId(open.chunk().getChunk());
    WhyQuery.Builder query = WhyQuery.newBuilder().setPool(id.pool()).setSlot(id.slot());
    rig.addServer(4);
    setMembership(1, ServerMembership.DRAINING);
    rig.await(() -> rig.why(query).getSlots(0).getJoin().getAtEnd());
    assertThat(rig.why(query).getSlots(0).getJoin().getOpenChunksList())
        .containsExactly(id.value());
  }

  @Test
  void aSlotWhoseSuccessorIsSilentSaysWhom() throws Exception {
    rig.addServer(4);
    onlyHeard(1, 2, 3);
    setMembership(1, ServerMembership.DRAINING);
    rig.turn();
    assertThat(slot().hasJoin()).isFalse();
    assertThat(slot().getWaits()).matches("d4, which is to have position [0-2], is DOWN");
  }

  @Test
  void aSlotThatDoesNotExistIsRefused() {
    for (int[] none : new int[][] {{0, 1 << 20}, {0, -1}, {9, 0}}) {
      assertThatThrownBy(() -> rig.why(WhyQuery.newBuilder().setPool(none[0]).setSlot(none[1])))
          .isInstanceOfSatisfying(
              CairnException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
    }
  }
}
