package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.chunk.ChunkCluster.extent;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.types.ChunkState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The sequences of events that break acknowledged data in systems without these rules. */
class ChunkHazardsTest {
  private final ChunkCluster cluster = new ChunkCluster(3);

  @AfterEach
  void everythingIsConsistent() {
    ChunkInvariants.require(cluster.store());
  }

  @Test
  void hazardA1AWriterMayBeSlowerThanAnyAge() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    // It streams, stops for a day, and commits: the row protected the chunk all the time.
    cluster.tick(86_400_000);
    cluster.releaseGarbage(100);
    assertThat(ChunkTable.isDead(cluster.store(), chunk)).isFalse();
    cluster.append("ann", file, 0, chunk, 0, 100 << 10);
    assertThat(cluster.length("f")).isEqualTo(100 << 10);
  }

  @Test
  void hazardA1ExpiryFindsEveryChunkOfTheSession() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId committed = cluster.allocate("ann", file, 3, 3);
    ChunkId spare = cluster.allocate("ann", file, 4, 3);
    ChunkId shared = cluster.allocate("ann", null, 5, 3);
    cluster.append("ann", file, 0, committed, 0, 100);
    ok(cluster.names.expire(cluster.names.session("ann")));
    assertThat(cluster.chunk(committed).isSealed()).isTrue();
    assertThat(cluster.chunk(committed).length()).isEqualTo(100);
    assertThat(cluster.chunk(spare).isGarbage()).isTrue();
    assertThat(cluster.chunk(shared).isGarbage()).isTrue();
    assertThat(cluster.names.attributes("/tmp/f").getBeingWritten()).isFalse();
  }

  @Test
  void hazardA1WithoutARowAndNotAheadOfTheCounterMeansDead() {
    ChunkId known = cluster.allocate("ann", null, 3, 3);
    ChunkId ahead = ChunkId.of(0, 3, known.counter() + 1);
    ChunkId behind = ChunkId.of(0, 4, known.counter());
    assertThat(ChunkTable.isDead(cluster.store(), known)).isFalse();
    // An old leader's counter is older: what a newer one allocated is not dead to it.
    assertThat(ChunkTable.isDead(cluster.store(), ahead)).isFalse();
    assertThat(ChunkTable.isDead(cluster.store(), behind)).isTrue();
  }

  @Test
  void hazardA2ASettledLengthIsNeverBelowTheCommitted() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = openTail(file);
    ok(cluster.names.expire(cluster.names.session("ann")));
    assertThat(error(cluster.settle(chunk, 2, 99, 1, 2, 3))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.settle(chunk, 2, (1 << 20) + 1, 1)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(cluster.chunk(chunk).isSettling()).isTrue();
  }

  /** 100 bytes committed, and a tail that may be longer. */
  private ChunkId openTail(InodeId file) {
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.appendOpenTail("ann", file, 0, chunk, 0, 100);
    return chunk;
  }

  @Test
  void hazardA3FenceDecideLogTell() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = openTail(file);
    ok(cluster.names.expire(cluster.names.session("ann")));
    assertThat(cluster.chunk(chunk).state()).isEqualTo(ChunkState.SETTLING);
    assertThat(cluster.chunk(chunk).epoch()).isEqualTo(2);
    assertThat(ChunkTable.settling(cluster.store(), 10)).hasSize(1);
    // Nobody takes the file while its length is not known.
    assertThat(error(cluster.reopen("hdfs", "f"))).isEqualTo(ErrorCode.RETRY);
    // A deposed leader's decision of another epoch is nothing.
    assertThat(ok(cluster.settle(chunk, 1, 180, 1)).getChanged()).isFalse();
    List<Integer> members = cluster.slot(3).acting();
    assertThat(ok(cluster.settle(chunk, 2, 180, members.get(0), members.get(2))).getChanged())
        .isTrue();
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    assertThat(cluster.length("f")).isEqualTo(180);
    assertThat(cluster.extents(file).get(0).isOpenTail()).isFalse();
    assertThat(cluster.lacking(chunk)).containsExactly(members.get(1));
    // Again, with another length: it stays as it was logged first.
    assertThat(ok(cluster.settle(chunk, 2, 500, 1)).getChanged()).isFalse();
    assertThat(cluster.length("f")).isEqualTo(180);
    ok(cluster.reopen("hdfs", "f"));
  }

  /** A writer that gives up: what it flushed behind its last commit may have been read already. */
  @Test
  void closingAChunkExtendsItsOpenTailToWhatWasAcknowledged() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = openTail(file);
    ok(cluster.close("ann", cluster.progress(chunk, 180)));
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    assertThat(cluster.length("f")).isEqualTo(180);
    assertThat(cluster.extents(file).get(0).isOpenTail()).isFalse();
    assertThat(cluster.extents(file).get(0).length()).isEqualTo(180);
    // Nothing more: the chunk is closed.
    ok(cluster.close("ann", cluster.progress(chunk, 200)));
    assertThat(cluster.length("f")).isEqualTo(180);
  }

  @Test
  void hazardA3SettlingExtendsOnlyTheOpenTail() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId first = openTail(file);
    // The writer goes on elsewhere: the tail was ended by this commit.
    ChunkId second = cluster.allocate("ann", file, 4, 3);
    cluster.appendOpenTail("ann", file, 100, second, 0, 50);
    assertThat(cluster.chunk(first).hasOpenTail()).isFalse();
    ok(cluster.names.expire(cluster.names.session("ann")));
    assertThat(cluster.chunk(first).isSealed()).isTrue();
    assertThat(cluster.chunk(first).length()).isEqualTo(100);
    ok(cluster.settle(second, 2, 70, 1, 2, 3));
    assertThat(cluster.length("f")).isEqualTo(170);
    assertThat(cluster.extents(file).stream().map(ExtentRecord::length)).containsExactly(100L, 70L);
  }

  @Test
  void hazardA3AWriterThatWasFencedCommitsNothing() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = openTail(file);
    assertThat(ok(cluster.fence(chunk, 2)).getChanged()).isFalse();
    assertThat(ok(cluster.fence(chunk, 1)).getChanged()).isTrue();
    assertThat(ok(cluster.fence(chunk, 1)).getChanged()).isFalse();
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    cluster
                        .commitOf(file)
                        .addExtents(extent(100, 100, chunk, 100))
                        .addChunks(cluster.progress(chunk, 200)))))
        .isEqualTo(ErrorCode.RETRY);
    assertThat(error(cluster.close("ann", cluster.progress(chunk, 200))))
        .isEqualTo(ErrorCode.CHUNK_FENCED);
    assertThat(ok(cluster.fence(ChunkId.of(0, 1, 77), 1)).getChanged()).isFalse();
    assertThat(error(cluster.settle(ChunkId.of(0, 1, 77), 1, 0)))
        .isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
  }

  @Test
  void hazardA3AFileThatIsDeletedMeanwhileSettlesToGarbage() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = openTail(file);
    ok(cluster.names.unlink("ann", "/tmp/f"));
    ok(cluster.names.expire(cluster.names.session("ann")));
    cluster.names.purge(100);
    assertThat(cluster.extents(file)).isEmpty();
    assertThat(cluster.chunk(chunk).isSettling()).isTrue();
    ok(cluster.settle(chunk, 2, 180, 1, 2, 3));
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
  }

  @Test
  void hazardA5AnOpenTailNeedsAChunkOfItsOwnAtItsEnd() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId shared = cluster.allocate("ann", null, 7, 3);
    var commit = cluster.commitOf(file).setOpenTail(true);
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    commit
                        .clone()
                        .addExtents(extent(0, 100, shared, 0))
                        .addChunks(cluster.progress(shared, 100)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ChunkId own = cluster.allocate("ann", file, 3, 3);
    // Not the end of the chunk.
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    commit
                        .clone()
                        .addExtents(extent(0, 50, own, 0))
                        .addChunks(cluster.progress(own, 100)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    // Not the end of the file.
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    commit
                        .clone()
                        .setLength(500)
                        .addExtents(extent(0, 100, own, 0))
                        .addChunks(cluster.progress(own, 100)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    // Closed, or the file is.
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    commit
                        .clone()
                        .addExtents(extent(0, 100, own, 0))
                        .addChunks(cluster.progress(own, 100).setClosed(true)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    commit
                        .clone()
                        .setClose(true)
                        .addExtents(extent(0, 100, own, 0))
                        .addChunks(cluster.progress(own, 100)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(
        cluster.commit(
            "ann",
            commit
                .clone()
                .addExtents(extent(0, 100, own, 0))
                .addChunks(cluster.progress(own, 100))));
    assertThat(cluster.extents(file).get(0).isOpenTail()).isTrue();
    // The length that was committed in the background, and the end.
    cluster.appendOpenTail("ann", file, 100, own, 100, 300);
    assertThat(cluster.extents(file)).hasSize(1);
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setClose(true)
                .addExtents(extent(300, 1, own, 300))
                .addChunks(cluster.progress(own, 301).setClosed(true))));
    assertThat(cluster.extents(file).get(0).isOpenTail()).isFalse();
    assertThat(cluster.chunk(own).hasOpenTail()).isFalse();
  }

  @Test
  void hazardA5ASecondWriterFirstSettlesTheTail() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = openTail(file);
    assertThat(error(cluster.reopen("ann", "f"))).isEqualTo(ErrorCode.BEING_WRITTEN);
    ok(
        cluster.names.run(
            "ann",
            Operation.newBuilder()
                .setRelease(
                    Release.newBuilder().setInode(file.value()).setLease(cluster.lease(file)))));
    assertThat(cluster.chunk(chunk).isSettling()).isTrue();
    assertThat(error(cluster.reopen("ann", "f"))).isEqualTo(ErrorCode.RETRY);
    ok(cluster.settle(chunk, 2, 100, 1, 2, 3));
    ok(cluster.reopen("ann", "f"));
    ChunkId next = cluster.allocate("ann", file, 4, 3);
    cluster.append("ann", file, 100, next, 0, 10);
    assertThat(cluster.length("f")).isEqualTo(110);
  }

  @Test
  void hazardA7CommitsNameWhoLacksTheBytes() {
    InodeId file = cluster.open("ann", "f", 3);
    List<Integer> members = cluster.slot(3).acting();
    // One member was down when the chunk was allocated, one failed on the way.
    ChunkId chunk = cluster.allocateOn("ann", file, 3, 3, members.subList(0, 2));
    assertThat(cluster.lacking(chunk)).isEmpty();
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .addExtents(extent(0, 10, chunk, 0))
                .addChunks(cluster.progress(chunk, 10, members.get(0), 99))));
    List<Integer> others = new ArrayList<>(members.subList(1, 3));
    others.sort(null);
    assertThat(cluster.lacking(chunk)).isEqualTo(others);
    // An acknowledgement of one that is not in the recorded pipeline counts for nothing.
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .addExtents(extent(10, 10, chunk, 10))
                .addChunks(
                    cluster.progress(chunk, 20, members.get(0), members.get(2)).setClosed(true))));
    assertThat(cluster.lacking(chunk)).isEqualTo(others);
  }

  @Test
  void hazardA7RepairDoneClearsOnlyItsOwnEntryAtTheSealedLength() {
    InodeId file = cluster.open("ann", "f", 3);
    List<Integer> members = cluster.slot(3).acting();
    ChunkId chunk = cluster.allocateOn("ann", file, 3, 3, members.subList(0, 2));
    int late = members.get(2);
    cluster.append("ann", file, 0, chunk, 0, 40);
    long since = RepairTable.since(cluster.store(), chunk, late).orElseThrow();
    // Copied at 40, then committed at 90.
    assertThat(cluster.repaired(chunk, late, since, 40)).isFalse();
    cluster.append("ann", file, 40, chunk, 40, 90);
    ok(cluster.commit("ann", cluster.commitOf(file).setClose(true)));
    assertThat(cluster.repaired(chunk, late, since, 40)).isFalse();
    assertThat(cluster.repaired(chunk, late, since + 1, 90)).isFalse();
    assertThat(cluster.repaired(chunk, members.get(0), since, 90)).isFalse();
    assertThat(cluster.repaired(chunk, late, since, 90)).isTrue();
    assertThat(cluster.repaired(chunk, late, since, 90)).isFalse();
    // Found bad after the copy: the report of the first copy does not count for the new entry.
    assertThat(cluster.bad(chunk, late)).isTrue();
    assertThat(cluster.repaired(chunk, late, since, 90)).isFalse();
    assertThat(cluster.lacking(chunk)).containsExactly(late);
  }

  @Test
  void whoTookPartInAChunkOrIsAMemberCanLackIt() {
    InodeId file = cluster.open("ann", "f", 2);
    ChunkId chunk = cluster.allocate("ann", file, 3, 2);
    List<Integer> members = cluster.slot(3).acting();
    assertThat(cluster.bad(chunk, members.get(2))).isFalse();
    assertThat(cluster.bad(chunk, members.get(0))).isTrue();
    cluster.append("ann", file, 0, chunk, 0, 40);
    ok(cluster.commit("ann", cluster.commitOf(file).setClose(true)));
    assertThat(cluster.lacking(chunk)).containsExactly(members.get(0));
    assertThat(Holders.members(cluster.store(), cluster.slot(3), cluster.chunk(chunk)))
        .containsExactly(members.get(1));
    assertThat(cluster.bad(chunk, members.get(1))).isTrue();
    assertThat(cluster.lacking(chunk)).hasSize(2);
    assertThat(cluster.bad(ChunkId.of(0, 3, 99), members.get(0))).isFalse();
  }

  @Test
  void aChunkIsLostWhileNobodyIsKnownToHoldIt() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 40);
    List<Integer> members = cluster.slot(3).acting();
    cluster.bad(chunk, members.get(0));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
    cluster.bad(chunk, members.get(1));
    assertThat(cluster.chunk(chunk).isLost()).isTrue();
    cluster.repairAll(members.get(0));
    assertThat(cluster.chunk(chunk).isLost()).isFalse();
  }

  @Test
  void hazardA6SettingTheReplicationFillsAndEmptiesPositions() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 1, 40);
    List<Integer> members = cluster.slot(3).acting();
    ok(cluster.replicate("ann", "f", 3));
    List<Integer> added = new ArrayList<>(members.subList(1, 3));
    added.sort(null);
    assertThat(cluster.lacking(chunk)).isEqualTo(added);
    cluster.repairAll(members.get(1));
    ok(cluster.replicate("ann", "f", 1));
    assertThat(cluster.lacking(chunk)).isEmpty();
    // The one that had a copy deletes it, and what the other one may have of it is no good.
    assertThat(GarbageTable.deletesOf(cluster.store(), members.get(1), 10)).containsExactly(chunk);
    assertThat(GarbageTable.deletesOf(cluster.store(), members.get(2), 10)).containsExactly(chunk);
    assertThat(Holders.all(cluster.store(), cluster.slot(3), cluster.chunk(chunk)))
        .containsExactly(members.get(0), members.get(1));
    assertThat(cluster.chunk(chunk).replication()).isEqualTo(1);
    cluster.deleted(members.get(1), chunk);
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
  }

  @Test
  void theReplicationOfASharedChunkOnlyGrows() {
    ChunkId shared = cluster.allocate("ann", null, 7, 2);
    ok(
        cluster.names.create(
            "ann",
            Create.newBuilder()
                .setTarget(path("/tmp/a"))
                .setMode(0644)
                .setReplication(2)
                .setExtents(
                    ExtentContent.newBuilder()
                        .setLength(10)
                        .addExtents(extent(0, 10, shared, 0))
                        .addChunks(cluster.progress(shared, 10)))));
    ok(cluster.replicate("ann", "a", 1));
    assertThat(cluster.chunk(shared).replication()).isEqualTo(2);
    ok(cluster.replicate("ann", "a", 3));
    assertThat(cluster.chunk(shared).replication()).isEqualTo(3);
    assertThat(cluster.lacking(shared)).containsExactly(cluster.slot(7).acting().get(2));
  }

  @Test
  void hazardB5AChunkKnowsItsFiles() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.append("ann", file, 1000, chunk, 0, 50);
    assertThat(ReferenceTable.ofChunk(cluster.store(), chunk, 10))
        .containsExactly(new ReferenceTable.Reference(chunk, 0, file, 1000, 50));
  }

  @Test
  void hazardA16ACommitThatFailsLeavesNothing() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId good = cluster.allocate("ann", file, 3, 3);
    var before = cluster.chunk(good);
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    cluster
                        .commitOf(file)
                        .addExtents(extent(0, 10, good, 0))
                        .addExtents(extent(10, 10, ChunkId.of(0, 3, 99), 0))
                        .addChunks(cluster.progress(good, 10)))))
        .isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
    assertThat(cluster.chunk(good)).isEqualTo(before);
    assertThat(cluster.extents(file)).isEmpty();
  }
}
