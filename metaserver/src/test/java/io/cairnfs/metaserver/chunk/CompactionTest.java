package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.repair.CompactionPlanner;
import io.cairnfs.metaserver.repair.CompactionPlanner.Limits;
import io.cairnfs.metaserver.repair.CompactionPlanner.Plan;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.types.ChunkState;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Files get fewer extents, and chunks fewer dead bytes, and no byte of any file changes. */
class CompactionTest {
  private static final Limits LIMITS = new Limits(64, 10_000, 1_000, 200, 3, 50);

  private final RangeCluster files = new RangeCluster(3);
  private final ChunkCluster cluster = files.cluster;

  @AfterEach
  void recordsAgree() {
    ChunkInvariants.require(cluster.store());
  }

  private void close(ChunkId chunk) {
    ok(cluster.close("ann", cluster.progress(chunk, 0).setClosed(true)));
  }

  /** Pieces of ten bytes, the last of the file first, in two chunks by turns, which are sealed. */
  private InodeId fragmented(String name, int pieces) {
    InodeId inode = files.create("ann", name, "");
    ChunkId[] chunks = {files.allocate("ann", inode, 1), files.allocate("ann", inode, 2)};
    for (int i = pieces - 1; i >= 0; i--) {
      ok(files.write("ann", inode, 10L * i, chunks[i % 2], 10));
    }
    Arrays.stream(chunks).forEach(this::close);
    assertThat(cluster.extents(inode)).hasSize(pieces);
    return inode;
  }

  private CompactionPlanner planner() {
    return new CompactionPlanner(cluster.store(), LIMITS);
  }

  private Plan plan(InodeId inode) {
    return planner().part(inode, 0).plan().orElseThrow();
  }

  private Set<ChunkId> chunksOf(InodeId inode) {
    Set<ChunkId> chunks = new HashSet<>();
    cluster.extents(inode).forEach(extent -> chunks.add(extent.chunk()));
    return chunks;
  }

  @Test
  void manyExtentsBecomeOneAndTheirChunksGarbage() {
    InodeId inode = fragmented("f", 8);
    byte[] before = files.content(inode);
    long content = files.inode(inode).contentIndex();
    Set<ChunkId> old = chunksOf(inode);
    RangeCluster.Copy copy = files.beginCompaction(plan(inode), 3);
    assertThat(ok(files.commit(copy)).getCount()).isEqualTo(8);
    assertThat(cluster.extents(inode)).hasSize(1);
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(files.inode(inode).contentIndex()).isEqualTo(content);
    assertThat(cluster.chunk(copy.chunk()).isSealed()).isTrue();
    assertThat(cluster.chunk(copy.chunk()).inode()).isEqualTo(inode.value());
    assertThat(old).allMatch(chunk -> cluster.chunk(chunk).state() == ChunkState.GARBAGE);
    assertThat(planner().part(inode, 0).plan()).isEmpty();
  }

  @Test
  void whatWasOverwrittenMeanwhileStaysOverwritten() {
    InodeId inode = fragmented("f", 8);
    RangeCluster.Copy copy = files.beginCompaction(plan(inode), 3);
    ok(files.write("ann", inode, 15, files.allocate("ann", inode, 4), 20));
    ok(files.punch("ann", files.ref("ann", inode), 52, 3));
    ok(files.setLength("ann", files.ref("ann", inode), 77));
    byte[] before = files.content(inode);
    // [10, 15), [35, 40), [50, 52), [55, 60), [70, 77) are left of pieces; [20, 30) is gone.
    assertThat(ok(files.commit(copy)).getCount()).isEqualTo(8);
    assertThat(files.content(inode)).isEqualTo(before);
  }

  @Test
  void aCopyOfWhatNobodyHasAnyMoreIsGarbage() {
    InodeId inode = fragmented("f", 8);
    RangeCluster.Copy copy = files.beginCompaction(plan(inode), 3);
    ok(files.setLength("ann", files.ref("ann", inode), 0));
    assertThat(ok(files.commit(copy)).getCount()).isZero();
    assertThat(cluster.chunk(copy.chunk()).state()).isEqualTo(ChunkState.GARBAGE);
    assertThat(files.content(inode)).isEmpty();
  }

  @Test
  void clonesAreRedirectedTooWheneverTheyWereMade() {
    InodeId inode = fragmented("f", 8);
    InodeId early = files.create("ann", "early", "");
    InodeId late = files.create("ann", "late", "");
    ok(files.cloneRange("ann", files.ref("ann", inode), 0, 80, files.ref("ann", early), 0));
    Set<ChunkId> old = chunksOf(inode);
    RangeCluster.Copy copy = files.beginCompaction(plan(inode), 3);
    ok(files.cloneRange("ann", files.ref("ann", inode), 5, 60, files.ref("ann", late), 100));
    byte[] content = files.content(inode);
    byte[] ofLate = files.content(late);
    ok(files.commit(copy));
    assertThat(files.content(inode)).isEqualTo(content);
    assertThat(files.content(early)).isEqualTo(content);
    assertThat(files.content(late)).isEqualTo(ofLate);
    assertThat(old).allMatch(chunk -> cluster.chunk(chunk).state() == ChunkState.GARBAGE);
  }

  @Test
  void aChunkThatAnotherFileNeedsBesideWhatWasCopiedStays() {
    InodeId inode = fragmented("f", 8);
    InodeId clone = files.create("ann", "clone", "");
    ok(files.cloneRange("ann", files.ref("ann", inode), 0, 80, files.ref("ann", clone), 0));
    ok(files.punch("ann", files.ref("ann", inode), 0, 20));
    Set<ChunkId> old = chunksOf(inode);
    ok(files.commit(files.beginCompaction(plan(inode), 3)));
    assertThat(old).allMatch(chunk -> cluster.chunk(chunk).isSealed());
    assertThat(files.content(clone)).doesNotContain((byte) 0);
    ok(cluster.names.unlink("ann", "/tmp/clone"));
    ok(cluster.names.purge(1_000));
    assertThat(old).allMatch(chunk -> cluster.chunk(chunk).state() == ChunkState.GARBAGE);
  }

  @Test
  void aReaderMayAskForTheOldChunkUntilTheGraceIsOver() {
    InodeId inode = fragmented("f", 8);
    ChunkId old = cluster.extents(inode).get(0).chunk();
    ok(files.commit(files.beginCompaction(plan(inode), 3)));
    cluster.tick(ChunkCluster.GRACE - 1);
    assertThat(cluster.releaseGarbage(100)).isZero();
    assertThat(GarbageTable.holders(cluster.store(), old)).isEmpty();
    cluster.tick(1);
    assertThat(cluster.releaseGarbage(100)).isPositive();
    assertThat(GarbageTable.holders(cluster.store(), old)).isNotEmpty();
  }

  @Test
  void whatAChunkStillHoldsIsCopiedWhenMostOfItIsDead() {
    InodeId inode = files.create("ann", "f", "");
    ChunkId chunk = files.allocate("ann", inode, 1);
    ok(files.write("ann", inode, 0, chunk, 400));
    close(chunk);
    assertThat(planner().rest(chunk)).isEmpty();
    ok(files.punch("ann", files.ref("ann", inode), 100, 200));
    assertThat(planner().rest(chunk)).as("half of it is alive").isEmpty();
    ok(files.punch("ann", files.ref("ann", inode), 50, 20));
    byte[] before = files.content(inode);
    Plan plan = planner().rest(chunk).orElseThrow();
    assertThat(plan.length()).isEqualTo(180);
    assertThat(plan.pieces()).hasSize(3);
    assertThat(ok(files.commit(files.beginCompaction(plan, 2))).getCount()).isEqualTo(3);
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(cluster.chunk(chunk).state()).isEqualTo(ChunkState.GARBAGE);
  }

  @Test
  void bytesThatAreSharedCountOnce() {
    InodeId inode = files.create("ann", "f", "");
    ChunkId chunk = files.allocate("ann", inode, 1);
    ok(files.write("ann", inode, 0, chunk, 400));
    close(chunk);
    InodeId clone = files.create("ann", "clone", "");
    for (int i = 0; i < 10; i++) {
      ok(
          files.cloneRange(
              "ann", files.ref("ann", inode), 0, 100, files.ref("ann", clone), 100L * i));
    }
    ok(files.setLength("ann", files.ref("ann", inode), 100));
    Plan plan = planner().rest(chunk).orElseThrow();
    assertThat(plan.length()).isEqualTo(100);
    byte[] before = files.content(clone);
    assertThat(ok(files.commit(files.beginCompaction(plan, 2))).getCount()).isEqualTo(11);
    assertThat(files.content(clone)).isEqualTo(before);
    assertThat(cluster.chunk(chunk).state()).isEqualTo(ChunkState.GARBAGE);
  }

  @Test
  void bytesThatAFileHasTwiceAreStillOneExtentEach() {
    InodeId inode = fragmented("f", 8);
    ok(files.cloneRange("ann", files.ref("ann", inode), 0, 80, files.ref("ann", inode), 80));
    byte[] before = files.content(inode);
    assertThat(cluster.extents(inode)).hasSize(16);
    assertThat(ok(files.commit(files.beginCompaction(plan(inode), 3))).getCount()).isEqualTo(32);
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(cluster.extents(inode)).hasSize(1);
    assertThat(planner().part(inode, 0).plan()).isEmpty();
  }

  @Test
  void bytesThatAFileHasAgainBehindAHoleAreOneExtentThere() {
    InodeId inode = fragmented("f", 8);
    ok(files.cloneRange("ann", files.ref("ann", inode), 20, 60, files.ref("ann", inode), 100));
    byte[] before = files.content(inode);
    ok(files.commit(files.beginCompaction(plan(inode), 3)));
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(cluster.extents(inode)).hasSize(2);
    assertThat(planner().part(inode, 0).plan()).isEmpty();
  }

  @Test
  void filesThatHaveTheSameBytesInDifferentOrdersComeToRest() {
    InodeId one = fragmented("f", 8);
    InodeId other = files.create("ann", "other", "");
    for (int i = 0; i < 8; i++) {
      ok(
          files.cloneRange(
              "ann", files.ref("ann", one), 10L * i, 10, files.ref("ann", other), 70 - 10L * i));
    }
    byte[] before = files.content(one);
    byte[] ofOther = files.content(other);
    for (InodeId file : List.of(one, other)) {
      ok(files.commit(files.beginCompaction(plan(file), 3)));
    }
    for (InodeId file : List.of(one, other)) {
      assertThat(planner().part(file, 0).plan()).isEmpty();
      assertThat(cluster.extents(file)).hasSize(1);
    }
    assertThat(files.content(one)).isEqualTo(before);
    assertThat(files.content(other)).isEqualTo(ofOther);
  }

  @Test
  void bytesOfSeveralFilesBeginCellsOfASharedChunk() {
    ChunkId chunk = cluster.allocate("ann", null, 1, 2);
    InodeId one = files.create("ann", "one", "");
    InodeId two = files.create("ann", "two", "");
    ok(
        files.run(
            "ann",
            files
                .commit("ann", one)
                .addExtents(ChunkCluster.extent(0, 10, chunk, 0))
                .addChunks(cluster.progress(chunk, 20_480))));
    ok(
        files.run(
            "ann", files.commit("ann", two).addExtents(ChunkCluster.extent(0, 10, chunk, 16_384))));
    close(chunk);
    Plan plan = planner().rest(chunk).orElseThrow();
    assertThat(plan.inode()).isZero();
    assertThat(plan.pieces())
        .extracting(piece -> piece.getTargetOffset())
        .containsExactly(0L, 4096L);
    byte[] before = files.content(two);
    RangeCluster.Copy copy = files.beginCompaction(plan, 2);
    ok(files.commit(copy));
    assertThat(cluster.chunk(copy.chunk()).isShared()).isTrue();
    assertThat(files.content(two)).isEqualTo(before);
    assertThat(planner().rest(copy.chunk())).as("it cannot become shorter").isEmpty();
  }

  @Test
  void whatIsBeingWrittenIsLeftAlone() {
    InodeId inode = files.create("ann", "f", "");
    ChunkId chunk = files.allocate("ann", inode, 1);
    for (int i = 7; i >= 0; i--) {
      ok(files.write("ann", inode, 10L * i, chunk, 10));
    }
    assertThat(planner().part(inode, 0).plan()).isEmpty();
    assertThat(planner().rest(chunk)).isEmpty();
  }

  @Test
  void whatLiesOnTheWrongVolumesIsCopiedHoweverLargeItIs() {
    InodeId inode = files.create("ann", "f", "");
    ChunkId first = files.allocate("ann", inode, 1);
    ok(files.write("ann", inode, 0, first, 20_000));
    ChunkId second = files.allocate("ann", inode, 2);
    ok(files.write("ann", inode, 20_000, second, 30_000));
    PoolId place = PoolId.replicated(StorageClass.SSD);
    CompactionPlanner.Part open = planner().part(inode, 0, place);
    assertThat(open.plan()).isEmpty();
    assertThat(open.waits()).isTrue();
    close(first);
    close(second);
    assertThat(planner().part(inode, 0).plan()).isEmpty();
    assertThat(planner().part(inode, 0).waits()).isFalse();
    CompactionPlanner.Part part = planner().part(inode, 0, place);
    assertThat(part.waits()).isFalse();
    Plan plan = part.plan().orElseThrow();
    assertThat(plan.pool()).isEqualTo(place);
    assertThat(plan.file()).isEqualTo(inode.value());
    // Each is more than one copy should have; it is one extent nevertheless.
    assertThat(plan.length()).isEqualTo(20_000);
    assertThat(part.next()).hasValue(20_000);
    assertThat(planner().part(inode, 20_000, place).plan().orElseThrow().length())
        .isEqualTo(30_000);
    assertThat(planner().part(inode, 0, PoolId.replicated(StorageClass.ANY)).plan()).isEmpty();
  }

  @Test
  void aLargeExtentStaysWhereItIs() {
    InodeId inode = files.create("ann", "f", "");
    ChunkId chunk = files.allocate("ann", inode, 1);
    for (int i = 4; i >= 0; i--) {
      ok(files.write("ann", inode, 10L * i, chunk, 10));
    }
    ok(files.write("ann", inode, 50, chunk, 2_000));
    for (int i = 4; i >= 0; i--) {
      ok(files.write("ann", inode, 2_050 + 10L * i, chunk, 10));
    }
    close(chunk);
    CompactionPlanner.Part first = planner().part(inode, 0);
    assertThat(first.plan().orElseThrow().length()).isEqualTo(50);
    CompactionPlanner.Part second = planner().part(inode, first.next().orElseThrow());
    assertThat(second.plan().orElseThrow().length()).isEqualTo(50);
    assertThat(second.next()).isEmpty();
    assertThat(first.extents() + second.extents()).isEqualTo(11);
  }

  @Test
  void whoAskedForMoreReplicasMeanwhileGetsThem() {
    InodeId inode = fragmented("f", 8);
    RangeCluster.Copy copy = files.beginCompaction(plan(inode), 3);
    ok(cluster.replicate("ann", "f", 3));
    ok(files.commit(copy));
    assertThat(cluster.chunk(copy.chunk()).replication()).isEqualTo(3);
    assertThat(cluster.lacking(copy.chunk())).hasSize(1);
  }

  @Test
  void aCopyThatWasGivenUpComesTooLate() {
    InodeId inode = fragmented("f", 8);
    byte[] before = files.content(inode);
    RangeCluster.Copy copy = files.beginCompaction(plan(inode), 3);
    assertThat(ok(cluster.fence(copy.chunk(), 1)).getChanged()).isTrue();
    assertThat(cluster.chunk(copy.chunk()).state()).isEqualTo(ChunkState.GARBAGE);
    assertThat(error(files.commit(copy))).isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(cluster.extents(inode)).hasSize(8);
  }

  @Test
  void commandsThatDoNotFitAreRefused() {
    InodeId inode = fragmented("f", 8);
    RangeCluster.Copy copy = files.beginCompaction(plan(inode), 3);
    ChunkId foreign = files.allocate("ann", inode, 5);
    assertThat(
            error(
                cluster.run(
                    Command.newBuilder()
                        .setCompact(files.compact(copy).setChunk(foreign.value())))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.run(Command.newBuilder().setCompact(files.compact(copy).setEpoch(2)))))
        .isEqualTo(ErrorCode.CHUNK_FENCED);
    assertThat(
            error(cluster.run(Command.newBuilder().setCompact(files.compact(copy).setLength(81)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(
            error(cluster.run(Command.newBuilder().setCompact(files.compact(copy).setLength(79)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(files.commit(copy));
    assertThat(error(files.commit(copy))).isEqualTo(ErrorCode.CHUNK_CLOSED);
  }
}
