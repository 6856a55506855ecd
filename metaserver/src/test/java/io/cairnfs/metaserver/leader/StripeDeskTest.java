package io.cairnfs.metaserver.leader;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.chunk.ExtentMap;
import io.cairnfs.metaserver.chunk.ExtentRecord;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.Stripe;
import io.cairnfs.metaserver.leader.LeaderRig.Writing;
import io.cairnfs.proto.command.FenceChunk;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CompactTask;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.metadata.CodedPoolReport;
import io.cairnfs.proto.metadata.EnableCodingPolicy;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetCodingPolicy;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.CompactPiece;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The leader has cold files coded, and survives whatever becomes of the stripes. */
class StripeDeskTest {
  private static final PoolId POOL = PoolId.coded(CodingPolicy.XOR_2_1, StorageClass.ANY);
  private static final long MIB = 1 << 20;

  private LeaderRig rig;

  /** By server, what it was given and has not reported. */
  private final Map<Integer, Set<Long>> atWork = new TreeMap<>();

  @BeforeEach
  void start() throws Exception {
    rig = new LeaderRig().started();
    run(Operation.newBuilder().setMkdir(Mkdir.newBuilder().setTarget(path("/d")).setMode(0755)));
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private void run(Operation.Builder operation) {
    rig.run(ROOT_USER, operation);
  }

  private void policy(String directory, String policy) {
    if (!policy.equals("replication")) {
      run(
          Operation.newBuilder()
              .setEnableCodingPolicy(
                  EnableCodingPolicy.newBuilder().setPolicy(policy).setEnabled(true)));
    }
    run(
        Operation.newBuilder()
            .setSetCodingPolicy(
                SetCodingPolicy.newBuilder().setTarget(path(directory)).setPolicy(policy)));
  }

  private void pass(Duration time) throws Exception {
    rig.clock.advance(time);
    heartbeats();
    rig.turn();
  }

  private ServerHeartbeatRequest.Builder sign(int server) {
    return rig.sign(server).addAllCompacting(atWork.getOrDefault(server, Set.of()));
  }

  /** Tasks by server; all of them are at work afterwards. */
  private Map<Integer, CompactTask> heartbeats() throws Exception {
    Map<Integer, CompactTask> tasks = new TreeMap<>();
    for (int server = 1; server <= 3; server++) {
      for (CompactTask task : rig.heartbeat(sign(server)).getCompactionsList()) {
        atWork.computeIfAbsent(server, id -> new HashSet<>()).add(task.getChunk().getChunk());
        tasks.put(server, task);
      }
    }
    return tasks;
  }

  private Map<Integer, CompactTask> handedOut(int count) throws Exception {
    Map<Integer, CompactTask> tasks = new TreeMap<>();
    rig.await(
        () -> {
          tasks.putAll(heartbeats());
          return tasks.size() == count;
        });
    return tasks;
  }

  private void report(int server, CompactTask task, long length, int checksum) throws Exception {
    long chunk = task.getChunk().getChunk();
    atWork.get(server).remove(chunk);
    rig.heartbeat(
        sign(server)
            .addCompacted(
                CompactResult.newBuilder()
                    .setChunk(chunk)
                    .setLength(length)
                    .setChecksum(checksum)));
  }

  private static ChunkId cell(CompactTask task) {
    return new ChunkId(task.getChunk().getChunk());
  }

  private boolean isGarbage(ChunkId chunk) {
    return rig.chunk(chunk.value()).orElseThrow().state() == ChunkState.GARBAGE;
  }

  private boolean poolExists(PoolId pool) {
    return rig.read(view -> PoolRecord.find(view, pool.value()).isPresent());
  }

  private List<ExtentRecord> extents(Writing file) {
    return rig.read(
        view -> ExtentMap.overlapping(view, new InodeId(file.inode()), 0, Long.MAX_VALUE, 100));
  }

  /** Two files, each as long as a cell. */
  private List<Writing> files(String directory) throws Exception {
    return List.of(rig.sealed(directory + "/f", MIB), rig.sealed(directory + "/g", MIB));
  }

  /** The tasks for two cold files. */
  private Map<Integer, CompactTask> begunWith(List<Writing> files) throws Exception {
    policy("/d", "XOR-2-1-1024k");
    rig.await(() -> poolExists(POOL));
    pass(Duration.ofSeconds(61));
    Map<Integer, CompactTask> tasks = handedOut(2);
    for (Writing file : files) {
      assertThat(extents(file)).noneMatch(extent -> extent.chunk().isCell());
    }
    return tasks;
  }

  @Test
  void aColdFileBecomesAStripeStepByStep() throws Exception {
    List<Writing> files = files("/d");
    Map<Integer, CompactTask> data = begunWith(files);
    Set<Integer> cells = new HashSet<>();
    for (Map.Entry<Integer, CompactTask> each : data.entrySet()) {
      CompactTask task = each.getValue();
      cells.add(cell(task).cell());
      assertThat(cell(task).pool()).isEqualTo(POOL.value());
      assertThat(task.getReadBack()).isTrue();
      assertThat(task.getChunk().getMembersList())
          .singleElement()
          .extracting(member -> member.getServer())
          .isEqualTo(each.getKey());
      assertThat(task.getPiecesList())
          .containsExactly(
              CompactPiece.newBuilder()
                  .setChunk(files.get(cell(task).cell()).chunk().getChunk())
                  .setLength(MIB)
                  .build());
      assertThat(task.getSourcesList())
          .singleElement()
          .satisfies(source -> assertThat(source.getMembersCount()).isEqualTo(3));
    }
    assertThat(cells).containsExactly(0, 1);
    List<Integer> writers = List.copyOf(data.keySet());
    report(writers.get(0), data.get(writers.get(0)), MIB, 77);
    assertThat(heartbeats()).as("the other data cell is not there yet").isEmpty();
    rig.turn();
    report(writers.get(1), data.get(writers.get(1)), MIB, 78);
    Map<Integer, CompactTask> parity = handedOut(1);
    int last = parity.keySet().iterator().next();
    CompactTask sum = parity.get(last);
    assertThat(writers).doesNotContain(last);
    assertThat(cell(sum).cell()).isEqualTo(2);
    assertThat(sum.getPiecesList()).extracting(CompactPiece::getCoefficient).containsExactly(1, 1);
    assertThat(sum.getSourcesList()).hasSize(2);
    for (ChunkLocation source : sum.getSourcesList()) {
      assertThat(source.getLength()).isEqualTo(MIB);
      assertThat(source.getMembersCount()).isEqualTo(1);
    }
    report(last, sum, MIB, 79);
    for (Writing file : files) {
      assertThat(extents(file))
          .extracting(ExtentRecord::chunk)
          .allMatch(ChunkId::isCell)
          .hasSize(1);
      assertThat(isGarbage(new ChunkId(file.chunk().getChunk()))).isTrue();
    }
    assertThat(rig.chunk(cell(sum).value()).orElseThrow().checksum()).isEqualTo(79);
    pass(Duration.ofSeconds(20));
    rig.turn();
    assertThat(heartbeats()).as("nothing is left to code").isEmpty();
    assertThat(rig.report().getCoded(0).getCodedBytes()).isEqualTo(2 * MIB);
    assertThat(rig.report().getCoded(0).getWaitingBytes()).isZero();
    boolean sealed = rig.read(view -> Stripe.of(view, cell(sum)).isSealed());
    assertThat(sealed).isTrue();
  }

  @Test
  void aFileThatChangedLatelyWaits() throws Exception {
    List<Writing> unused1 = files("/d");
    policy("/d", "XOR-2-1-1024k");
    rig.await(() -> poolExists(POOL));
    pass(Duration.ofSeconds(59));
    rig.turn();
    assertThat(heartbeats()).isEmpty();
    pass(Duration.ofSeconds(10));
    handedOut(2);
  }

  @Test
  void onlyTreesThatSaySoAreCoded() throws Exception {
    run(
        Operation.newBuilder()
            .setMkdir(Mkdir.newBuilder().setTarget(path("/d/not")).setMode(0755)));
    List<Writing> unused2 = files("");
    List<Writing> unused3 = files("/d/not");
    rig.sealed("/d/small", 100);
    policy("/d/not", "replication");
    policy("/d", "XOR-2-1-1024k");
    rig.await(() -> poolExists(POOL));
    pass(Duration.ofSeconds(61));
    Map<Integer, CompactTask> tasks = handedOut(1);
    CompactTask task = tasks.values().iterator().next();
    assertThat(task.getPiecesList()).extracting(CompactPiece::getLength).containsExactly(100L);
  }

  @Test
  void withoutAPolicyNothingIsEverMade() throws Exception {
    List<Writing> unused4 = files("/d");
    pass(Duration.ofHours(1));
    rig.turn();
    assertThat(heartbeats()).isEmpty();
    assertThat(rig.read(PoolRecord::all)).hasSize(1);
  }

  @Test
  void aCellThatFailsTakesItsStripeAlongAndItIsMadeAgainLater() throws Exception {
    List<Writing> files = files("/d");
    Map<Integer, CompactTask> tasks = begunWith(files);
    int server = tasks.keySet().iterator().next();
    atWork.clear();
    rig.heartbeat(
        rig.sign(server)
            .addCompacted(
                CompactResult.newBuilder()
                    .setChunk(tasks.get(server).getChunk().getChunk())
                    .setErrorCode(ErrorCode.PIPELINE_FAILED.number())));
    for (CompactTask task : tasks.values()) {
      rig.await(() -> isGarbage(cell(task)));
    }
    rig.turn();
    assertThat(heartbeats()).isEmpty();
    for (Writing file : files) {
      assertThat(extents(file)).noneMatch(extent -> extent.chunk().isCell());
    }
    pass(Duration.ofSeconds(11));
    assertThat(handedOut(2).values()).noneMatch(task -> tasks.containsValue(task));
  }

  @Test
  void aStripeOfWhichAServerHasLostItsTaskIsGivenUp() throws Exception {
    Map<Integer, CompactTask> tasks = begunWith(files("/d"));
    rig.turn();
    CompactTask task = tasks.values().iterator().next();
    assertThat(isGarbage(cell(task))).isFalse();
    rig.heartbeat(rig.sign(tasks.keySet().iterator().next()));
    rig.await(() -> isGarbage(cell(task)));
  }

  @Test
  void aStripeOfAServerThatComesAnewIsGivenUp() throws Exception {
    Map<Integer, CompactTask> tasks = begunWith(files("/d"));
    int server = tasks.keySet().iterator().next();
    rig.register(rig.registration(server).setServer(server));
    rig.await(() -> isGarbage(cell(tasks.get(server))));
  }

  @Test
  void aStripeThatTakesTooLongIsGivenUp() throws Exception {
    Map<Integer, CompactTask> tasks = begunWith(files("/d"));
    rig.clock.advance(Duration.ofMinutes(2));
    rig.await(() -> isGarbage(cell(tasks.values().iterator().next())));
  }

  @Test
  void aNewLeaderGivesUpWhatAnEarlierOneBeganAndBeginsAnew() throws Exception {
    Map<Integer, CompactTask> tasks = begunWith(files("/d"));
    atWork.clear();
    rig.log.lead(8);
    for (CompactTask task : tasks.values()) {
      rig.await(() -> isGarbage(cell(task)));
    }
    assertThat(handedOut(2).values()).noneMatch(task -> tasks.containsValue(task));
  }

  @Test
  void aStripeThatALaterLeaderHasFencedIsGivenUp() throws Exception {
    List<Writing> files = files("/d");
    Map<Integer, CompactTask> tasks = begunWith(files);
    ChunkId any = cell(tasks.values().iterator().next());
    rig.run(
        Proposals.command()
            .setFenceChunk(FenceChunk.newBuilder().setChunk(any.value()).setExpectedEpoch(1)));
    for (Map.Entry<Integer, CompactTask> task : tasks.entrySet()) {
      report(task.getKey(), task.getValue(), MIB, 5);
    }
    Map<Integer, CompactTask> parity = handedOut(1);
    int server = parity.keySet().iterator().next();
    report(server, parity.get(server), MIB, 5);
    assertThat(rig.fatal).isEmpty();
    for (Writing file : files) {
      assertThat(extents(file)).noneMatch(extent -> extent.chunk().isCell());
    }
    pass(Duration.ofSeconds(11));
    handedOut(2);
  }

  @Test
  void withTooFewServersNothingIsBegun() throws Exception {
    List<Writing> unused5 = files("/d");
    policy("/d", "RS-3-2-1024k");
    PoolId pool = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY);
    rig.await(() -> poolExists(pool));
    rig.turn();
    assertThat(rig.report().getCoded(0).getYoungBytes()).isEqualTo(2 * MIB);
    pass(Duration.ofSeconds(61));
    rig.turn();
    assertThat(heartbeats()).isEmpty();
    CodedPoolReport report = rig.report().getCoded(0);
    assertThat(report.getPolicy()).isEqualTo("RS-3-2-1024k");
    assertThat(report.getWaitingBytes()).isEqualTo(2 * MIB);
    assertThat(report.getProblem())
        .isEqualTo("RS-3-2-1024k needs 5 data servers, 3 take new chunks");
  }
}
