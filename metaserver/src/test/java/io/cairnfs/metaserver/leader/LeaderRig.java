package io.cairnfs.metaserver.leader;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.metaserver.chunk.ChunkExtents;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.metaserver.repair.CompactionPlanner;
import io.cairnfs.metaserver.service.Leadership;
import io.cairnfs.metaserver.session.HeldInodes;
import io.cairnfs.metaserver.session.WantedChunks;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.dataserver.RegisterServerReply;
import io.cairnfs.proto.dataserver.RegisterServerRequest;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.ChunkQuery;
import io.cairnfs.proto.metadata.ClusterReport;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.DependenceQuery;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.StatFs;
import io.cairnfs.proto.metadata.StatFsResult;
import io.cairnfs.proto.metadata.WhyQuery;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/** A leader's duties over a store in memory, reached by RPC; three data servers that do as told. */
final class LeaderRig implements AutoCloseable {
  static final Duration GRACE = Duration.ofMinutes(20);
  static final CompactionOptions COMPACTION =
      new CompactionOptions(
          new CompactionPlanner.Limits(16, 1 << 20, 1 << 16, 8192, 4, 4096),
          Duration.ofSeconds(5),
          Duration.ofMinutes(10),
          2,
          Duration.ofMinutes(2),
          100);
  static final CodingOptions CODING =
      new CodingOptions(
          Duration.ofMinutes(1),
          1 << 20,
          2,
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          Duration.ofMinutes(2));
  private static final int SERVERS = 3;
  private static final long WAIT_MILLIS = 20_000;
  private static final Duration CALL = Duration.ofSeconds(20);

  final TestCluster cluster = new TestCluster(new ChunkExtents());
  final ManualClock clock = new ManualClock(0);
  final FixedLog log = new FixedLog();
  final Queue<String> fatal = new ConcurrentLinkedQueue<>();
  final List<FakeDataServer> servers = new ArrayList<>();
  final LeaderDuties duties;
  final WantedChunks wantedChunks = new WantedChunks();
  volatile Optional<Set<Long>> held = Optional.of(Set.of());
  private final Object lock = new Object();
  private final RpcEventLoops loops = RpcEventLoops.create(1, "leader-test");
  private final RpcServer rpcServer;
  final RpcClient client;

  LeaderRig() throws CairnException {
    PeerIdentity self = new PeerIdentity("c1", PeerRole.METASERVER, "", "m1", "127.0.0.1", "test");
    client = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> self, new SystemClock());
    Leadership leadership = new Leadership(log);
    duties =
        new LeaderDuties(
            new LeaderDuties.Parts(
                this::view,
                log,
                leadership,
                this::submit,
                client,
                this::held,
                wantedChunks,
                "none"),
            new LeaderDuties.Times(
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                Duration.ofMinutes(5),
                GRACE,
                COMPACTION,
                CODING,
                TrashTimes.OFF),
            clock,
            new SplittableRandom(5),
            (what, cause) -> fatal.add(what + " " + cause));
    log.addListener(duties);
    RpcServer.Builder builder =
        RpcServer.builder(
            loops,
            RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
            () -> self,
            new SystemClock());
    duties.register(builder);
    rpcServer = builder.onFatal(cause -> fatal.add(cause.toString())).start();
    for (int i = 1; i <= SERVERS; i++) {
      servers.add(new FakeDataServer(loops, "d" + i));
    }
  }

  /** What was deleted up to here is not open anywhere but where it is held. */
  volatile long heldUntil = Long.MAX_VALUE;

  private Optional<HeldInodes> held() {
    return held.map(inodes -> new HeldInodes(inodes, heldUntil));
  }

  private StoreView view() {
    synchronized (lock) {
      return cluster.store().view();
    }
  }

  private CompletableFuture<CommandReply> submit(Command.Builder command) {
    synchronized (lock) {
      return CompletableFuture.completedFuture(cluster.run(TestCluster.ROOT_USER, command));
    }
  }

  /** Applies an operation of a user, as a client's call. */
  CommandReply run(String user, Operation.Builder operation) {
    synchronized (lock) {
      return TestCluster.ok(cluster.run(user, operation));
    }
  }

  CommandReply run(Command.Builder command) {
    return TestCluster.ok(submit(command).join());
  }

  <T> T read(Function<StoreView, T> what) {
    try (StoreView view = view()) {
      return what.apply(view);
    }
  }

  Optional<ChunkRecord> chunk(long id) {
    return read(view -> ChunkTable.find(view, new ChunkId(id)));
  }

  ServerMembership membership(int server) {
    return read(view -> ServerTable.find(view, server).orElseThrow().membership());
  }

  boolean lacks(int server, long chunk) {
    return read(view -> RepairTable.since(view, new ChunkId(chunk), server).isPresent());
  }

  <T extends MessageLite> T call(Method method, MessageLite request, Parser<T> parser)
      throws Exception {
    try {
      return client
          .call(rpcServer.address(), method, request, parser, CALL)
          .get(WAIT_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CairnException refusal) {
        throw refusal;
      }
      throw e;
    }
  }

  StatFsResult space() throws CairnException {
    ReadRequest request = ReadRequest.newBuilder().setStatFs(StatFs.getDefaultInstance()).build();
    Principal root = new Principal(TestCluster.ROOT_USER, List.of(), true);
    try (StoreView view = view()) {
      return duties.reads().read(view, request, root, "").getStatFs();
    }
  }

  DependenceResult dependence(int server) throws CairnException {
    ReadRequest request =
        ReadRequest.newBuilder()
            .setDependence(DependenceQuery.newBuilder().setServer(server))
            .build();
    Principal root = new Principal(TestCluster.ROOT_USER, List.of(), true);
    try (StoreView view = view()) {
      return duties.reads().read(view, request, root, "").getDependence();
    }
  }

  ClusterReportResult report() throws CairnException {
    ReadRequest request =
        ReadRequest.newBuilder().setReport(ClusterReport.getDefaultInstance()).build();
    Principal root = new Principal(TestCluster.ROOT_USER, List.of(), true);
    try (StoreView view = view()) {
      return duties.reads().read(view, request, root, "").getReport();
    }
  }

  /** Who has the chunk, in the order in which a reader on a host is to try them. */
  List<Integer> readersOrder(long chunk, String readerHost) throws CairnException {
    ReadRequest request =
        ReadRequest.newBuilder().setChunk(ChunkQuery.newBuilder().setChunk(chunk)).build();
    Principal root = new Principal(TestCluster.ROOT_USER, List.of(), true);
    try (StoreView view = view()) {
      return duties
          .reads()
          .read(view, request, root, readerHost)
          .getChunk()
          .getLocation()
          .getMembersList()
          .stream()
          .map(Member::getServer)
          .toList();
    }
  }

  WhyResult why(WhyQuery.Builder query) throws CairnException {
    ReadRequest request = ReadRequest.newBuilder().setWhy(query).build();
    Principal root = new Principal(TestCluster.ROOT_USER, List.of(), true);
    try (StoreView view = view()) {
      return duties.reads().read(view, request, root, "").getWhy();
    }
  }

  /** The next server, which is to do as told like the others. */
  void addServer(int server) throws Exception {
    servers.add(new FakeDataServer(loops, "d" + server));
    assertThat(servers).hasSize(server);
    assertThat(register(registration(server)).getServer()).isEqualTo(server);
  }

  static VolumeStatus volume(int server, long available) {
    return VolumeStatus.newBuilder()
        .setVolume("v" + server)
        .setCapacityBytes(1L << 40)
        .setAvailableBytes(available)
        .build();
  }

  RegisterServerRequest.Builder registration(int server) {
    return RegisterServerRequest.newBuilder()
        .setNonce(ByteString.copyFromUtf8("nonce-" + server))
        .setName("d" + server)
        .setHost("127.0.0.1")
        .setPort(servers.get(server - 1).address().port())
        .setRack("r")
        .addVolumes(volume(server, 1L << 40));
  }

  RegisterServerReply register(RegisterServerRequest.Builder request) throws Exception {
    return call(Method.REGISTER_SERVER, request.build(), RegisterServerReply.parser());
  }

  ServerHeartbeatReply heartbeat(ServerHeartbeatRequest.Builder request) throws Exception {
    return call(Method.SERVER_HEARTBEAT, request.build(), ServerHeartbeatReply.parser());
  }

  ServerHeartbeatRequest.Builder sign(int server) {
    return ServerHeartbeatRequest.newBuilder()
        .setServer(server)
        .addVolumes(volume(server, 1L << 40));
  }

  void heartbeats() throws Exception {
    for (int server = 1; server <= SERVERS; server++) {
      heartbeat(sign(server));
    }
  }

  /** Lets the duties have a turn, whatever the time. */
  void turn() throws Exception {
    duties.leadershipGained(7);
    assertThat(heartbeat(sign(99)).getRegister()).isTrue();
  }

  /** Leads with all servers registered and slots to choose from. */
  LeaderRig started() throws Exception {
    log.lead(7);
    for (int server = 1; server <= SERVERS; server++) {
      assertThat(register(registration(server)).getServer()).isEqualTo(server);
    }
    await(() -> canStamp(3));
    return this;
  }

  boolean canStamp(int members) {
    try {
      return stamp(1).getPipelines(0).getServersCount() == members;
    } catch (CairnException e) {
      assertThat(e.code()).isIn(ErrorCode.TOO_FEW_SERVERS, ErrorCode.NO_SPACE);
      return members == 0;
    }
  }

  Command.Builder stamp(int count) throws CairnException {
    Command.Builder command = Command.newBuilder();
    duties
        .allocation()
        .stamp(command, Allocate.newBuilder().setCount(count).setReplication(3).build(), "");
    return command;
  }

  /** A file that is being written, with one chunk of its own. */
  record Writing(long inode, long lease, ChunkLocation chunk) {
    List<Integer> pipeline() {
      return chunk.getMembersList().stream().map(Member::getServer).toList();
    }
  }

  Writing write(String path) throws CairnException {
    CreateResult created =
        run(
                TestCluster.ROOT_USER,
                Operation.newBuilder()
                    .setCreate(Create.newBuilder().setTarget(TestCluster.path(path)).setMode(0644)))
            .getResult()
            .getCreate();
    long inode = created.getAttributes().getInode();
    Command.Builder stamps = stamp(1);
    CommandReply allocated;
    synchronized (lock) {
      allocated =
          TestCluster.ok(
              cluster.run(
                  TestCluster.ROOT_USER,
                  cluster
                      .call(
                          TestCluster.ROOT_USER,
                          Operation.newBuilder()
                              .setAllocate(Allocate.newBuilder().setInode(inode).setCount(1)))
                      .addAllChosenSlots(stamps.getChosenSlotsList())
                      .addAllPipelines(stamps.getPipelinesList())));
    }
    return new Writing(inode, created.getLease(), allocated.getResult().getAllocate().getChunks(0));
  }

  void commit(Writing file, long length, boolean close) {
    commit(file, length, 1, close);
  }

  /** The commit of this number under the file's lease. */
  void commit(Writing file, long length, long sequence, boolean close) {
    run(
        TestCluster.ROOT_USER,
        Operation.newBuilder()
            .setCommit(
                CommitExtents.newBuilder()
                    .setInode(file.inode())
                    .setLease(file.lease())
                    .setSequence(sequence)
                    .setLength(length)
                    .setOpenTail(!close)
                    .setClose(close)
                    .addExtents(
                        Extent.newBuilder().setLength(length).setChunk(file.chunk().getChunk()))
                    .addChunks(
                        ChunkProgress.newBuilder()
                            .setChunk(file.chunk().getChunk())
                            .setEpoch(file.chunk().getEpoch())
                            .setLength(length)
                            .addAllAcknowledgedServers(file.pipeline())
                            .setClosed(close))));
  }

  /** A file of one sealed chunk that all three servers hold. */
  Writing sealed(String path, long length) throws CairnException {
    Writing file = write(path);
    commit(file, length, true);
    assertThat(chunk(file.chunk().getChunk()).orElseThrow().isSealed()).isTrue();
    return file;
  }

  /** A condition on what the duties' thread does. */
  interface Condition {
    boolean holds() throws Exception;
  }

  void await(Condition condition) throws Exception {
    for (int i = 0; i < WAIT_MILLIS; i++) {
      assertThat(fatal).isEmpty();
      if (condition.holds()) {
        return;
      }
      duties.leadershipGained(7);
      LockSupport.parkNanos(1_000_000);
    }
    throw new TimeoutException("the condition did not come true");
  }

  @Override
  public void close() {
    duties.close();
    client.close();
    rpcServer.close();
    servers.forEach(FakeDataServer::close);
    loops.close();
    assertThat(fatal).isEmpty();
  }
}
