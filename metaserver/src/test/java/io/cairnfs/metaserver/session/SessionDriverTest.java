package io.cairnfs.metaserver.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.SessionHeartbeatReply;
import io.cairnfs.proto.metadata.SessionHeartbeatRequest;
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
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class SessionDriverTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration TICK = Duration.ofSeconds(1);

  private final TestCluster cluster = new TestCluster();
  private final ManualClock clock = new ManualClock(0);
  private final List<Long> expired = new ArrayList<>();
  private final List<Long> recalled = new ArrayList<>();
  private final WantedChunks wanted = new WantedChunks();
  private final SessionDriver driver =
      new SessionDriver(
          cluster.store()::view, this::submit, clock, TIMEOUT, id -> recalled, wanted);
  private final RpcEventLoops loops = RpcEventLoops.create(1, "session-test");
  private RpcServer server;
  private RpcClient ann;

  private CompletableFuture<CommandReply> submit(Command.Builder command) {
    expired.add(command.getExpireSession().getSession());
    return CompletableFuture.completedFuture(cluster.run(TestCluster.ROOT_USER, command));
  }

  @BeforeEach
  void start() throws Exception {
    PeerIdentity self = new PeerIdentity("c1", PeerRole.METASERVER, "", "m1", "h", "test");
    server =
        RpcServer.builder(
                loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
                () -> self,
                new SystemClock())
            .handler(Method.SESSION_HEARTBEAT, driver::heartbeat)
            .start();
    PeerIdentity client = new PeerIdentity("c1", PeerRole.CLIENT, "ann", "x", "h", "test");
    ann = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> client, new SystemClock());
  }

  @AfterEach
  void stop() {
    ann.close();
    server.close();
    loops.close();
  }

  @Test
  void aSessionHearsWhichOfItsChunksAreWanted() throws Exception {
    driver.leadershipGained(1);
    long ann1 = cluster.session("ann");
    wanted.set(Map.of(ann1, List.of(7L, 9L), ann1 + 1, List.of(8L)));
    assertThat(heartbeat(ann1).getWantedChunksList()).containsExactly(7L, 9L);
    wanted.set(Map.of());
    assertThat(heartbeat(ann1).getWantedChunksList()).isEmpty();
  }

  private SessionHeartbeatReply heartbeat(long session, Long... open) throws Exception {
    try {
      return ann.call(
              server.address(),
              Method.SESSION_HEARTBEAT,
              SessionHeartbeatRequest.newBuilder()
                  .setSession(session)
                  .addAllOpenInodes(List.of(open))
                  .build(),
              SessionHeartbeatReply.parser(),
              TIMEOUT)
          .get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw (CairnException) e.getCause();
    }
  }

  private void pass(Duration time) {
    for (Duration left = time; !left.isZero(); left = left.minus(TICK)) {
      clock.advance(TICK);
      driver.tick();
    }
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, ErrorCode code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void aSilentSessionEndsAndOneThatIsHeardDoesNot() throws Exception {
    long silent = cluster.session("bob");
    long heard = cluster.session("ann");
    driver.leadershipGained(3);
    pass(Duration.ofSeconds(29));
    SessionHeartbeatReply reply = heartbeat(heard);
    assertThat(reply.getTerm()).isEqualTo(3);
    assertThat(reply.getTimeoutMillis()).isEqualTo(30_000);
    assertThat(expired).isEmpty();
    pass(Duration.ofSeconds(2));
    assertThat(expired).containsExactly(silent);
    pass(Duration.ofSeconds(10));
    assertThat(expired).containsExactly(silent);
    assertRefused(() -> heartbeat(silent), ErrorCode.SESSION_EXPIRED);
  }

  @Test
  void aHeartbeatNamesTheLeasesThatOthersWant() throws Exception {
    long session = cluster.session("ann");
    driver.leadershipGained(3);
    assertThat(heartbeat(session).getRecalledInodesList()).isEmpty();
    recalled.add(21L);
    assertThat(heartbeat(session).getRecalledInodesList()).containsExactly(21L);
  }

  @Test
  void aSessionThatItsClientClosedIsForgottenAtOnce() throws Exception {
    long closed = cluster.session("ann");
    driver.leadershipGained(3);
    driver.opened(new SessionId(closed));
    heartbeat(closed, 21L);
    assertThat(driver.heardSessions()).isEqualTo(1);
    driver.closed(new SessionId(closed));
    assertThat(driver.heardSessions()).isZero();
    assertThat(driver.heldInodes().orElseThrow().inodes()).isEmpty();
    pass(Duration.ofSeconds(40));
    assertThat(expired).isEmpty();
  }

  @Test
  void aNewLeaderGivesEverySessionItsFullTime() {
    cluster.session("ann");
    driver.leadershipGained(3);
    pass(Duration.ofSeconds(25));
    driver.leadershipLost(3);
    pass(Duration.ofSeconds(25));
    driver.leadershipGained(4);
    pass(Duration.ofSeconds(29));
    assertThat(expired).isEmpty();
    pass(Duration.ofSeconds(2));
    assertThat(expired).hasSize(1);
  }

  @Test
  void theLeadersOwnPauseCountsForNobody() throws Exception {
    long session = cluster.session("ann");
    driver.leadershipGained(3);
    pass(Duration.ofSeconds(20));
    clock.advance(Duration.ofSeconds(100));
    driver.tick();
    pass(Duration.ofSeconds(9));
    assertThat(expired).isEmpty();
    heartbeat(session);
    pass(Duration.ofSeconds(20));
    assertThat(expired).isEmpty();
    pass(Duration.ofSeconds(15));
    assertThat(expired).containsExactly(session);
  }

  @Test
  void aSessionIsItsUsersAndOnlyTheLeaderHearsIt() throws Exception {
    long session = cluster.session("ann");
    long others = cluster.session("bob");
    assertRefused(() -> heartbeat(session), ErrorCode.NOT_LEADER);
    driver.leadershipGained(3);
    assertRefused(() -> heartbeat(others), ErrorCode.PERMISSION_DENIED);
    assertRefused(() -> heartbeat(99), ErrorCode.SESSION_EXPIRED);
    assertRefused(() -> heartbeat(0), ErrorCode.SESSION_EXPIRED);
    assertThat(heartbeat(session).getTerm()).isEqualTo(3);
  }

  @Test
  void whatIsHeldOpenIsKnownOnlyWhenEverySessionHasTold() throws Exception {
    long session = cluster.session("ann");
    assertThat(driver.heldInodes()).isEmpty();
    driver.leadershipGained(3);
    assertThat(driver.heldInodes()).isEmpty();
    heartbeat(session, 21L, 22L);
    assertThat(driver.heldInodes().orElseThrow().inodes()).containsExactlyInAnyOrder(21L, 22L);
    driver.opened(new SessionId(cluster.session("bob")));
    assertThat(driver.heldInodes().orElseThrow().inodes()).containsExactlyInAnyOrder(21L, 22L);
    heartbeat(session, 22L);
    assertThat(driver.heldInodes().orElseThrow().inodes()).containsExactly(22L);
    pass(Duration.ofSeconds(31));
    assertThat(driver.heldInodes().orElseThrow().inodes()).isEmpty();
    driver.leadershipLost(3);
    driver.leadershipGained(4);
    assertThat(driver.heldInodes().orElseThrow().inodes()).isEmpty();
  }

  private long knownUntil() {
    return driver.heldInodes().orElseThrow().untilIndex();
  }

  /** A reader that has just opened the file tells so with its next heartbeat. */
  @Test
  void hazardB3WhatWasDeletedSinceTheLastReportsMayBeOpen() throws Exception {
    long session = cluster.session("ann");
    driver.leadershipGained(3);
    heartbeat(session);
    assertThat(knownUntil()).isZero();
    pass(Duration.ofSeconds(2));
    long early = cluster.store().applied().index();
    cluster.mkdirs("ann", "/tmp/d");
    pass(Duration.ofSeconds(7));
    // It was silent since: nothing can be said of anything that was deleted meanwhile.
    assertThat(knownUntil()).isZero();
    heartbeat(session, 21L);
    assertThat(knownUntil()).isEqualTo(cluster.store().applied().index()).isGreaterThan(early);
    cluster.mkdirs("ann", "/tmp/e");
    heartbeat(session, 21L);
    assertThat(knownUntil()).isLessThan(cluster.store().applied().index());
    pass(Duration.ofSeconds(5));
    heartbeat(session, 21L);
    assertThat(knownUntil()).isEqualTo(cluster.store().applied().index());
    driver.leadershipGained(4);
    heartbeat(session, 21L);
    assertThat(knownUntil()).isZero();
  }

  @Test
  void hazardB3WithoutAnySessionWhatWasDeletedWaitsForOneToBeOpened() {
    driver.leadershipGained(3);
    pass(Duration.ofSeconds(2));
    assertThat(knownUntil()).isZero();
    pass(Duration.ofSeconds(4));
    assertThat(knownUntil()).isEqualTo(cluster.store().applied().index());
  }
}
