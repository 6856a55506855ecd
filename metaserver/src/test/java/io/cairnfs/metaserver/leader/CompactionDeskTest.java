package io.cairnfs.metaserver.leader;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.chunk.ExtentMap;
import io.cairnfs.metaserver.leader.LeaderRig.Writing;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.command.FenceChunk;
import io.cairnfs.proto.command.GarbageDone;
import io.cairnfs.proto.command.ReleaseGarbage;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CompactTask;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.metadata.SetStoragePolicy;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Extent;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The leader has fragmented files copied, and survives whatever becomes of the copies. */
class CompactionDeskTest {
  private LeaderRig rig;
  private long inode;
  private long source;
  private int server;

  @BeforeEach
  void start() throws Exception {
    rig = new LeaderRig().started();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  /** A closed file of so many pieces, the last one first in its chunk. */
  private void fragmented(int pieces) throws Exception {
    Writing file = rig.write("/f" + pieces);
    inode = file.inode();
    source = file.chunk().getChunk();
    CommitExtents.Builder commit =
        CommitExtents.newBuilder()
            .setInode(inode)
            .setLease(file.lease())
            .setSequence(1)
            .setClose(true)
            .addChunks(
                ChunkProgress.newBuilder()
                    .setChunk(source)
                    .setEpoch(file.chunk().getEpoch())
                    .setLength(10L * pieces)
                    .addAllAcknowledgedServers(file.pipeline())
                    .setClosed(true));
    for (int i = 0; i < pieces; i++) {
      commit.addExtents(
          Extent.newBuilder()
              .setFileOffset(10L * i)
              .setLength(10)
              .setChunk(source)
              .setChunkOffset(10L * (pieces - 1 - i)));
    }
    rig.run(ROOT_USER, Operation.newBuilder().setCommit(commit));
    assertThat(extents()).isEqualTo(pieces);
    rig.duties.contentWatch().changed(inode);
    rig.turn();
  }

  private int extents() {
    return rig.read(
        view -> ExtentMap.overlapping(view, new InodeId(inode), 0, Long.MAX_VALUE, 10_000).size());
  }

  private void pass(Duration time) throws Exception {
    rig.clock.advance(time);
    rig.heartbeats();
    rig.turn();
  }

  /** The next task, and who got it. */
  private CompactTask handedOut() throws Exception {
    CompactTask[] task = new CompactTask[1];
    rig.await(
        () -> {
          for (int asking = 1; asking <= 3 && task[0] == null; asking++) {
            ServerHeartbeatReply reply = rig.heartbeat(rig.sign(asking));
            if (reply.getCompactionsCount() > 0) {
              task[0] = reply.getCompactions(0);
              server = asking;
            }
          }
          return task[0] != null;
        });
    return task[0];
  }

  private boolean isGarbage(long chunk) {
    return rig.chunk(chunk).orElseThrow().state() == ChunkState.GARBAGE;
  }

  @Test
  void aFragmentedFileIsCopiedWhenItHasComeToRest() throws Exception {
    fragmented(8);
    pass(Duration.ofSeconds(4));
    for (int asking = 1; asking <= 3; asking++) {
      assertThat(rig.heartbeat(rig.sign(asking)).getCompactionsCount()).isZero();
    }
    pass(Duration.ofSeconds(1));
    CompactTask task = handedOut();
    assertThat(task.getChunk().getMembers(0).getServer()).isEqualTo(server);
    assertThat(task.getChunk().getMembersCount()).isEqualTo(3);
    assertThat(task.getPiecesCount()).isEqualTo(8);
    assertThat(task.getSourcesList())
        .singleElement()
        .extracting(s -> s.getChunk())
        .isEqualTo(source);
    assertThat(task.getSources(0).getMembersCount()).isEqualTo(3);
    rig.heartbeat(rig.sign(server).addCompacting(task.getChunk().getChunk()));
    rig.heartbeat(
        rig.sign(server)
            .addCompacted(
                CompactResult.newBuilder().setChunk(task.getChunk().getChunk()).setLength(80)));
    assertThat(extents()).isEqualTo(1);
    assertThat(isGarbage(source)).isTrue();
  }

  private static VolumeStatus ssd(int server) {
    return LeaderRig.volume(server, 1L << 40).toBuilder()
        .setVolume("s" + server)
        .setStorageClass(StorageClass.SSD.number())
        .build();
  }

  private void withSsds() throws Exception {
    for (int each = 1; each <= 3; each++) {
      var unused = rig.register(rig.registration(each).addVolumes(ssd(each)));
      rig.heartbeat(rig.sign(each).addVolumes(ssd(each)));
    }
  }

  private void policy(String path, String name) {
    rig.run(
        ROOT_USER,
        Operation.newBuilder()
            .setSetStoragePolicy(
                SetStoragePolicy.newBuilder().setTarget(TestCluster.path(path)).setPolicy(name)));
    rig.duties.contentWatch().policiesChanged();
  }

  private int pool() {
    return rig.read(
        view ->
            ExtentMap.overlapping(view, new InodeId(inode), 0, Long.MAX_VALUE, 2)
                .get(0)
                .chunk()
                .pool());
  }

  @Test
  void aFileThatLiesElsewhereIsMovedWhenItsPolicyIsSet() throws Exception {
    Writing file = rig.sealed("/f", 1_000);
    inode = file.inode();
    source = file.chunk().getChunk();
    withSsds();
    policy("/", "ALL_SSD");
    rig.turn();
    CompactTask task = handedOut();
    int ssd = PoolId.replicated(StorageClass.SSD).value();
    assertThat(new ChunkId(task.getChunk().getChunk()).pool()).isEqualTo(ssd);
    assertThat(task.getPiecesList())
        .singleElement()
        .satisfies(piece -> assertThat(piece.getLength()).isEqualTo(1_000));
    assertThat(pool()).isZero();
    rig.heartbeat(
        rig.sign(server)
            .addCompacted(
                CompactResult.newBuilder().setChunk(task.getChunk().getChunk()).setLength(1_000)));
    assertThat(pool()).isEqualTo(ssd);
    assertThat(isGarbage(source)).isTrue();
    // It is where it should be: nothing more is copied, now or in a later pass.
    withSsds();
    rig.duties.contentWatch().policiesChanged();
    rig.turn();
    for (int asking = 1; asking <= 3; asking++) {
      assertThat(rig.heartbeat(rig.sign(asking).addVolumes(ssd(asking))).getCompactionsCount())
          .isZero();
    }
  }

  @Test
  void nothingIsMovedToAClassThatTooFewServersHave() throws Exception {
    inode = rig.sealed("/f", 1_000).inode();
    policy("/", "COLD");
    pass(Duration.ofSeconds(6));
    for (int asking = 1; asking <= 3; asking++) {
      assertThat(rig.heartbeat(rig.sign(asking)).getCompactionsCount()).isZero();
    }
    assertThat(pool()).isZero();
  }

  @Test
  void aCopyThatFailsIsGivenUpAndMadeAgain() throws Exception {
    fragmented(8);
    pass(Duration.ofSeconds(5));
    long first = handedOut().getChunk().getChunk();
    rig.heartbeat(
        rig.sign(server)
            .addCompacted(
                CompactResult.newBuilder()
                    .setChunk(first)
                    .setErrorCode(ErrorCode.PIPELINE_FAILED.number())));
    rig.await(() -> isGarbage(first));
    assertThat(extents()).isEqualTo(8);
    // A result that nobody waits for does nothing.
    rig.heartbeat(
        rig.sign(server).addCompacted(CompactResult.newBuilder().setChunk(first).setLength(80)));
    assertThat(extents()).isEqualTo(8);
    pass(Duration.ofSeconds(6));
    assertThat(handedOut().getChunk().getChunk()).isNotEqualTo(first);
  }

  @Test
  void aTaskThatTheServerKnowsNothingOfIsGivenUp() throws Exception {
    fragmented(8);
    pass(Duration.ofSeconds(5));
    long chunk = handedOut().getChunk().getChunk();
    rig.heartbeat(rig.sign(server).addCompacting(chunk));
    rig.turn();
    assertThat(isGarbage(chunk)).isFalse();
    rig.heartbeat(rig.sign(server));
    rig.await(() -> isGarbage(chunk));
  }

  @Test
  void aCopyThatTakesTooLongIsGivenUp() throws Exception {
    fragmented(8);
    pass(Duration.ofSeconds(5));
    long chunk = handedOut().getChunk().getChunk();
    rig.heartbeat(rig.sign(server).addCompacting(chunk));
    rig.clock.advance(Duration.ofMinutes(2));
    rig.await(() -> isGarbage(chunk));
  }

  @Test
  void aServerThatComesAnewHasLostItsTasks() throws Exception {
    fragmented(8);
    pass(Duration.ofSeconds(5));
    long chunk = handedOut().getChunk().getChunk();
    rig.register(rig.registration(server).setServer(server));
    rig.await(() -> isGarbage(chunk));
  }

  @Test
  void aNewLeaderGivesUpWhatAnEarlierOneBegan() throws Exception {
    fragmented(8);
    pass(Duration.ofSeconds(5));
    long chunk = handedOut().getChunk().getChunk();
    rig.log.lead(8);
    rig.await(() -> isGarbage(chunk));
  }

  @Test
  void aCopyInAChunkThatIsNoMoreIsGivenUp() throws Exception {
    fragmented(8);
    pass(Duration.ofSeconds(5));
    long chunk = handedOut().getChunk().getChunk();
    // A later leader, of whom this one has not heard yet, has had it fenced and collected.
    rig.run(
        Proposals.command()
            .setFenceChunk(
                FenceChunk.newBuilder()
                    .setChunk(chunk)
                    .setExpectedEpoch(rig.chunk(chunk).orElseThrow().epoch())));
    rig.run(Proposals.command().setReleaseGarbage(ReleaseGarbage.newBuilder().setLimit(10)));
    for (int holder = 1; holder <= 3; holder++) {
      rig.run(
          Proposals.command()
              .setGarbageDone(GarbageDone.newBuilder().setServer(holder).addChunks(chunk)));
    }
    assertThat(rig.chunk(chunk)).isEmpty();
    rig.heartbeat(
        rig.sign(server).addCompacted(CompactResult.newBuilder().setChunk(chunk).setLength(80)));
    assertThat(rig.fatal).isEmpty();
    assertThat(extents()).isEqualTo(8);
    rig.turn();
    pass(Duration.ofSeconds(6));
    assertThat(handedOut().getChunk().getChunk()).isNotEqualTo(chunk);
  }

  @Test
  void whatNobodyHeardOfIsFoundToo() throws Exception {
    fragmented(8);
    rig.log.lead(8);
    assertThat(handedOut().getPiecesCount()).isEqualTo(8);
  }

  @Test
  void writersOfAFileWithTooManyExtentsHaveToWait() throws Exception {
    fragmented(101);
    assertThat(rig.duties.contentWatch().isTooFragmented(inode)).isFalse();
    pass(Duration.ofSeconds(5));
    rig.await(
        () -> {
          // What is handed out here is lost.
          rig.heartbeats();
          return rig.duties.contentWatch().isTooFragmented(inode);
        });
    assertThat(rig.duties.contentWatch().isTooFragmented(inode + 1)).isFalse();
    rig.run(
        ROOT_USER,
        Operation.newBuilder()
            .setSetLength(
                SetLength.newBuilder()
                    .setFile(FileRef.newBuilder().setTarget(TestCluster.path("/f101")))));
    pass(Duration.ofSeconds(6));
    rig.await(
        () -> {
          pass(Duration.ofSeconds(1));
          return !rig.duties.contentWatch().isTooFragmented(inode);
        });
  }
}
