package io.cairnfs.metaserver.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.AwaitRecallReply;
import io.cairnfs.proto.metadata.AwaitRecallRequest;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.metadata.SetLength;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LeaseRecallsTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final TestCluster cluster = new TestCluster();
  private final ManualClock clock = new ManualClock(0);
  private final List<Command> submitted = new ArrayList<>();
  private final Semaphore arrived = new Semaphore(0);
  private CairnException sinkFailure;
  private final LeaseRecalls recalls =
      new LeaseRecalls(cluster.store()::view, this::submit, clock, PATIENCE);
  private final CommandSink bobs =
      recalls.listeningTo(
          command -> CompletableFuture.completedFuture(cluster.run("bob", command)));
  private final RpcEventLoops loops = RpcEventLoops.create(1, "recall-test");
  private RpcServer server;
  private RpcClient ann;
  private long inode;
  private long lease;

  private CompletableFuture<CommandReply> submit(Command.Builder command) {
    submitted.add(command.build());
    return sinkFailure == null
        ? CompletableFuture.completedFuture(cluster.run(TestCluster.ROOT_USER, command))
        : CompletableFuture.failedFuture(sinkFailure);
  }

  /** Ann has the lease. */
  @BeforeEach
  void start() throws Exception {
    PeerIdentity self = new PeerIdentity("c1", PeerRole.METASERVER, "", "m1", "h", "test");
    server =
        RpcServer.builder(
                loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
                () -> self,
                new SystemClock())
            .handler(
                Method.AWAIT_RECALL,
                call -> {
                  recalls.await(call);
                  arrived.release();
                })
            .start();
    PeerIdentity client = new PeerIdentity("c1", PeerRole.CLIENT, "ann", "x", "h", "test");
    ann = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> client, new SystemClock());
    CreateResult opened =
        TestCluster.ok(
                cluster.create(
                    "ann", Create.newBuilder().setTarget(TestCluster.path("/tmp/f")).setMode(0666)))
            .getResult()
            .getCreate();
    inode = opened.getAttributes().getInode();
    lease = opened.getLease();
    recalls.leadershipGained(3);
  }

  @AfterEach
  void stop() {
    ann.close();
    server.close();
    loops.close();
  }

  private CompletableFuture<AwaitRecallReply> await(long session, Long... known) {
    return ann.call(
        server.address(),
        Method.AWAIT_RECALL,
        AwaitRecallRequest.newBuilder()
            .setSession(session)
            .setPatienceMillis(5_000)
            .addAllKnownInodes(List.of(known))
            .build(),
        AwaitRecallReply.parser(),
        LONG);
  }

  private CompletableFuture<AwaitRecallReply> awaitByAnn(Long... known) {
    return await(cluster.session("ann"), known);
  }

  private static List<Long> get(CompletableFuture<AwaitRecallReply> reply) throws Exception {
    return reply.get(20, TimeUnit.SECONDS).getRecalledInodesList();
  }

  private void assertRefused(CompletableFuture<AwaitRecallReply> reply, ErrorCode code) {
    assertThatThrownBy(() -> get(reply))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private ErrorCode truncateByBob() throws Exception {
    CommandReply reply =
        bobs.submit(
                cluster.call(
                    "bob",
                    Operation.newBuilder()
                        .setSetLength(
                            SetLength.newBuilder()
                                .setLength(5)
                                .setFile(
                                    FileRef.newBuilder().setTarget(TestCluster.path("/tmp/f"))))))
            .get(20, TimeUnit.SECONDS);
    return reply.getErrorCode() == 0 ? null : TestCluster.error(reply);
  }

  private void release() {
    TestCluster.ok(
        cluster.run(
            "ann",
            Operation.newBuilder()
                .setRelease(Release.newBuilder().setInode(inode).setLease(lease))));
  }

  private void pass(Duration time) {
    for (long left = time.toSeconds(); left > 0; left--) {
      clock.advance(Duration.ofSeconds(1));
      recalls.tick();
    }
  }

  @Test
  void aHolderWhoWaitsHearsOfItAtOnce() throws Exception {
    CompletableFuture<AwaitRecallReply> call = awaitByAnn();
    arrived.acquire();
    assertThat(call.isDone()).isFalse();
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    assertThat(get(call)).containsExactly(inode);
    assertThat(recalls.recalledOf(cluster.session("ann"))).containsExactly(inode);
    assertThat(recalls.recalledOf(cluster.session("bob"))).isEmpty();
  }

  @Test
  void aHolderWhoAsksLaterHearsOfItUnlessHeKnows() throws Exception {
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    assertThat(get(awaitByAnn())).containsExactly(inode);
    arrived.acquire();
    CompletableFuture<AwaitRecallReply> knowing = awaitByAnn(inode);
    arrived.acquire();
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    pass(Duration.ofSeconds(4));
    assertThat(knowing.isDone()).isFalse();
    pass(Duration.ofSeconds(1));
    assertThat(get(knowing)).isEmpty();
  }

  @Test
  void whatWasGivenBackIsForgottenAndTheOtherMayWrite() throws Exception {
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    release();
    CompletableFuture<AwaitRecallReply> call = awaitByAnn();
    arrived.acquire();
    assertThat(call.isDone()).isFalse();
    assertThat(truncateByBob()).isNull();
    pass(PATIENCE);
    assertThat(submitted).isEmpty();
    assertThat(get(call)).isEmpty();
  }

  @Test
  void whoeverDoesNotAnswerLosesTheLease() throws Exception {
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    pass(PATIENCE.minusSeconds(1));
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    assertThat(submitted).isEmpty();
    pass(Duration.ofSeconds(1));
    assertThat(submitted).hasSize(1);
    assertThat(submitted.get(0).getRevokeLease().getLease()).isEqualTo(lease);
    assertThat(truncateByBob()).isNull();
    pass(PATIENCE);
    assertThat(submitted).hasSize(1);
  }

  /** Ann has a directory for herself. */
  private RecalledLease leaseDirectory() {
    long directory =
        TestCluster.ok(cluster.mkdir("ann", "/tmp/d", 0777)).getResult().getAttributes().getInode();
    CommandReply leased =
        TestCluster.ok(
            cluster.run(
                "ann",
                Operation.newBuilder()
                    .setLeaseDirectory(LeaseDirectory.newBuilder().setDirectory(directory))));
    return RecalledLease.newBuilder()
        .setInode(directory)
        .setSession(cluster.session("ann"))
        .setLease(leased.getResult().getDirectoryLease().getLease())
        .build();
  }

  private int mkdirByBob() throws Exception {
    return bobs.submit(
            cluster.call(
                "bob",
                Operation.newBuilder()
                    .setMkdir(
                        Mkdir.newBuilder()
                            .setTarget(TestCluster.path("/tmp/d/bobs"))
                            .setMode(0755))))
        .get(20, TimeUnit.SECONDS)
        .getErrorCode();
  }

  @Test
  void aDirectoryThatOthersChangeOrReadIsWantedBack() throws Exception {
    RecalledLease directory = leaseDirectory();
    CompletableFuture<AwaitRecallReply> call = awaitByAnn();
    arrived.acquire();
    assertThat(mkdirByBob()).isEqualTo(ErrorCode.RETRY.number());
    assertThat(get(call)).containsExactly(directory.getInode());
    TestCluster.ok(
        cluster.run(
            "ann",
            Operation.newBuilder()
                .setRelease(
                    Release.newBuilder()
                        .setInode(directory.getInode())
                        .setLease(directory.getLease()))));
    assertThat(mkdirByBob()).isZero();
    pass(PATIENCE);
    assertThat(submitted).isEmpty();
    // A read says itself what is in its way.
    recalls.recall(directory.toBuilder().setInode(inode).setLease(lease).build());
    assertThat(get(awaitByAnn())).containsExactly(inode);
  }

  @Test
  void aDirectoryThatIsNotGivenBackIsTakenAway() throws Exception {
    RecalledLease directory = leaseDirectory();
    recalls.recall(directory);
    pass(PATIENCE.minusSeconds(1));
    assertThat(mkdirByBob()).isEqualTo(ErrorCode.RETRY.number());
    pass(Duration.ofSeconds(1));
    assertThat(submitted).hasSize(1);
    assertThat(submitted.get(0).getRevokeLease().getInode()).isEqualTo(directory.getInode());
    assertThat(mkdirByBob()).isZero();
  }

  @Test
  void aRevocationThatFailsIsTriedAgain() throws Exception {
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    sinkFailure = CairnException.busy("full", 1);
    pass(PATIENCE.plusSeconds(2));
    assertThat(submitted).hasSize(3);
    sinkFailure = null;
    pass(Duration.ofSeconds(1));
    assertThat(truncateByBob()).isNull();
  }

  @Test
  void aLeaderThatStoodStillGivesHoldersThatTime() throws Exception {
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    pass(Duration.ofSeconds(5));
    clock.advance(Duration.ofSeconds(60));
    recalls.tick();
    pass(Duration.ofSeconds(3));
    assertThat(submitted).isEmpty();
    pass(Duration.ofSeconds(1));
    assertThat(submitted).hasSize(1);
  }

  @Test
  void aNewLeaderKnowsNothingUntilTheOtherTriesAgain() throws Exception {
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    CompletableFuture<AwaitRecallReply> call = awaitByAnn(inode);
    arrived.acquire();
    recalls.leadershipLost(3);
    assertRefused(call, ErrorCode.NOT_LEADER);
    assertRefused(awaitByAnn(), ErrorCode.NOT_LEADER);
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    pass(PATIENCE);
    recalls.leadershipGained(4);
    pass(PATIENCE);
    assertThat(submitted).isEmpty();
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    assertThat(get(awaitByAnn())).containsExactly(inode);
  }

  @Test
  void onlyItsOwnUserAsksForASessionAndOnlyOnce() throws Exception {
    assertRefused(await(cluster.session("bob")), ErrorCode.PERMISSION_DENIED);
    assertRefused(await(99), ErrorCode.SESSION_EXPIRED);
    CompletableFuture<AwaitRecallReply> first = awaitByAnn();
    CompletableFuture<AwaitRecallReply> second = awaitByAnn();
    assertThat(get(first)).isEmpty();
    assertThat(truncateByBob()).isEqualTo(ErrorCode.RETRY);
    assertThat(get(second)).containsExactly(inode);
  }
}
