package io.cairnfs.dataserver.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A data server finds the leader among the members that the leader before had named. */
final class LeaderCallsTest {
  private static final PeerIdentity SELF =
      new PeerIdentity("c", PeerRole.DATA_SERVER, "", "d1", "localhost", "test");

  private final RpcEventLoops loops = RpcEventLoops.create(1, "leader-calls");
  private final RpcClient client =
      RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> SELF, new SystemClock());
  private final List<HostPort> members = new CopyOnWriteArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private RpcServer first;
  private RpcServer second;

  @BeforeEach
  void start() throws CairnException {
    first = metaserver();
    second = metaserver();
  }

  @AfterEach
  void stop() {
    client.close();
    first.close();
    second.close();
    loops.close();
  }

  /** One that says that it leads, and names the members. */
  private RpcServer metaserver() throws CairnException {
    PeerIdentity self = new PeerIdentity("c", PeerRole.METASERVER, "", "m", "localhost", "test");
    return RpcServer.builder(
            loops,
            RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
            () -> self,
            new SystemClock())
        .handler(
            Method.SERVER_HEARTBEAT, call -> call.reply(ServerHeartbeatReply.getDefaultInstance()))
        .handler(
            Method.WHO_LEADS,
            call -> {
              WhoLeadsReply.Builder reply = WhoLeadsReply.newBuilder().setId("m").setLeaderId("m");
              for (HostPort each : members) {
                reply.addMembers(
                    MetaserverReport.newBuilder().setHost(each.host()).setPort(each.port()));
              }
              call.reply(reply.build());
            })
        .start();
  }

  private void beat(LeaderCalls calls) throws Exception {
    var unused =
        calls.call(
            Method.SERVER_HEARTBEAT,
            ServerHeartbeatRequest.getDefaultInstance(),
            ServerHeartbeatReply.parser());
  }

  private LeaderCalls calls() {
    return new LeaderCalls(client, List.of(first.address()), Duration.ofSeconds(5), clock);
  }

  /** Stands still until a test says otherwise. */
  private final Clock clock =
      new Clock() {
        @Override
        public long monotonicNanos() {
          return nanos.get();
        }

        @Override
        public long wallNanos() {
          return nanos.get();
        }
      };

  @Test
  void aNewMemberIsFoundWhenAllThatWereConfiguredAreGone() throws Exception {
    members.addAll(List.of(first.address(), second.address()));
    LeaderCalls calls = calls();
    beat(calls);
    first.close();
    beat(calls);
  }

  /**
   * The one that was there before is removed and stopped a few seconds after another has joined.
   */
  @Test
  void aMemberThatJoinsIsKnownAFewSecondsLater() throws Exception {
    members.add(first.address());
    LeaderCalls calls = calls();
    beat(calls);
    members.add(second.address());
    nanos.addAndGet(3_000_000_000L);
    beat(calls);
    first.close();
    beat(calls);
  }

  @Test
  void whereTheMembersWereNotToldTheyAreAskedForAgain() throws Exception {
    LeaderCalls calls = calls();
    beat(calls);
    members.addAll(List.of(first.address(), second.address()));
    beat(calls);
    first.close();
    beat(calls);
  }

  @Test
  void withoutSuchWordOnlyTheConfiguredOnesAreAsked() throws Exception {
    LeaderCalls calls = calls();
    beat(calls);
    first.close();
    assertThatThrownBy(() -> beat(calls))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code().isRetryable()).isTrue());
  }
}
