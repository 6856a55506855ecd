package io.cairnfs.metaserver.operation.read;

import static io.cairnfs.metaserver.chunk.ChunkCluster.extent;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.chunk.ChunkCluster;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.namespace.DirectoryGuard;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.CheckPageResult;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RingQuery;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.RingShare;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChunkReadsTest {
  private static final Principal ROOT = new Principal("hdfs", List.of("supergroup"), true);

  private final ChunkCluster cluster = new ChunkCluster(4);

  private static ReplicaHealth without(int down) {
    return server -> server == down ? ServerHealth.DOWN : ServerHealth.UP;
  }

  private ChunkReads reads(StoreView view, ReplicaHealth health, String host) {
    return new ChunkReads(view, health, host);
  }

  private List<Integer> readers(ChunkId chunk, ReplicaHealth health, String host) {
    try (StoreView view = cluster.store().view()) {
      ChunkLocation location = reads(view, health, host).locate(view, chunk).orElseThrow();
      return location.getMembersList().stream().map(Member::getServer).toList();
    }
  }

  @Test
  void healthyMembersComeFirstThenTheReadersOwnHost() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    List<Integer> members = cluster.slot(3).acting();
    int last = members.get(2);
    assertThat(readers(chunk, without(0), "host" + last)).startsWith(last).hasSize(3);
    assertThat(readers(chunk, without(last), "host" + last)).endsWith(last).hasSize(3);
    cluster.bad(chunk, last);
    assertThat(readers(chunk, without(0), "host" + last)).hasSize(2).doesNotContain(last);
  }

  @Test
  void readersOfDifferentChunksAreSpread() {
    ChunkId first = cluster.sealedFile("ann", "f", 3, 3, 100);
    ChunkId second = cluster.sealedFile("ann", "g", 3, 3, 100);
    assertThat(readers(first, without(0), "").get(0))
        .isNotEqualTo(readers(second, without(0), "").get(0));
  }

  @Test
  void theHeadOfAnOpenChunkComesFirstWhateverItsHealth() {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId chunk = cluster.allocate("ann", file, 3, 3);
    cluster.appendOpenTail("ann", file, 0, chunk, 0, 10);
    List<Integer> pipeline = cluster.chunk(chunk).pipeline();
    assertThat(readers(chunk, without(pipeline.get(0)), "host" + pipeline.get(2)))
        .isEqualTo(pipeline);
  }

  @Test
  void whereNobodyIsKnownToBeGoodAllAreNamed() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 2, 100);
    cluster.slot(3).acting().forEach(server -> cluster.bad(chunk, server));
    assertThat(readers(chunk, without(0), "")).hasSize(2);
  }

  @Test
  void openingAnswersTheExtentsOfTheRangeAndWhereTheyAre() throws CairnException {
    InodeId file = cluster.open("ann", "f", 3);
    ChunkId first = cluster.allocate("ann", file, 3, 3);
    ChunkId second = cluster.allocate("ann", file, 4, 3);
    cluster.append("ann", file, 0, first, 0, 100);
    cluster.append("ann", file, 100, second, 0, 100);
    try (StoreView view = cluster.store().view()) {
      OpenResult opened =
          new NamespaceReads(reads(view, without(0), ""))
              .read(
                  view,
                  ROOT,
                  ReadRequest.newBuilder()
                      .setOpen(
                          OpenForRead.newBuilder()
                              .setTarget(path("/tmp/f"))
                              .setOffset(150)
                              .setLength(10))
                      .build())
              .getOpen();
      assertThat(opened.getExtentsList()).containsExactly(extent(100, 100, second, 0));
      assertThat(opened.getChunksList()).hasSize(1);
      assertThat(opened.getChunks(0).getState()).isEqualTo(ChunkState.OPEN);
      assertThat(opened.getChunks(0).getMaxLength()).isEqualTo(1 << 20);
    }
  }

  @Test
  void aChunkTellsItsEntriesAndItsFiles() throws CairnException {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    int bad = cluster.slot(3).acting().get(1);
    cluster.bad(chunk, bad);
    try (StoreView view = cluster.store().view()) {
      ChunkResult result = reads(view, without(0), "").chunk(chunk);
      assertThat(result.getRepairList().stream().map(entry -> entry.getServer()))
          .containsExactly(bad);
      assertThat(result.getReferences(0).getInode())
          .isEqualTo(cluster.names.attributes("/tmp/f").getInode());
      assertThat(result.getReferences(0).getLength()).isEqualTo(100);
      assertThatThrownBy(() -> reads(view, without(0), "").chunk(ChunkId.of(0, 3, 99)))
          .isInstanceOfSatisfying(
              CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CHUNK_NOT_FOUND));
    }
  }

  @Test
  void theRingShowsSharesAndWhereAFileIs() throws CairnException {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    try (StoreView view = cluster.store().view()) {
      ChunkReads reads = reads(view, without(0), "");
      RingResult ring =
          reads.ring(
              ROOT, RingQuery.newBuilder().setTarget(path("/tmp/f")).build(), DirectoryGuard.NONE);
      assertThat(ring.getSharesList()).hasSize(4);
      assertThat(ring.getSharesList().stream().mapToDouble(RingShare::getShare).sum())
          .isCloseTo(1.0, offset(1e-9));
      assertThat(ring.getShares(0).getFairShare()).isEqualTo(0.25);
      assertThat(ring.getChunks(0).getChunk()).isEqualTo(chunk.value());
      assertThat(ring.getSlotsList()).hasSize(1);
      assertThat(ring.getSlots(0).getActingList()).isEqualTo(cluster.slot(3).acting());
      assertThat(
              reads
                  .ring(
                      ROOT, RingQuery.newBuilder().setWithSlots(true).build(), DirectoryGuard.NONE)
                  .getSlotsList())
          .hasSize(16);
      RingQuery missing = RingQuery.newBuilder().setTarget(path("/tmp/none")).build();
      assertThatThrownBy(() -> reads.ring(ROOT, missing, DirectoryGuard.NONE))
          .isInstanceOf(CairnException.class);
    }
  }

  @Test
  void theReportCountsWhatIsMissingAndMoving() {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    cluster.allocate("ann", null, 5, 3);
    cluster.bad(chunk, cluster.slot(3).acting().get(0));
    int leaving = cluster.slot(3).acting().get(1);
    ok(cluster.set(leaving, ServerMembership.DRAINING));
    try (StoreView view = cluster.store().view()) {
      ClusterReportResult report = reads(view, without(leaving), "").report();
      assertThat(report.getClusterId()).isEqualTo("c1");
      assertThat(report.getPoolSlots()).isEqualTo(16);
      assertThat(report.getChunksOpen()).isEqualTo(1);
      assertThat(report.getChunksSealed()).isEqualTo(1);
      assertThat(report.getChunksUnderReplicated()).isEqualTo(1);
      assertThat(report.getRepairBacklog()).isEqualTo(1);
      assertThat(report.getChunksLost()).isZero();
      assertThat(report.getSlotsMoving()).isPositive();
      ServerReport drained =
          report.getServersList().stream()
              .filter(server -> server.getMember().getServer() == leaving)
              .findFirst()
              .orElseThrow();
      assertThat(drained.getMembership()).isEqualTo(ServerMembership.DRAINING);
      assertThat(drained.getTargetSlots()).isZero();
      assertThat(drained.getSlots()).isPositive();
      assertThat(drained.getMember().getHealth()).isEqualTo(ServerHealth.DOWN);
    }
  }

  private CheckPageResult check() throws CairnException {
    try (StoreView view = cluster.store().view()) {
      return new NamespaceReads(reads(view, without(0), ""))
          .read(
              view,
              ROOT,
              ReadRequest.newBuilder().setCheck(CheckPage.newBuilder().setLimit(10_000)).build())
          .getCheck();
    }
  }

  @Test
  void theCheckFindsNothingInAHealthyStore() throws CairnException {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    cluster.sealedFile("ann", "g", 4, 3, 100);
    cluster.bad(chunk, 1);
    ok(cluster.names.unlink("ann", "/tmp/g"));
    assertThat(check().getViolationsList()).isEmpty();
  }

  @Test
  void theCheckNamesExtentsReferencesAndChunksThatDisagree() throws CairnException {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    cluster.loseReferences(chunk);
    assertThat(check().getViolationsList())
        .hasSize(2)
        .anyMatch(line -> line.contains("has no reference of its length"))
        .anyMatch(line -> line.contains("is sealed, nothing refers to it"));
  }

  @Test
  void theCheckNamesExtentsOfAChunkThatIsGone() throws CairnException {
    ChunkId chunk = cluster.sealedFile("ann", "f", 3, 3, 100);
    cluster.loseChunk(chunk);
    assertThat(check().getViolationsList())
        .hasSize(3)
        .anyMatch(line -> line.contains("the chunk is gone"))
        .anyMatch(line -> line.contains("sealed chunks: the total says 1, the records 0"))
        .anyMatch(line -> line.contains("bytes of chunks: the total says 100, the records 0"));
  }
}
