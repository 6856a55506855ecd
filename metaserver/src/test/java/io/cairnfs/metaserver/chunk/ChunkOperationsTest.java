package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.chunk.ChunkCluster.extent;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.ReleaseGarbage;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Member;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ChunkOperationsTest {
  private final ChunkCluster cluster = new ChunkCluster(4);

  @AfterEach
  void everythingIsConsistent() {
    ChunkInvariants.require(cluster.store());
  }

  // Allocate.

  @Test
  void aChunkHasItsRowBeforeItsFirstByte() {
    InodeId file = cluster.open("ann", "f", 3);
    SlotRecord slot = cluster.slot(5);
    CommandReply reply = ok(cluster.tryAllocate("ann", file, 5, 3, slot.acting()));
    ChunkLocation location = reply.getResult().getAllocate().getChunks(0);
    ChunkRecord row = cluster.chunk(new ChunkId(location.getChunk()));
    assertThat(row.state()).isEqualTo(ChunkState.OPEN);
    assertThat(row.inode()).isEqualTo(file.value());
    assertThat(row.session()).isEqualTo(cluster.names.session("ann"));
    assertThat(row.pipeline()).isEqualTo(slot.acting());
    assertThat(row.epoch()).isEqualTo(1);
    assertThat(row.length()).isZero();
    assertThat(row.maxLength()).isEqualTo(1 << 20);
    assertThat(row.id().slot()).isEqualTo(5);
    assertThat(location.getMembersList().stream().map(Member::getServer).toList())
        .isEqualTo(slot.acting());
  }

  @Test
  void countersAreNeverReused() {
    ChunkId first = cluster.allocate("ann", null, 1, 3);
    ChunkId second = cluster.allocate("ann", null, 1, 3);
    assertThat(second.counter()).isEqualTo(first.counter() + 1);
  }

  @Test
  void whoIsNoMemberAnyMoreIsLeftOut() {
    SlotRecord slot = cluster.slot(2);
    int stranger =
        List.of(1, 2, 3, 4).stream().filter(s -> !slot.acting().contains(s)).findAny().get();
    List<Integer> chosen = List.of(slot.acting().get(0), stranger, slot.acting().get(1));
    ChunkId chunk = cluster.allocateOn("ann", null, 2, 3, chosen);
    assertThat(cluster.chunk(chunk).pipeline())
        .containsExactly(slot.acting().get(0), slot.acting().get(1));
    // Too few are left of the choice: the leader chooses again.
    List<Integer> stale = List.of(stranger, slot.acting().get(0));
    assertThat(error(cluster.tryAllocate("ann", null, 2, 3, stale))).isEqualTo(ErrorCode.RETRY);
    // Position 2 is not a replica's of a chunk of two.
    List<Integer> last = slot.acting().subList(1, 3);
    assertThat(error(cluster.tryAllocate("ann", null, 2, 2, last))).isEqualTo(ErrorCode.RETRY);
  }

  @Test
  void allocationOfNonsenseIsRefused() {
    List<Integer> members = cluster.slot(0).acting();
    assertThat(error(cluster.tryAllocate("ann", null, 16, 3, members)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.tryAllocate("ann", null, 0, 17, members)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    InodeId file = cluster.open("bob", "f", 3);
    assertThat(error(cluster.tryAllocate("ann", file, 0, 3, members)))
        .isEqualTo(ErrorCode.LEASE_LOST);
    Operation.Builder none = Operation.newBuilder().setAllocate(Allocate.newBuilder().setCount(0));
    assertThat(error(cluster.names.run("ann", none))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    Operation.Builder unchosen =
        Operation.newBuilder().setAllocate(Allocate.newBuilder().setCount(1));
    assertThat(error(cluster.names.run("ann", unchosen))).isEqualTo(ErrorCode.RETRY);
  }

  @Test
  void aSessionHasABoundedNumberOfOpenChunks() {
    ChunkId any = cluster.allocate("ann", null, 1, 3);
    for (int i = 1; i < ChunkAllocation.MAX_OPEN; i++) {
      cluster.allocate("ann", null, 1, 3);
    }
    assertThat(error(cluster.tryAllocate("ann", null, 1, 3, cluster.slot(1).acting())))
        .isEqualTo(ErrorCode.BUSY);
    ok(cluster.close("ann", cluster.progress(any, 0)));
    cluster.allocate("ann", null, 1, 3);
  }

  // Commit.

  @Test
  void aCommitMakesAcknowledgedBytesPartOfTheFile() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.append("ann", file, 0, chunk, 0, 1000);
    cluster.append("ann", file, 1000, chunk, 1000, 5000);
    assertThat(cluster.length("f")).isEqualTo(5000);
    // What follows in the file and in the chunk is one extent.
    assertThat(cluster.extents(file)).hasSize(1);
    assertThat(cluster.extents(file).get(0).length()).isEqualTo(5000);
    assertThat(cluster.chunk(chunk).length()).isEqualTo(5000);
    assertThat(cluster.lacking(chunk)).isEmpty();
  }

  @Test
  void overwritingSplitsWhatWasThere() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId first = cluster.allocate("ann", file, 3, 3);
    ChunkId second = cluster.allocate("ann", file, 4, 3);
    cluster.append("ann", file, 0, first, 0, 100);
    cluster.append("ann", file, 40, second, 0, 20);
    List<ExtentRecord> extents = cluster.extents(file);
    assertThat(extents.stream().map(ExtentRecord::fileOffset)).containsExactly(0L, 40L, 60L);
    assertThat(extents.stream().map(ExtentRecord::chunkOffset)).containsExactly(0L, 0L, 60L);
    assertThat(extents.stream().map(ExtentRecord::chunk)).containsExactly(first, second, first);
    // Over both borders.
    cluster.append("ann", file, 30, second, 20, 60);
    assertThat(cluster.extents(file).stream().map(ExtentRecord::length))
        .containsExactly(30L, 40L, 30L);
    assertThat(cluster.length("f")).isEqualTo(100);
    // All of it: nothing of the first chunk is left.
    cluster.append("ann", file, 0, second, 60, 160);
    assertThat(cluster.extents(file)).hasSize(1);
    assertThat(ReferenceTable.isReferenced(cluster.store(), first)).isFalse();
    ok(cluster.close("ann", cluster.progress(first, 100)));
    assertThat(cluster.chunk(first).isGarbage()).isTrue();
  }

  @Test
  void aHoleIsWhereNoExtentLies() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.append("ann", file, 1000, chunk, 0, 10);
    ok(cluster.commit("ann", cluster.commitOf(file).setLength(5000)));
    assertThat(cluster.length("f")).isEqualTo(5000);
    assertThat(cluster.extents(file)).hasSize(1);
    assertThat(ExtentMap.overlapping(cluster.store(), file, 0, 1000, 10)).isEmpty();
    assertThat(ExtentMap.overlapping(cluster.store(), file, 0, 1001, 10)).hasSize(1);
    assertThat(ExtentMap.overlapping(cluster.store(), file, 1009, 5000, 10)).hasSize(1);
    assertThat(ExtentMap.overlapping(cluster.store(), file, 1010, 5000, 10)).isEmpty();
  }

  @Test
  void inlineContentReplacesExtentsAndIsReplacedByThem() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.append("ann", file, 0, chunk, 0, 100);
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setHasInline(true)
                .setInline(ByteString.copyFromUtf8("tiny"))
                .addChunks(cluster.progress(chunk, 100).setClosed(true))));
    assertThat(cluster.names.content("/tmp/f")).isEqualTo("tiny");
    assertThat(cluster.length("f")).isEqualTo(4);
    assertThat(cluster.extents(file)).isEmpty();
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
    // Bytes that stay inline beside extents would be lost.
    ChunkId next = cluster.allocate("ann", file, 3, 3);
    CommandReply beside =
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .addExtents(extent(4, 100, next, 0))
                .addChunks(cluster.progress(next, 100)));
    assertThat(error(beside)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(cluster.names.content("/tmp/f")).isEqualTo("tiny");
    cluster.append("ann", file, 0, next, 0, 104);
    assertThat(cluster.length("f")).isEqualTo(104);
    assertThat(cluster.names.content("/tmp/f")).isEmpty();
    CommandReply large =
        cluster.commit(
            "ann",
            cluster.commitOf(file).setHasInline(true).setInline(ByteString.copyFrom(new byte[17])));
    assertThat(error(large)).isEqualTo(ErrorCode.TOO_LARGE);
    CommandReply both =
        cluster.commit(
            "ann", cluster.commitOf(file).setHasInline(true).addExtents(extent(0, 1, next, 0)));
    assertThat(error(both)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(cluster.commit("ann", cluster.commitOf(file).setHasInline(true)));
    assertThat(cluster.length("f")).isZero();
  }

  @Test
  void hazardB14CommitsOfOneLeaseAreAppliedInOrder() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    CommandReply early =
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setSequence(2)
                .addExtents(extent(0, 10, chunk, 10))
                .addChunks(cluster.progress(chunk, 20)));
    assertThat(error(early)).isEqualTo(ErrorCode.RETRY);
    cluster.append("ann", file, 0, chunk, 0, 10);
    cluster.append("ann", file, 0, chunk, 10, 20);
    // The first one again, under another call: it would put old bytes over new ones.
    CommandReply late =
        cluster.commit(
            "ann", cluster.commitOf(file).setSequence(1).addExtents(extent(0, 10, chunk, 0)));
    assertThat(error(late)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(cluster.extents(file).get(0).chunkOffset()).isEqualTo(10);
  }

  @Test
  void hazardB14TheLengthOfAChunkNeverShrinks() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.append("ann", file, 0, chunk, 0, 100);
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .addExtents(extent(200, 10, chunk, 0))
                .addChunks(cluster.progress(chunk, 50))));
    assertThat(cluster.chunk(chunk).length()).isEqualTo(100);
  }

  @Test
  void aCommitNeedsTheLease() {
    InodeId file = cluster.open("ann", "f", 3);
    assertThat(error(cluster.commit("bob", cluster.commitOf(file))))
        .isEqualTo(ErrorCode.LEASE_LOST);
    assertThat(error(cluster.commit("ann", cluster.commitOf(file).setLease(99))))
        .isEqualTo(ErrorCode.LEASE_LOST);
    assertThat(error(cluster.commit("ann", cluster.commitOf(file).setInode(0))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void extentsBeyondWhatWasAcknowledgedAreRefusedWithoutATrace() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    for (var bad :
        List.of(
            extent(0, 101, chunk, 0),
            extent(0, 10, chunk, 91),
            extent(0, 0, chunk, 0),
            extent(-1, 10, chunk, 0),
            extent(0, 10, chunk, -1),
            extent(Long.MAX_VALUE, 10, chunk, 0),
            extent(0, -5, chunk, 0))) {
      CommandReply reply =
          cluster.commit(
              "ann",
              cluster.commitOf(file).addExtents(bad).addChunks(cluster.progress(chunk, 100)));
      assertThat(error(reply)).as("%s", bad).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
    assertThat(cluster.chunk(chunk).length()).isZero();
    assertThat(cluster.length("f")).isZero();
  }

  @Test
  void progressThatCannotBeIsRefused() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    var commit = cluster.commitOf(file);
    assertThat(
            error(
                cluster.commit(
                    "ann", commit.clone().addChunks(cluster.progress(chunk, (1 << 20) + 1)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.commit("ann", commit.clone().addChunks(cluster.progress(chunk, -1)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(
            error(cluster.commit("ann", commit.clone().addChunks(cluster.progress(chunk, 10, 99)))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(
            error(
                cluster.commit(
                    "ann", commit.clone().addChunks(cluster.progress(chunk, 10).setEpoch(2)))))
        .isEqualTo(ErrorCode.CHUNK_FENCED);
    assertThat(
            error(
                cluster.commit(
                    "ann",
                    commit
                        .clone()
                        .addChunks(
                            cluster.progress(chunk, 10).setChunk(ChunkId.of(0, 3, 999).value())))))
        .isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
    ok(
        cluster.commit(
            "ann",
            commit
                .clone()
                .addExtents(extent(0, 10, chunk, 0))
                .addChunks(cluster.progress(chunk, 10).setClosed(true))));
    assertThat(
            error(
                cluster.commit(
                    "ann", cluster.commitOf(file).addChunks(cluster.progress(chunk, 11)))))
        .isEqualTo(ErrorCode.CHUNK_CLOSED);
  }

  @Test
  void closingSealsGivesTheLeaseBackAndDropsSpareChunks() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    ChunkId spare = cluster.allocate("ann", file, 4, 3);
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setClose(true)
                .addExtents(extent(0, 10, chunk, 0))
                .addChunks(cluster.progress(chunk, 10).setClosed(true))));
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    assertThat(cluster.chunk(spare).isGarbage()).isTrue();
    assertThat(cluster.names.attributes("/tmp/f").getBeingWritten()).isFalse();
    ok(cluster.reopen("ann", "f"));
  }

  // Shared chunks.

  private Create.Builder smallFile(String name, ChunkId chunk, long from, long length) {
    return Create.newBuilder()
        .setTarget(path("/tmp/" + name))
        .setMode(0644)
        .setExtents(
            ExtentContent.newBuilder()
                .setLength(length)
                .addExtents(extent(0, length, chunk, from))
                .addChunks(cluster.progress(chunk, from + length)));
  }

  @Test
  void smallFilesShareAChunk() {
    ChunkId shared = cluster.allocate("ann", null, 7, 3);
    ok(cluster.names.create("ann", smallFile("a", shared, 0, 100)));
    ok(cluster.names.create("ann", smallFile("b", shared, 4096, 5000)));
    assertThat(cluster.length("b")).isEqualTo(5000);
    assertThat(cluster.chunk(shared).length()).isEqualTo(9096);
    ok(cluster.close("ann", cluster.progress(shared, 9096)));
    assertThat(cluster.chunk(shared).isSealed()).isTrue();
    ok(cluster.names.unlink("ann", "/tmp/a"));
    cluster.names.purge(100);
    assertThat(cluster.chunk(shared).isSealed()).isTrue();
    ok(cluster.names.unlink("ann", "/tmp/b"));
    cluster.names.purge(100);
    assertThat(cluster.chunk(shared).isGarbage()).isTrue();
  }

  @Test
  void hazardA11InASharedChunkEachFileBeginsACell() {
    ChunkId shared = cluster.allocate("ann", null, 7, 3);
    CommandReply reply = cluster.names.create("ann", smallFile("a", shared, 100, 100));
    assertThat(error(reply)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(reply.getErrorMessage()).contains("does not begin a cell");
    assertThat(cluster.names.stat("/tmp/a")).isEmpty();
  }

  @Test
  void hazardA11NobodyCommitsAChunkOfAnotherSession() {
    ChunkId shared = cluster.allocate("bob", null, 7, 3);
    ok(cluster.names.create("bob", smallFile("secret", shared, 0, 100)));
    assertThat(error(cluster.names.create("eve", smallFile("loot", shared, 0, 100))))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    InodeId mine = cluster.open("eve", "mine", 3);
    CommandReply reply =
        cluster.commit("eve", cluster.commitOf(mine).addExtents(extent(0, 100, shared, 0)));
    assertThat(error(reply)).isEqualTo(ErrorCode.PERMISSION_DENIED);
    // Nor of another file of one's own session, when it was opened for that one.
    InodeId other = cluster.open("eve", "other", 3);
    ChunkId owned = cluster.allocate("eve", other, 3, 3);
    cluster.append("eve", other, 0, owned, 0, 10);
    CommandReply crossed =
        cluster.commit("eve", cluster.commitOf(mine).addExtents(extent(0, 10, owned, 0)));
    assertThat(error(crossed)).isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void contentLongerThanTheFileIsRefused() {
    ChunkId shared = cluster.allocate("ann", null, 7, 3);
    Create.Builder create = smallFile("a", shared, 0, 100);
    create.getExtentsBuilder().setLength(99);
    assertThat(error(cluster.names.create("ann", create))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void lateCommitsOfASealedSharedChunkAreFineWithinItsLength() {
    ChunkId shared = cluster.allocate("ann", null, 7, 3);
    ok(cluster.names.create("ann", smallFile("a", shared, 0, 100)));
    ok(cluster.close("ann", cluster.progress(shared, 8000)));
    ok(cluster.names.create("ann", smallFile("b", shared, 4096, 100)));
    assertThat(error(cluster.names.create("ann", smallFile("c", shared, 8192, 100))))
        .isEqualTo(ErrorCode.CHUNK_CLOSED);
  }

  @Test
  void hazardB13GarbageIsTerminalAndNothingIsGarbageWhileOpen() {
    ChunkId shared = cluster.allocate("ann", null, 7, 3);
    ok(cluster.names.create("ann", smallFile("a", shared, 0, 100)));
    ok(cluster.names.unlink("ann", "/tmp/a"));
    cluster.names.purge(100);
    // All its files are gone, and still the next one can be committed.
    assertThat(cluster.chunk(shared).state()).isEqualTo(ChunkState.OPEN);
    ok(cluster.names.create("ann", smallFile("b", shared, 4096, 100)));
    ok(cluster.names.unlink("ann", "/tmp/b"));
    cluster.names.purge(100);
    ok(cluster.close("ann", cluster.progress(shared, 8192)));
    assertThat(cluster.chunk(shared).isGarbage()).isTrue();
    assertThat(error(cluster.names.create("ann", smallFile("c", shared, 4096, 100))))
        .isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
  }

  // Close.

  @Test
  void closingIsRepeatableAndOnlyForTheOwner() {
    ChunkId shared = cluster.allocate("ann", null, 7, 3);
    ok(cluster.names.create("ann", smallFile("a", shared, 0, 100)));
    assertThat(error(cluster.close("eve", cluster.progress(shared, 200))))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.close("ann", cluster.progress(shared, 200)));
    ok(cluster.close("ann", cluster.progress(shared, 300)));
    assertThat(cluster.chunk(shared).length()).isEqualTo(200);
    CloseChunks.Builder many = CloseChunks.newBuilder();
    for (int i = 0; i < 1025; i++) {
      many.addChunks(cluster.progress(shared, 1));
    }
    assertThat(error(cluster.names.run("ann", Operation.newBuilder().setCloseChunks(many))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void aChunkThatWasNeverCommittedBecomesGarbageWhenItIsClosed() {
    ChunkId chunk = cluster.allocate("ann", null, 7, 3);
    ok(cluster.close("ann", cluster.progress(chunk, 500)));
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
  }

  // Hold.

  private void hold(String user, ChunkId chunk, long length) {
    CloseChunks.Builder hold =
        CloseChunks.newBuilder().setHold(true).addChunks(cluster.progress(chunk, length));
    ok(cluster.names.run(user, Operation.newBuilder().setCloseChunks(hold)));
  }

  @Test
  void bytesOfAHeldChunkCanStillBecomePartOfAFile() {
    ChunkId chunk = cluster.allocate("ann", null, 7, 3);
    hold("ann", chunk, 500);
    hold("ann", chunk, 500);
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    assertThat(ChunkTable.openInSlot(cluster.store(), 0, 7)).isEmpty();
    ChunkInvariants.require(cluster.store());
    Create.Builder create = smallFile("a", chunk, 0, 500);
    create.getExtentsBuilder().setChunks(0, cluster.progress(chunk, 500).setClosed(true));
    ok(cluster.names.create("ann", create));
    assertThat(ChunkTable.isHeld(cluster.store(), cluster.chunk(chunk))).isFalse();
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    // A hold that comes late changes nothing.
    hold("ann", chunk, 500);
    assertThat(ChunkTable.isHeld(cluster.store(), cluster.chunk(chunk))).isFalse();
  }

  @Test
  void aChunkStaysHeldWhileOnlySomeOfItsBytesAreCommitted() {
    ChunkId chunk = cluster.allocate("ann", null, 7, 3);
    hold("ann", chunk, 8192);
    ok(cluster.names.create("ann", smallFile("a", chunk, 0, 100)));
    ok(cluster.names.unlink("ann", "/tmp/a"));
    cluster.names.purge(100);
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    ok(cluster.names.create("ann", smallFile("b", chunk, 4096, 100)));
    ok(cluster.close("ann", cluster.progress(chunk, 8192)));
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    ok(cluster.names.unlink("ann", "/tmp/b"));
    cluster.names.purge(100);
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
  }

  @Test
  void whatIsHeldAndNeverCommittedIsGarbageInTheEnd() {
    ChunkId closed = cluster.allocate("ann", null, 7, 3);
    ChunkId left = cluster.allocate("ann", null, 8, 3);
    hold("ann", closed, 500);
    hold("ann", left, 500);
    ok(cluster.close("eve", cluster.progress(closed, 500)));
    assertThat(cluster.chunk(closed).isSealed()).isTrue();
    ok(cluster.close("ann", cluster.progress(closed, 500)));
    assertThat(cluster.chunk(closed).isGarbage()).isTrue();
    assertThat(cluster.chunk(left).isSealed()).isTrue();
    ok(cluster.names.closeSession("ann"));
    assertThat(cluster.chunk(left).isGarbage()).isTrue();
  }

  @Test
  void anOpenTailEndsWhereItsChunkIsHeld() {
    InodeId file = cluster.open("ann", "log", 3);
    ChunkId chunk = cluster.allocate("ann", file, 7, 3);
    cluster.appendOpenTail("ann", file, 0, chunk, 0, 100);
    hold("ann", chunk, 300);
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    assertThat(cluster.names.stat("/tmp/log").orElseThrow().getLength()).isEqualTo(300);
    ChunkId next = cluster.allocate("ann", file, 8, 3);
    ok(
        cluster.commit(
            "ann",
            cluster
                .commitOf(file)
                .setLength(500)
                .addExtents(extent(100, 200, chunk, 100))
                .addExtents(extent(300, 200, next, 0))
                .addChunks(cluster.progress(chunk, 300).setClosed(true))
                .addChunks(cluster.progress(next, 200))));
    assertThat(ChunkTable.isHeld(cluster.store(), cluster.chunk(chunk))).isFalse();
    assertThat(cluster.names.stat("/tmp/log").orElseThrow().getLength()).isEqualTo(500);
  }

  // Garbage.

  @Test
  void garbageWaitsForItsGraceInLoggedTimeAndForEveryHolder() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    ok(cluster.names.unlink("ann", "/tmp/f"));
    cluster.names.purge(10);
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
    cluster.tick(ChunkCluster.GRACE - 1);
    assertThat(cluster.releaseGarbage(10)).isZero();
    cluster.tick(1);
    assertThat(cluster.releaseGarbage(10)).isEqualTo(1);
    List<Integer> holders = cluster.slot(3).acting();
    for (int server : holders) {
      assertThat(GarbageTable.deletesOf(cluster.store(), server, 10)).containsExactly(chunk);
    }
    cluster.deleted(holders.get(0), chunk);
    cluster.deleted(holders.get(1), chunk);
    assertThat(cluster.exists(chunk)).isTrue();
    cluster.deleted(holders.get(1), chunk);
    cluster.deleted(holders.get(2), chunk);
    assertThat(cluster.exists(chunk)).isFalse();
    assertThat(ChunkTable.isDead(cluster.store(), chunk)).isTrue();
  }

  @Test
  void releaseWorksInBoundedSteps() {
    for (int i = 0; i < 5; i++) {
      ok(cluster.close("ann", cluster.progress(cluster.allocate("ann", null, 2, 3), 0)));
    }
    cluster.tick(ChunkCluster.GRACE);
    assertThat(cluster.releaseGarbage(2)).isEqualTo(2);
    assertThat(cluster.releaseGarbage(2)).isEqualTo(2);
    assertThat(cluster.releaseGarbage(2)).isEqualTo(1);
    Command.Builder none =
        Command.newBuilder().setReleaseGarbage(ReleaseGarbage.getDefaultInstance());
    assertThat(error(cluster.run(none))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void aHugeFileIsPurgedInBoundedSteps() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    var commit = cluster.commitOf(file).setClose(true);
    for (int i = 0; i < 50; i++) {
      commit.addExtents(extent(i * 10L, 5, chunk, i * 5L));
    }
    ok(cluster.commit("ann", commit.addChunks(cluster.progress(chunk, 250).setClosed(true))));
    ok(cluster.names.unlink("ann", "/tmp/f"));
    cluster.names.purge(20);
    assertThat(cluster.extents(file)).hasSize(30);
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    cluster.names.purge(100);
    assertThat(cluster.extents(file)).isEmpty();
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
  }
}
