package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.chunk.RangeCluster.piece;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.chunk.RangeCluster.StripeCopy;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.repair.CompactionPlanner;
import io.cairnfs.metaserver.repair.CopyPlanner;
import io.cairnfs.metaserver.repair.DeletePlanner;
import io.cairnfs.proto.command.AddPool;
import io.cairnfs.proto.command.AdvanceJoin;
import io.cairnfs.proto.command.BeginJoin;
import io.cairnfs.proto.command.BeginStripe;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommitStripe;
import io.cairnfs.proto.command.CommittedCell;
import io.cairnfs.proto.command.Promote;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.CompactPiece;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Bytes of files become cells of stripes, and no byte of any file changes, whatever comes between.
 */
class StripeTest {
  private static final PoolId POOL = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY);
  private static final int SLOT = 7;

  private RangeCluster files = new RangeCluster(5);
  private ChunkCluster cluster = files.cluster;

  StripeTest() {
    addPool();
  }

  private void addPool() {
    ok(cluster.run(Command.newBuilder().setAddPool(AddPool.newBuilder().setPool(POOL.value()))));
  }

  @AfterEach
  void recordsAgree() {
    ChunkInvariants.require(cluster.store());
  }

  private void close(ChunkId chunk) {
    ok(cluster.close("ann", cluster.progress(chunk, 0).setClosed(true)));
  }

  /** A file of one sealed chunk. */
  private InodeId file(String name, long length) {
    InodeId inode = files.create("ann", name, "");
    ChunkId chunk = files.allocate("ann", inode, 1);
    ok(files.write("ann", inode, 0, chunk, length));
    close(chunk);
    return inode;
  }

  private ChunkId chunkOf(InodeId inode) {
    return cluster.extents(inode).get(0).chunk();
  }

  private SlotRecord slot() {
    return SlotTable.get(cluster.store(), POOL.value(), SLOT);
  }

  /** Each file's chunk in a cell of its own. */
  private StripeCopy begin(InodeId... inodes) {
    List<List<CompactPiece>> pieces = new ArrayList<>();
    for (InodeId inode : inodes) {
      ChunkId chunk = chunkOf(inode);
      pieces.add(List.of(piece(chunk, 0, cluster.chunk(chunk).length(), 0)));
    }
    return files.beginStripe(POOL, SLOT, pieces);
  }

  private ChunkRecord row(StripeCopy stripe, int cell) {
    return cluster.chunk(stripe.first().withCell(cell));
  }

  private List<ChunkState> states(StripeCopy stripe) {
    return Stripe.of(cluster.store(), stripe.first()).cells().stream()
        .map(ChunkRecord::state)
        .distinct()
        .toList();
  }

  private boolean isGarbage(StripeCopy stripe) {
    return states(stripe).equals(List.of(ChunkState.GARBAGE));
  }

  @Test
  void filesPointAtTheCellsAndTheirOldChunksAreGarbage() {
    InodeId one = file("one", 300);
    InodeId two = file("two", 100);
    ChunkId old = chunkOf(one);
    byte[] before = files.content(one);
    long content = files.inode(one).contentIndex();
    StripeCopy stripe = begin(one, two);
    assertThat(states(stripe)).containsExactly(ChunkState.OPEN);
    assertThat(stripe.first().cell()).isZero();
    assertThat(cluster.exists(stripe.first().withCell(2))).as("not needed").isFalse();
    for (int cell : new int[] {0, 1, 3, 4}) {
      assertThat(row(stripe, cell).pipeline()).containsExactly(slot().acting().get(cell));
    }
    assertThat(ok(files.commit(stripe)).getCount()).isEqualTo(2);
    assertThat(states(stripe)).containsExactly(ChunkState.SEALED);
    assertThat(files.content(one)).isEqualTo(before);
    assertThat(files.inode(one).contentIndex()).isEqualTo(content);
    assertThat(chunkOf(one)).isEqualTo(stripe.first());
    assertThat(chunkOf(two)).isEqualTo(stripe.first().withCell(1));
    assertThat(cluster.chunk(old).isGarbage()).isTrue();
    assertThat(row(stripe, 1).length()).isEqualTo(100);
    assertThat(row(stripe, 3).length()).isEqualTo(300);
    assertThat(row(stripe, 4).checksum()).isEqualTo(1004);
    assertThat(cluster.lacking(stripe.first())).isEmpty();
  }

  @Test
  void idsOfChunksBehindAStripeAreNotItsOwn() {
    StripeCopy stripe = begin(file("f", 10));
    long last = stripe.first().withCell(ChunkId.MAX_CELLS - 1).counter();
    assertThat(Counter.CHUNK_COUNTER.in(cluster.store())).isEqualTo(last);
    assertThat(chunkOf(file("g", 10)).counter()).isEqualTo(last + 1);
    assertThat(ChunkTable.isDead(cluster.store(), stripe.first().withCell(2))).isTrue();
    StripeCopy next = begin(file("h", 10));
    assertThat(next.first().counter()).isEqualTo(last + 1 + ChunkId.MAX_CELLS);
  }

  @Test
  void aLongExtentIsCutWhereACellEnds() {
    InodeId inode = file("f", 1000);
    byte[] before = files.content(inode);
    ChunkId old = chunkOf(inode);
    StripeCopy first =
        files.beginStripe(
            POOL, SLOT, List.of(List.of(piece(old, 0, 300, 0)), List.of(piece(old, 300, 300, 0))));
    ok(files.commit(first));
    assertThat(cluster.extents(inode)).hasSize(3);
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(cluster.chunk(old).isSealed()).isTrue();
    ok(files.commit(files.beginStripe(POOL, 8, List.of(List.of(piece(old, 600, 400, 0))))));
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(cluster.chunk(old).isGarbage()).isTrue();
  }

  @Test
  void rangesOfAFileThatFollowEachOtherInACellAreOneExtent() {
    InodeId inode = files.create("ann", "f", "");
    ChunkId a = files.allocate("ann", inode, 1);
    ChunkId b = files.allocate("ann", inode, 2);
    for (int i = 0; i < 8; i++) {
      ok(files.write("ann", inode, 10L * i, i % 2 == 0 ? a : b, 10));
    }
    close(a);
    close(b);
    byte[] before = files.content(inode);
    List<CompactPiece> pieces = new ArrayList<>();
    for (ExtentRecord extent : cluster.extents(inode)) {
      pieces.add(piece(extent.chunk(), extent.chunkOffset(), extent.length(), extent.fileOffset()));
    }
    assertThat(ok(files.commit(files.beginStripe(POOL, SLOT, List.of(pieces)))).getCount())
        .isEqualTo(8);
    assertThat(cluster.extents(inode)).hasSize(1);
    assertThat(files.content(inode)).isEqualTo(before);
  }

  @Test
  void whatWasOverwrittenCutOrPunchedMeanwhileStaysSo() {
    InodeId inode = file("f", 1000);
    ChunkId old = chunkOf(inode);
    StripeCopy stripe =
        files.beginStripe(
            POOL, SLOT, List.of(List.of(piece(old, 0, 500, 0)), List.of(piece(old, 500, 500, 0))));
    ok(files.write("ann", inode, 100, files.allocate("ann", inode, 4), 50));
    ok(files.punch("ann", files.ref("ann", inode), 480, 40));
    ok(files.setLength("ann", files.ref("ann", inode), 777));
    byte[] before = files.content(inode);
    ok(files.commit(stripe));
    assertThat(files.content(inode)).isEqualTo(before);
    assertThat(cluster.chunk(old).isGarbage()).isTrue();
    assertThat(states(stripe)).containsExactly(ChunkState.SEALED);
  }

  @Test
  void aStripeOfWhatNobodyHasAnyMoreIsGarbage() {
    InodeId one = file("one", 100);
    InodeId two = file("two", 100);
    StripeCopy stripe = begin(one, two);
    ok(files.setLength("ann", files.ref("ann", one), 0));
    ok(cluster.names.unlink("ann", "/tmp/two"));
    ok(cluster.names.purge(100));
    assertThat(ok(files.commit(stripe)).getCount()).isZero();
    assertThat(isGarbage(stripe)).isTrue();
  }

  @Test
  void clonesAreRedirectedTooWheneverTheyWereMadeAndHoweverMuchTheyHave() {
    InodeId inode = file("f", 1000);
    ChunkId old = chunkOf(inode);
    InodeId early = files.create("ann", "early", "");
    InodeId late = files.create("ann", "late", "");
    ok(files.cloneRange("ann", files.ref("ann", inode), 0, 1000, files.ref("ann", early), 0));
    StripeCopy stripe =
        files.beginStripe(
            POOL, SLOT, List.of(List.of(piece(old, 0, 500, 0)), List.of(piece(old, 500, 500, 0))));
    ok(files.cloneRange("ann", files.ref("ann", inode), 450, 100, files.ref("ann", late), 10));
    byte[] content = files.content(inode);
    byte[] ofLate = files.content(late);
    ok(files.commit(stripe));
    assertThat(files.content(inode)).isEqualTo(content);
    assertThat(files.content(early)).isEqualTo(content);
    assertThat(files.content(late)).isEqualTo(ofLate);
    assertThat(cluster.chunk(old).isGarbage()).isTrue();
  }

  @Test
  void aStripeGoesWhenNothingRefersToAnyOfItsCells() {
    InodeId one = file("one", 100);
    InodeId two = file("two", 100);
    StripeCopy stripe = begin(one, two);
    ok(files.commit(stripe));
    ok(files.setLength("ann", files.ref("ann", one), 0));
    assertThat(states(stripe))
        .as("cell 0 may be needed for cell 1")
        .containsExactly(ChunkState.SEALED);
    ok(files.setLength("ann", files.ref("ann", two), 0));
    assertThat(isGarbage(stripe)).isTrue();
    cluster.tick(ChunkCluster.GRACE);
    cluster.releaseGarbage(100);
    for (ChunkRecord cell : Stripe.of(cluster.store(), stripe.first()).cells()) {
      int holder = slot().acting().get(cell.id().cell());
      assertThat(GarbageTable.holders(cluster.store(), cell.id())).containsExactly(holder);
      cluster.deleted(holder, cell.id());
      assertThat(cluster.exists(cell.id())).isFalse();
    }
  }

  @Test
  void aStripeThatIsGivenUpIsGarbageAsAWhole() {
    InodeId one = file("one", 100);
    ChunkId old = chunkOf(one);
    StripeCopy stripe = begin(one, file("two", 50));
    CommitStripe.Builder commit = files.commitOf(stripe);
    assertThat(ok(cluster.fence(stripe.first().withCell(3), 1)).getChanged()).isTrue();
    assertThat(isGarbage(stripe)).isTrue();
    assertThat(ok(cluster.fence(stripe.first(), 1)).getChanged()).isFalse();
    assertThat(error(cluster.run(Command.newBuilder().setCommitStripe(commit))))
        .isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
    assertThat(chunkOf(one)).isEqualTo(old);
    assertThat(cluster.chunk(old).isSealed()).isTrue();
  }

  @Test
  void aCommitCountsOnce() {
    InodeId one = file("one", 100);
    StripeCopy stripe = begin(one);
    CommitStripe.Builder commit = files.commitOf(stripe);
    ok(cluster.run(Command.newBuilder().setCommitStripe(commit)));
    assertThat(error(cluster.run(Command.newBuilder().setCommitStripe(commit))))
        .isEqualTo(ErrorCode.CHUNK_CLOSED);
    assertThat(ok(cluster.fence(stripe.first(), 1)).getChanged()).isFalse();
    assertThat(chunkOf(one)).isEqualTo(stripe.first());
  }

  @Test
  void aStripeWhoseServerWasStruckOutIsNotCommitted() {
    InodeId one = file("one", 100);
    StripeCopy stripe = begin(one);
    ok(cluster.set(slot().acting().get(4), ServerMembership.OUT));
    assertThat(error(files.commit(stripe))).isEqualTo(ErrorCode.CHUNK_FENCED);
    ok(cluster.fence(stripe.first(), 1));
    assertThat(isGarbage(stripe)).isTrue();
    BeginStripe.Builder again =
        BeginStripe.newBuilder()
            .setPool(POOL.value())
            .setSlot(SLOT)
            .setSlotEpoch(slot().epoch())
            .setDataCells(1)
            .setMaxLength(100);
    assertThat(error(cluster.run(Command.newBuilder().setBeginStripe(again))))
        .isEqualTo(ErrorCode.RETRY);
  }

  @Test
  void impossibleStripesAreRefused() {
    BeginStripe possible =
        BeginStripe.newBuilder()
            .setPool(POOL.value())
            .setSlot(SLOT)
            .setSlotEpoch(slot().epoch())
            .setDataCells(3)
            .setMaxLength(100)
            .build();
    List<BeginStripe> impossible =
        List.of(
            possible.toBuilder().setPool(0).build(),
            possible.toBuilder().setPool(POOL.value() + 1).build(),
            possible.toBuilder().setSlot(16).build(),
            possible.toBuilder().setSlot(-1).build(),
            possible.toBuilder().setDataCells(0).build(),
            possible.toBuilder().setDataCells(4).build(),
            possible.toBuilder().setMaxLength(0).build());
    for (BeginStripe each : impossible) {
      assertThat(error(cluster.run(Command.newBuilder().setBeginStripe(each))))
          .as("%s", each)
          .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
    BeginStripe late = possible.toBuilder().setSlotEpoch(slot().epoch() + 1).build();
    assertThat(error(cluster.run(Command.newBuilder().setBeginStripe(late))))
        .isEqualTo(ErrorCode.RETRY);
    ok(cluster.run(Command.newBuilder().setBeginStripe(possible)));
  }

  @Test
  void impossibleCommitsAreRefused() {
    InodeId one = file("one", 100);
    StripeCopy stripe = begin(one);
    ChunkId old = chunkOf(one);
    CommitStripe possible = files.commitOf(stripe).build();
    List<CommitStripe> impossible =
        List.of(
            CommitStripe.newBuilder().setEpoch(1).build(),
            possible.toBuilder().removeCells(2).build(),
            possible.toBuilder().addCells(possible.getCells(0)).build(),
            changed(possible, 0, cell -> cell.setChunk(old.value())),
            changed(possible, 1, cell -> cell.setChunk(possible.getCells(1).getChunk() + 5)),
            changed(possible, 0, cell -> cell.setLength(0)),
            changed(possible, 0, cell -> cell.setLength(2 << 20)),
            changed(possible, 0, cell -> cell.setServer(99)),
            changed(possible, 1, cell -> cell.setLength(99)),
            changed(possible, 1, cell -> cell.addPieces(piece(old, 0, 10, 0))),
            changed(possible, 0, cell -> cell.addPieces(piece(old, 50, 10, 0))),
            changed(possible, 0, cell -> cell.addPieces(piece(old, 100, 10, 95))));
    for (CommitStripe each : impossible) {
      assertThat(error(cluster.run(Command.newBuilder().setCommitStripe(each))))
          .as("%s", each)
          .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
    CommitStripe otherEpoch = possible.toBuilder().setEpoch(2).build();
    assertThat(error(cluster.run(Command.newBuilder().setCommitStripe(otherEpoch))))
        .isEqualTo(ErrorCode.CHUNK_FENCED);
    assertThat(states(stripe)).containsExactly(ChunkState.OPEN);
    ok(cluster.run(Command.newBuilder().setCommitStripe(possible)));
  }

  private static CommitStripe changed(
      CommitStripe commit, int cell, Consumer<CommittedCell.Builder> change) {
    CommitStripe.Builder builder = commit.toBuilder();
    change.accept(builder.getCellsBuilder(cell));
    return builder.build();
  }

  @Test
  void cellsAreLostWhenTooFewAreLeftToComputeThemAndComeBackWithOneMore() {
    StripeCopy stripe = begin(file("one", 100), file("two", 100));
    ok(files.commit(stripe));
    List<Integer> members = slot().acting();
    // Cell 2 is all zeros, so that two of the four others are enough, and cells 0 and 1 have files.
    cluster.bad(stripe.first(), members.get(0));
    cluster.bad(stripe.first().withCell(1), members.get(1));
    assertThat(Counter.CHUNKS_LOST.in(cluster.store())).isZero();
    cluster.bad(stripe.first().withCell(3), members.get(3));
    assertThat(Counter.CHUNKS_LOST.in(cluster.store())).isEqualTo(3);
    assertThat(row(stripe, 0).isLost()).isTrue();
    assertThat(row(stripe, 4).isLost()).as("it is there").isFalse();
    cluster.repairAll(members.get(3));
    assertThat(Counter.CHUNKS_LOST.in(cluster.store())).isZero();
    cluster.repairAll(members.get(0));
    cluster.repairAll(members.get(1));
    assertThat(Counter.REPAIR_ENTRIES.in(cluster.store())).isZero();
  }

  @Test
  void aCellKeepsTheRedundancyOfItsPoolWhateverReplicationIsAskedFor() {
    InodeId one = file("one", 100);
    StripeCopy stripe = begin(one);
    ok(files.commit(stripe));
    ok(cluster.replicate("ann", "one", 4));
    ok(cluster.replicate("ann", "one", 1));
    assertThat(row(stripe, 0).replication()).isEqualTo(1);
    assertThat(Counter.REPAIR_ENTRIES.in(cluster.store())).isZero();
    assertThat(cluster.garbageEntries()).isZero();
  }

  @Test
  void aJoinerIsFilledWithTheCellsOfItsPositionAndTheReplacedOneLetsGoOfThem() {
    InodeId one = file("one", 100);
    InodeId two = file("two", 50);
    StripeCopy stripe = begin(one, two);
    ok(files.commit(stripe));
    int replaced = slot().acting().get(1);
    ok(cluster.set(replaced, ServerMembership.DRAINING));
    int joiner = cluster.addServer();
    assertThat(slot().target().get(1)).isEqualTo(joiner);
    ok(
        cluster.run(
            Command.newBuilder()
                .setBeginJoin(
                    BeginJoin.newBuilder()
                        .setPool(POOL.value())
                        .setSlot(SLOT)
                        .setPosition(1)
                        .setServer(joiner))));
    ok(
        cluster.run(
            Command.newBuilder()
                .setAdvanceJoin(
                    AdvanceJoin.newBuilder()
                        .setPool(POOL.value())
                        .setSlot(SLOT)
                        .setPosition(1)
                        .setServer(joiner))));
    assertThat(cluster.lacking(stripe.first())).isEmpty();
    assertThat(cluster.lacking(stripe.first().withCell(1))).containsExactly(joiner);
    cluster.repairAll(joiner);
    ok(
        cluster.run(
            Command.newBuilder()
                .setPromote(
                    Promote.newBuilder()
                        .setPool(POOL.value())
                        .setSlot(SLOT)
                        .setPosition(1)
                        .setServer(joiner)
                        .setSlotEpoch(slot().epoch()))));
    cluster.releaseGarbage(100);
    assertThat(GarbageTable.deletesOf(cluster.store(), replaced, 100))
        .containsExactly(stripe.first().withCell(1));
    assertThat(new DeletePlanner(cluster.store()).deletes(replaced, 100))
        .containsExactly(stripe.first().withCell(1));
    assertThat(slot().acting().get(1)).isEqualTo(joiner);
  }

  private io.cairnfs.proto.types.Stripe stripeForReaders(StripeCopy stripe, Set<Integer> down) {
    return new ChunkLocations(cluster.store(), health(down))
        .forReading(stripe.first(), "")
        .orElseThrow()
        .getStripe();
  }

  private static ReplicaHealth health(Set<Integer> down) {
    return server -> down.contains(server) ? ServerHealth.DOWN : ServerHealth.UP;
  }

  @Test
  void readersAreToldWhatACellCanBeComputedFrom() {
    StripeCopy stripe = begin(file("one", 300), file("two", 100));
    ok(files.commit(stripe));
    List<Integer> members = slot().acting();
    cluster.bad(stripe.first().withCell(1), members.get(1));
    io.cairnfs.proto.types.Stripe cells = stripeForReaders(stripe, Set.of(members.get(4)));
    assertThat(cells.getDataCells()).isEqualTo(3);
    assertThat(cells.getParityCells()).isEqualTo(2);
    assertThat(cells.getCellsList().stream().map(cell -> new ChunkId(cell.getChunk()).cell()))
        .containsExactly(0, 1, 3, 4);
    assertThat(cells.getCells(0).getMembers(0).getServer()).isEqualTo(members.get(0));
    assertThat(cells.getCells(0).getLength()).isEqualTo(300);
    assertThat(cells.getCells(1).getMembersList()).as("bad").isEmpty();
    assertThat(cells.getCells(1).getLength()).isEqualTo(100);
    assertThat(cells.getCells(2).getMembers(0).getServer()).isEqualTo(members.get(3));
    assertThat(cells.getCells(3).getMembersList()).as("down").isEmpty();
  }

  private List<CopyTask> copies(int server, Set<Integer> down) {
    return new CopyPlanner(cluster.store(), health(down))
        .plan(server, Optional.empty(), Set.of(), 10)
        .tasks();
  }

  @Test
  void aCellThatNobodyHasIsComputedFromOthersWithinReach() {
    InodeId three = file("three", 70);
    StripeCopy stripe = begin(file("one", 300), file("two", 100), three);
    ok(files.commit(stripe));
    List<Integer> members = slot().acting();
    cluster.bad(stripe.first().withCell(1), members.get(1));
    CopyTask task = copies(members.get(1), Set.of()).get(0);
    assertThat(task.getSourcesList()).isEmpty();
    assertThat(task.getStripe().getCellsCount()).isEqualTo(5);
    assertThat(task.getChecksum()).isEqualTo(1001);
    assertThat(task.getLength()).isEqualTo(100);
    assertThat(copies(members.get(1), Set.of(members.get(0)))).hasSize(1);
    assertThat(copies(members.get(1), Set.of(members.get(0), members.get(4)))).isEmpty();
    assertThat(cluster.repaired(stripe.first().withCell(1), members.get(1), task.getSince(), 100))
        .isTrue();
  }

  @Test
  void theWeakestStripeIsMadeGoodFirst() {
    StripeCopy strong = begin(file("one", 300), file("two", 100), file("three", 100));
    ok(files.commit(strong));
    StripeCopy weak = begin(file("four", 300), file("five", 100), file("six", 100));
    ok(files.commit(weak));
    List<Integer> members = slot().acting();
    cluster.bad(strong.first(), members.get(0));
    cluster.bad(weak.first(), members.get(0));
    cluster.bad(weak.first().withCell(4), members.get(4));
    assertThat(copies(members.get(0), Set.of()).stream().map(CopyTask::getChunk))
        .containsExactly(weak.first().value(), strong.first().value());
    CopyPlanner planner = new CopyPlanner(cluster.store(), health(Set.of()));
    assertThat(planner.lastReplicas(members.get(0), Optional.empty(), Set.of(), 10).tasks())
        .extracting(CopyTask::getChunk)
        .containsExactly(weak.first().value());
  }

  private CompactionPlanner planner() {
    return new CompactionPlanner(
        cluster.store(), new CompactionPlanner.Limits(64, 10_000, 1_000, 200, 3, 50));
  }

  @Test
  void whatIsLeftOfAStripeBecomesReplicatedAgainWhenMostOfItIsDead() {
    InodeId one = file("one", 300);
    InodeId two = file("two", 100);
    StripeCopy stripe = begin(one, two);
    ok(files.commit(stripe));
    ok(files.setLength("ann", files.ref("ann", one), 110));
    ChunkId second = stripe.first().withCell(1);
    assertThat(planner().rest(stripe.first())).as("more than half is alive").isEmpty();
    assertThat(planner().rest(second)).isEmpty();
    ok(files.setLength("ann", files.ref("ann", one), 90));
    byte[] before = files.content(two);
    CompactionPlanner.Plan plan = planner().rest(second).orElseThrow();
    assertThat(plan.length()).as("all of the cell is alive").isEqualTo(100);
    assertThat(plan.replication()).as("as the file asks").isEqualTo(2);
    assertThat(ok(files.commit(files.beginCompaction(plan, 3))).getCount()).isEqualTo(1);
    assertThat(files.content(two)).isEqualTo(before);
    assertThat(cluster.chunk(chunkOf(two)).replication()).isEqualTo(2);
    assertThat(states(stripe)).containsExactly(ChunkState.SEALED);
    assertThat(planner().rest(stripe.first().withCell(4))).as("parity").isEmpty();
    ok(files.commit(files.beginCompaction(planner().rest(stripe.first()).orElseThrow(), 3)));
    assertThat(isGarbage(stripe)).isTrue();
  }

  @Test
  void aCopyOfACellHasAsManyReplicasAsItsFilesAskForByThen() {
    InodeId one = file("one", 300);
    InodeId two = file("two", 100);
    StripeCopy stripe = begin(one, two);
    ok(files.commit(stripe));
    ok(files.setLength("ann", files.ref("ann", one), 10));
    RangeCluster.Copy copy =
        files.beginCompaction(planner().rest(stripe.first().withCell(1)).orElseThrow(), 3);
    ok(cluster.replicate("ann", "two", 4));
    ok(files.commit(copy));
    assertThat(cluster.chunk(chunkOf(two)).replication()).isEqualTo(4);
  }

  @Test
  void extentsInCellsAreNotCompactedForBeingShort() {
    InodeId inode = files.create("ann", "f", "");
    ChunkId chunk = files.allocate("ann", inode, 1);
    for (int i = 7; i >= 0; i--) {
      ok(files.write("ann", inode, 10L * i, chunk, 10));
    }
    close(chunk);
    assertThat(planner().part(inode, 0).plan()).isPresent();
    ok(files.commit(files.beginStripe(POOL, SLOT, List.of(List.of(piece(chunk, 0, 80, 0))))));
    assertThat(cluster.extents(inode)).hasSize(8);
    assertThat(planner().part(inode, 0).plan()).isEmpty();
  }

  @Test
  void theCheckFindsStripesThatAreNoneAnyMore() {
    InodeId one = file("one", 100);
    StripeCopy stripe = begin(one);
    ok(files.commit(stripe));
    ChunkCheck check = new ChunkCheck(cluster.store());
    ChunkRecord data = row(stripe, 0);
    assertThat(check.chunk(ChunkKeys.chunk(data.id()), data.encode())).isEmpty();
    ChunkRecord parity = row(stripe, 4);
    cluster.loseChunk(parity.id());
    assertThat(check.chunk(ChunkKeys.chunk(data.id()), data.encode()))
        .singleElement()
        .asString()
        .contains("longer than cell 4");
    cluster.names.damage(names -> ChunkTable.put(names.transaction(), parity));
    cluster.loseReferences(data.id());
    assertThat(check.chunk(ChunkKeys.chunk(parity.id()), parity.encode()))
        .singleElement()
        .asString()
        .contains("nothing refers to its stripe");
    files = new RangeCluster(5);
    cluster = files.cluster;
  }

  @Test
  void noByteChangesWhateverComesBetween() {
    for (int seed = 0; seed < 60; seed++) {
      files = new RangeCluster(6);
      cluster = files.cluster;
      addPool();
      randomly(new Random(seed), "seed " + seed);
      ChunkInvariants.require(cluster.store());
    }
  }

  private void randomly(Random random, String seed) {
    List<InodeId> inodes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      inodes.add(file("f" + i, 200 + random.nextInt(800)));
    }
    List<StripeCopy> begun = new ArrayList<>();
    for (int step = 0; step < 40; step++) {
      InodeId inode = inodes.get(random.nextInt(inodes.size()));
      long length = files.inode(inode).length();
      long from = length == 0 ? 0 : random.nextInt((int) length);
      switch (random.nextInt(8)) {
        case 0 -> {
          ChunkId chunk = files.allocate("ann", inode, random.nextInt(16));
          ok(files.write("ann", inode, from, chunk, 1 + random.nextInt(300)));
          close(chunk);
        }
        case 1 -> ok(files.punch("ann", files.ref("ann", inode), from, 1 + random.nextInt(100)));
        case 2 -> ok(files.setLength("ann", files.ref("ann", inode), from));
        case 3 -> {
          InodeId other = inodes.get(random.nextInt(inodes.size()));
          if (!other.equals(inode) && from < length) {
            ok(
                files.cloneRange(
                    "ann",
                    files.ref("ann", inode),
                    from,
                    Math.min(200, length - from),
                    files.ref("ann", other),
                    random.nextInt(500)));
          }
        }
        case 4, 5 -> plan(random, inodes).ifPresent(begun::add);
        case 6 -> {
          if (!begun.isEmpty()) {
            StripeCopy stripe = begun.remove(random.nextInt(begun.size()));
            Map<InodeId, byte[]> before = new HashMap<>();
            inodes.forEach(each -> before.put(each, files.content(each)));
            ok(files.commit(stripe));
            inodes.forEach(
                each -> assertThat(files.content(each)).as(seed).isEqualTo(before.get(each)));
          }
        }
        case 7 -> {
          if (!begun.isEmpty()) {
            ok(cluster.fence(begun.remove(0).first(), 1));
          }
        }
        default -> throw new AssertionError();
      }
    }
  }

  /** Ranges of sealed chunks, each byte once, in up to three cells. */
  private Optional<StripeCopy> plan(Random random, List<InodeId> inodes) {
    List<List<CompactPiece>> cells = new ArrayList<>();
    Set<ChunkId> used = new HashSet<>();
    for (InodeId inode : inodes) {
      List<CompactPiece> pieces = new ArrayList<>();
      long target = 0;
      for (ExtentRecord extent : cluster.extents(inode)) {
        if (cluster.chunk(extent.chunk()).isSealed() && used.add(extent.chunk())) {
          long cut = random.nextInt((int) extent.length());
          pieces.add(
              piece(extent.chunk(), extent.chunkOffset() + cut, extent.length() - cut, target));
          target += extent.length() - cut;
        }
      }
      if (!pieces.isEmpty() && cells.size() < 3) {
        cells.add(pieces);
      }
    }
    return cells.isEmpty()
        ? Optional.empty()
        : Optional.of(files.beginStripe(POOL, random.nextInt(16), cells));
  }
}
