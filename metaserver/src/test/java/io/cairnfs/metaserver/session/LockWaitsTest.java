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
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.AwaitLockReply;
import io.cairnfs.proto.metadata.AwaitLockRequest;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.LockClaim;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Unlock;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LockWaitsTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final TestCluster cluster = new TestCluster();
  private final ManualClock clock = new ManualClock(0);
  private final CountDownLatch asked = new CountDownLatch(1);
  private CompletableFuture<Long> barrier = CompletableFuture.completedFuture(1L);
  private final LockWaits waits =
      new LockWaits(
          cluster.store()::view,
          () -> {
            asked.countDown();
            return barrier;
          },
          clock);
  private final CommandSink sink =
      waits.listeningTo(command -> CompletableFuture.completedFuture(cluster.run("bob", command)));
  private final RpcEventLoops loops = RpcEventLoops.create(1, "lock-test");
  private RpcServer server;
  private RpcClient ann;
  private long inode;
  private long ticket;

  /** Bob has the lock, and ann waits. */
  @BeforeEach
  void start() throws Exception {
    PeerIdentity self = new PeerIdentity("c1", PeerRole.METASERVER, "", "m1", "h", "test");
    server =
        RpcServer.builder(
                loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
                () -> self,
                new SystemClock())
            .handler(Method.AWAIT_LOCK, waits::await)
            .start();
    PeerIdentity client = new PeerIdentity("c1", PeerRole.CLIENT, "ann", "x", "h", "test");
    ann = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> client, new SystemClock());
    TestCluster.ok(cluster.create("ann", TestCluster.creation("/tmp/f", "x").setMode(0666)));
    assertThat(lock("bob").getToken()).isPositive();
    LockResult queued = lock("ann");
    inode = queued.getInode();
    ticket = queued.getTicket();
  }

  @AfterEach
  void stop() {
    ann.close();
    server.close();
    loops.close();
  }

  private LockResult lock(String user) {
    Lock.Builder lock =
        Lock.newBuilder()
            .setFile(FileRef.newBuilder().setTarget(TestCluster.path("/tmp/f")))
            .setMode(LockMode.EXCLUSIVE_LOCK)
            .setWait(true);
    return TestCluster.ok(cluster.run(user, Operation.newBuilder().setLock(lock)))
        .getResult()
        .getLock();
  }

  private CompletableFuture<AwaitLockReply> await(long session, long forTicket) {
    return ann.call(
        server.address(),
        Method.AWAIT_LOCK,
        AwaitLockRequest.newBuilder()
            .setSession(session)
            .setPatienceMillis(5_000)
            .setClaim(
                LockClaim.newBuilder()
                    .setInode(inode)
                    .setMode(LockMode.EXCLUSIVE_LOCK)
                    .setTicket(forTicket))
            .build(),
        AwaitLockReply.parser(),
        LONG);
  }

  private CompletableFuture<AwaitLockReply> await() {
    return await(cluster.session("ann"), ticket);
  }

  private static AwaitLockReply get(CompletableFuture<AwaitLockReply> reply) throws Exception {
    return reply.get(20, TimeUnit.SECONDS);
  }

  private static void assertRefused(CompletableFuture<AwaitLockReply> reply, ErrorCode code) {
    assertThatThrownBy(() -> get(reply))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private void unlockByBob() throws Exception {
    var unused =
        sink.submit(
                cluster.call(
                    "bob", Operation.newBuilder().setUnlock(Unlock.newBuilder().setInode(inode))))
            .get(20, TimeUnit.SECONDS);
  }

  @Test
  void whoeverWaitsIsToldByTheCommandThatGrantsTheLock() throws Exception {
    waits.leadershipGained(3);
    CompletableFuture<AwaitLockReply> reply = await();
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    unlockByBob();
    assertThat(get(reply).getToken()).isGreaterThan(ticket);
    assertThat(get(reply).getLogIndex()).isEqualTo(cluster.index());
  }

  @Test
  void whoeverAsksAfterTheLockWasGrantedIsToldAtOnce() throws Exception {
    waits.leadershipGained(3);
    unlockByBob();
    assertThat(get(await()).getToken()).isGreaterThan(ticket);
  }

  @Test
  void aNewLeaderAnswersWhenItHasAppliedWhatWasCommittedBefore() throws Exception {
    barrier = new CompletableFuture<>();
    waits.leadershipGained(3);
    CompletableFuture<AwaitLockReply> reply = await();
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    // By a leader before: nobody tells this one.
    TestCluster.ok(
        cluster.run("bob", Operation.newBuilder().setUnlock(Unlock.newBuilder().setInode(inode))));
    assertThat(reply).isNotDone();
    barrier.complete(cluster.index());
    assertThat(get(reply).getToken()).isGreaterThan(ticket);
  }

  @Test
  void whenPatienceIsOverTheClaimStillWaits() throws Exception {
    waits.leadershipGained(3);
    CompletableFuture<AwaitLockReply> reply = await();
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    waits.tick();
    clock.advance(Duration.ofSeconds(6));
    waits.tick();
    assertThat(get(reply).getWaiting()).isTrue();
    assertThat(get(reply).getToken()).isZero();
  }

  @Test
  void aClaimThatIsGoneIsNotWaitedFor() throws Exception {
    waits.leadershipGained(3);
    AwaitLockReply reply = get(await(cluster.session("ann"), ticket + 77));
    assertThat(reply.getWaiting()).isFalse();
    assertThat(reply.getToken()).isZero();
  }

  @Test
  void whoDoesNotLeadRefuses() {
    assertRefused(await(), ErrorCode.NOT_LEADER);
  }

  @Test
  void aLeaderThatIsDeposedLetsGoOfThoseWhoWait() throws Exception {
    waits.leadershipGained(3);
    CompletableFuture<AwaitLockReply> reply = await();
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    waits.leadershipLost(3);
    assertRefused(reply, ErrorCode.NOT_LEADER);
  }

  @Test
  void aBarrierThatFailsSendsTheCallerOn() {
    barrier = CompletableFuture.failedFuture(CairnException.notLeader(""));
    waits.leadershipGained(3);
    assertRefused(await(), ErrorCode.NOT_LEADER);
  }

  @Test
  void aSessionThatHasEndedIsToldSo() throws Exception {
    waits.leadershipGained(3);
    long session = cluster.session("ann");
    CompletableFuture<AwaitLockReply> reply = await();
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    TestCluster.ok(cluster.expire(session));
    waits.tick();
    assertRefused(reply, ErrorCode.SESSION_EXPIRED);
    assertRefused(await(session, ticket), ErrorCode.SESSION_EXPIRED);
  }

  @Test
  void nobodyAsksForAnothersSession() {
    waits.leadershipGained(3);
    assertRefused(await(cluster.session("bob"), ticket), ErrorCode.PERMISSION_DENIED);
  }
}
