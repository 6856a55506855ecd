package io.cairnfs.metaserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.admin.AddMetaserver;
import io.cairnfs.proto.admin.ChangeMetaserversReply;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.LogLevelReply;
import io.cairnfs.proto.admin.LogLevelRequest;
import io.cairnfs.proto.admin.MetricsReply;
import io.cairnfs.proto.admin.MetricsRequest;
import io.cairnfs.proto.admin.PromoteMetaserver;
import io.cairnfs.proto.admin.RemoveMetaserver;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.admin.ServerStatusRequest;
import io.cairnfs.proto.admin.TransferLeadership;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.Belonging;
import io.cairnfs.proto.metadata.CloseSession;
import io.cairnfs.proto.metadata.ClusterReport;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.OpenSessionReply;
import io.cairnfs.proto.metadata.OpenSessionRequest;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.SessionHeartbeatReply;
import io.cairnfs.proto.metadata.SessionHeartbeatRequest;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.metadata.WhoLeadsRequest;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole metaservers in this process, spoken to as clients do. */
final class MetaserverTest {
  private static final Duration CALL = Duration.ofSeconds(5);
  private static final int ATTEMPTS = 2_000;

  @TempDir private Path directory;

  private final Map<String, String> settings = new HashMap<>();
  private final Map<String, Metaserver> running = new TreeMap<>();
  private final Queue<String> fatal = new ConcurrentLinkedQueue<>();
  private final RpcEventLoops loops = RpcEventLoops.create(1, "metaserver-test");
  private final PeerIdentity user =
      new PeerIdentity("", PeerRole.CLIENT, "hdfs", "x1", "desk", "test");
  private final RpcClient client =
      RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> user, new SystemClock());

  @AfterEach
  void stop() throws IOException {
    client.close();
    for (Metaserver metaserver : running.values()) {
      metaserver.close();
    }
    loops.close();
    assertThat(fatal).isEmpty();
  }

  private CairnConfiguration configuration() throws Exception {
    return CairnConfiguration.of(settings);
  }

  private void configure(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      settings.put("metaservers.m" + i + ".port", String.valueOf(socket.getLocalPort()));
      settings.put("metaservers.m" + i + ".directory", directory.resolve("m" + i).toString());
    }
    settings.put("raft.segment-bytes", "4MiB");
    for (ServerSocket socket : held) {
      socket.close();
    }
  }

  private String format(int count) throws Exception {
    configure(count);
    String cluster = MetaserverFormat.format(configuration(), "m1", Optional.empty(), "hdfs");
    for (int i = 2; i <= count; i++) {
      MetaserverFormat.format(configuration(), "m" + i, Optional.of(cluster), "hdfs");
    }
    return cluster;
  }

  private Metaserver start(String id) throws Exception {
    Metaserver metaserver =
        Metaserver.start(
            MetaserverOptions.of(configuration(), id),
            loops,
            new SystemClock(),
            new SplittableRandom(id.hashCode()),
            (what, cause) -> fatal.add(what + " " + cause),
            new MetricRegistry());
    running.put(id, metaserver);
    return metaserver;
  }

  private <T extends MessageLite> T call(
      HostPort address, Method method, MessageLite request, Parser<T> parser) throws Exception {
    CompletableFuture<T> call = client.call(address, method, request, parser, CALL);
    try {
      return call.get();
    } catch (ExecutionException e) {
      throw (CairnException) e.getCause();
    }
  }

  /** Calls whoever leads, as long as nobody is known to. */
  private <T extends MessageLite> T callLeader(Method method, MessageLite request, Parser<T> parser)
      throws Exception {
    CairnException last = null;
    for (int i = 0; i < ATTEMPTS; i++) {
      for (Metaserver metaserver : List.copyOf(running.values())) {
        try {
          return call(metaserver.address(), method, request, parser);
        } catch (CairnException e) {
          if (!e.code().isRetryable()) {
            throw e;
          }
          last = e;
        }
      }
      LockSupport.parkNanos(5_000_000);
    }
    throw last;
  }

  private static NodeRef path(String path) {
    return NodeRef.newBuilder().setPath(ByteString.copyFromUtf8(path)).build();
  }

  private OpenSessionReply openSession(String nonce) throws Exception {
    return callLeader(
        Method.OPEN_SESSION,
        OpenSessionRequest.newBuilder().setNonce(ByteString.copyFromUtf8(nonce)).build(),
        OpenSessionReply.parser());
  }

  private static MutateRequest mkdir(long session, long call, String path) {
    return MutateRequest.newBuilder()
        .setSession(session)
        .setCall(call)
        .setLowWater(1)
        .setOperation(
            Operation.newBuilder().setMkdir(Mkdir.newBuilder().setTarget(path(path)).setMode(0755)))
        .build();
  }

  private MutateReply mutate(MutateRequest request) throws Exception {
    return callLeader(Method.MUTATE, request, MutateReply.parser());
  }

  private ReadReply stat(String path) throws Exception {
    return callLeader(
        Method.READ,
        ReadRequest.newBuilder().setStat(Stat.newBuilder().setTarget(path(path))).build(),
        ReadReply.parser());
  }

  @Test
  void refusalsSayTheLogIndexAtWhichTheyAreTrue() throws Exception {
    format(1);
    start("m1");
    long session = openSession("nonce-1234").getSession();
    long made = mutate(mkdir(session, 1, "/a")).getLogIndex();

    CairnException exists = refusal(() -> mutate(mkdir(session, 2, "/a")));
    assertThat(exists.code()).isEqualTo(ErrorCode.EXISTS);
    assertThat(exists.logIndex()).isGreaterThan(made);
    assertThat(refusal(() -> mutate(mkdir(session, 2, "/a"))).logIndex())
        .as("a retry")
        .isEqualTo(exists.logIndex());

    CairnException missing = refusal(() -> stat("/none"));
    assertThat(missing.code()).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(missing.logIndex()).isGreaterThanOrEqualTo(exists.logIndex());
    assertThat(refusal(() -> mutate(mkdir(0, 1, "/b"))).logIndex()).as("never logged").isZero();
  }

  private static CairnException refusal(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(CairnException.class, call);
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable action, ErrorCode code, String text) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
        .hasMessageContaining(text);
  }

  @Test
  void aClusterOfOneServesAndKeepsWhatItAcknowledged() throws Exception {
    String cluster = format(1);
    start("m1");
    OpenSessionReply session = openSession("nonce-1234");
    assertThat(session.getSettings().getClusterId()).isEqualTo(cluster);
    assertThat(session.getTimeoutMillis()).isEqualTo(30_000);
    MutateReply made = mutate(mkdir(session.getSession(), 1, "/a"));
    assertThat(mutate(mkdir(session.getSession(), 1, "/a"))).isEqualTo(made);
    assertRefused(() -> mutate(mkdir(session.getSession(), 2, "/a")), ErrorCode.EXISTS, "/a");
    assertRefused(() -> mutate(mkdir(99, 1, "/b")), ErrorCode.SESSION_EXPIRED, "session=99");
    assertRefused(() -> mutate(mkdir(0, 1, "/b")), ErrorCode.INVALID_ARGUMENT, "session 0");
    assertThat(stat("/a").getAttributes().getOwner()).isEqualTo("hdfs");
    assertThat(stat("/a").getLogIndex()).isGreaterThanOrEqualTo(made.getLogIndex());
    assertRefused(() -> stat("/none"), ErrorCode.NOT_FOUND, "/none");
    running.remove("m1").close();
    start("m1");
    assertThat(stat("/a").getAttributes().getInode())
        .isEqualTo(made.getResult().getAttributes().getInode());
    assertThat(mutate(mkdir(session.getSession(), 1, "/a"))).isEqualTo(made);
    assertThat(openSession("nonce-1234").getSession()).isEqualTo(session.getSession());
  }

  @Test
  void concurrentCallsTravelTogether() throws Exception {
    format(1);
    HostPort address = start("m1").address();
    long session = openSession("nonce-1234").getSession();
    List<CompletableFuture<MutateReply>> replies = new ArrayList<>();
    for (int i = 1; i <= 500; i++) {
      replies.add(
          client.call(
              address,
              Method.MUTATE,
              mkdir(session, i, "/d" + i),
              MutateReply.parser(),
              Duration.ofSeconds(20)));
    }
    long last = 0;
    long first = Long.MAX_VALUE;
    for (CompletableFuture<MutateReply> reply : replies) {
      long index = reply.get().getLogIndex();
      first = Math.min(first, index);
      last = Math.max(last, index);
    }
    assertThat(last - first).isLessThan(250);
    ReadReply list =
        callLeader(
            Method.READ,
            ReadRequest.newBuilder()
                .setList(ListDirectory.newBuilder().setTarget(path("/")).setLimit(1000))
                .build(),
            ReadReply.parser());
    assertThat(list.getList().getEntriesCount()).isEqualTo(502);
  }

  @Test
  void operatorsAreAnsweredAndSessionsHeard() throws Exception {
    String cluster = format(1);
    HostPort address = start("m1").address();
    long session = openSession("nonce-1234").getSession();
    ServerStatusReply status =
        call(
            address,
            Method.SERVER_STATUS,
            ServerStatusRequest.getDefaultInstance(),
            ServerStatusReply.parser());
    assertThat(status.getRole()).isEqualTo("metaserver");
    assertThat(status.getId()).isEqualTo("m1");
    assertThat(status.getClusterId()).isEqualTo(cluster);
    assertThat(status.getLeader()).isTrue();
    assertThat(status.getAppliedIndex()).isPositive();
    MetricsReply metrics =
        call(address, Method.METRICS, MetricsRequest.getDefaultInstance(), MetricsReply.parser());
    assertThat(metrics.getMetricsList())
        .anySatisfy(metric -> assertThat(metric.getName()).isEqualTo("metaserver.mutations.count"));
    assertRefused(
        () ->
            call(
                address,
                Method.LOG_LEVEL,
                LogLevelRequest.newBuilder().setLogger("x").setLevel("LOUD").build(),
                LogLevelReply.parser()),
        ErrorCode.INVALID_ARGUMENT,
        "LOUD");
    SessionHeartbeatReply heard =
        call(
            address,
            Method.SESSION_HEARTBEAT,
            SessionHeartbeatRequest.newBuilder().setSession(session).build(),
            SessionHeartbeatReply.parser());
    assertThat(heard.getTerm()).isEqualTo(status.getTerm());
  }

  private HostPort startJoining(String id, String cluster) throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      settings.put("metaservers." + id + ".port", String.valueOf(socket.getLocalPort()));
    }
    settings.put("metaservers." + id + ".directory", directory.resolve(id).toString());
    assertThat(MetaserverFormat.formatJoining(configuration(), id, cluster, "hdfs"))
        .isEqualTo(cluster);
    return start(id).address();
  }

  private WhoLeadsReply whoLeads(HostPort address) throws Exception {
    return call(
        address, Method.WHO_LEADS, WhoLeadsRequest.getDefaultInstance(), WhoLeadsReply.parser());
  }

  private boolean change(ChangeMetaserversRequest.Builder change) throws Exception {
    return callLeader(Method.CHANGE_METASERVERS, change.build(), ChangeMetaserversReply.parser())
        .getAlready();
  }

  private static ChangeMetaserversRequest.Builder add(String id, HostPort at, long instance) {
    return ChangeMetaserversRequest.newBuilder()
        .setAdd(
            AddMetaserver.newBuilder()
                .setId(id)
                .setHost(at.host())
                .setPort(at.port())
                .setInstance(instance));
  }

  private static ChangeMetaserversRequest.Builder promote(String id) {
    return ChangeMetaserversRequest.newBuilder()
        .setPromote(PromoteMetaserver.newBuilder().setId(id));
  }

  private static ChangeMetaserversRequest.Builder remove(String id) {
    return ChangeMetaserversRequest.newBuilder().setRemove(RemoveMetaserver.newBuilder().setId(id));
  }

  @Test
  void aMetaserverIsAddedAndTheFirstOneRemoved() throws Exception {
    String cluster = format(1);
    HostPort first = start("m1").address();
    HostPort second = startJoining("m2", cluster);
    WhoLeadsReply joining = whoLeads(second);
    assertThat(joining.getBelonging()).isEqualTo(Belonging.JOINING);
    assertThat(joining.getReason()).contains("'cairn admin metaserver add m2 HOST:PORT'");
    assertRefused(
        () -> call(second, Method.READ, ReadRequest.getDefaultInstance(), ReadReply.parser()),
        ErrorCode.NOT_LEADER,
        "m2 is not a member yet");
    long session = openSession("nonce-1234").getSession();
    mutate(mkdir(session, 1, "/a"));

    assertRefused(() -> change(promote("m2")), ErrorCode.NOT_FOUND, "there are [m1]");
    assertRefused(() -> change(remove("m1")), ErrorCode.INVALID_ARGUMENT, "is the last voter");
    assertRefused(() -> change(add("m2", second, 0)), ErrorCode.INVALID_ARGUMENT, "which instance");
    assertRefused(
        () -> change(add("m2", first, joining.getInstance())),
        ErrorCode.INVALID_ARGUMENT,
        "is the address of m1");
    assertRefused(
        () -> change(ChangeMetaserversRequest.newBuilder()),
        ErrorCode.INVALID_ARGUMENT,
        "no change is asked for");
    assertThat(change(add("m2", second, joining.getInstance()))).isFalse();
    assertThat(change(add("m2", second, joining.getInstance()))).isTrue();
    assertRefused(
        () -> change(add("m2", second, joining.getInstance() + 1)),
        ErrorCode.INVALID_ARGUMENT,
        "m2 is a member already");
    assertRefused(
        () ->
            change(
                ChangeMetaserversRequest.newBuilder()
                    .setTransfer(TransferLeadership.newBuilder().setId("m2"))),
        ErrorCode.INVALID_ARGUMENT,
        "m2 is a learner");
    assertThat(change(promote("m2"))).isFalse();
    assertThat(change(promote("m2"))).isTrue();
    awaitTrue("m2 is a member", () -> whoLeads(second).getBelonging() == Belonging.MEMBER);
    assertThat(whoLeads(first).getMembersList())
        .extracting(MetaserverReport::getId, MetaserverReport::getLearner)
        .containsExactly(tuple("m1", false), tuple("m2", false));

    // The leader goes: whoever asks is sent on to m2, which removes it.
    assertThat(change(remove("m1"))).isFalse();
    assertThat(change(remove("m1"))).isTrue();
    awaitTrue("m1 knows", () -> whoLeads(first).getBelonging() == Belonging.REMOVED);
    assertThat(whoLeads(first).getLeaderAddress()).isEqualTo(second.toString());
    assertRefused(
        () -> call(first, Method.READ, ReadRequest.getDefaultInstance(), ReadReply.parser()),
        ErrorCode.NOT_LEADER,
        "m1 was removed from the cluster");
    assertRefused(
        () -> change(add("m1", first, whoLeads(first).getInstance())),
        ErrorCode.INVALID_ARGUMENT,
        "was removed: empty it");
    assertThat(stat("/a").getAttributes().getOwner()).isEqualTo("hdfs");
    assertThat(mutate(mkdir(session, 2, "/b")).getLogIndex()).isPositive();
  }

  @Test
  void onlyTheSuperuserChangesTheMembers() throws Exception {
    format(1);
    start("m1");
    openSession("nonce-1234");
    PeerIdentity other = new PeerIdentity("", PeerRole.CLIENT, "nobody", "x2", "desk", "test");
    try (RpcClient stranger =
        RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> other, new SystemClock())) {
      assertThatThrownBy(
              () ->
                  stranger
                      .call(
                          running.get("m1").address(),
                          Method.CHANGE_METASERVERS,
                          remove("m1").build(),
                          ChangeMetaserversReply.parser(),
                          CALL)
                      .get())
          .cause()
          .isInstanceOfSatisfying(
              CairnException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.PERMISSION_DENIED))
          .hasMessageContaining("nobody is not the superuser");
    }
  }

  @Test
  void theMembershipNamesTheDirectoryOfEachMember() throws Exception {
    format(3);
    for (String id : List.of("m1", "m2", "m3")) {
      start(id);
    }
    openSession("nonce-1234");
    awaitTrue(
        "instances",
        () ->
            running.values().stream()
                .allMatch(
                    each ->
                        each.engine()
                            .status()
                            .membership()
                            .members()
                            .allMatch(member -> member.instance() != 0)));
    for (MetaserverReport member : whoLeads(running.get("m1").address()).getMembersList()) {
      assertThat(whoLeads(running.get(member.getId()).address()).getInstance())
          .isEqualTo(member.getInstance());
    }
  }

  @Test
  void whatWouldLeaveNoMajorityInReachIsRefused() throws Exception {
    format(3);
    for (String id : List.of("m1", "m2", "m3")) {
      start(id);
    }
    openSession("nonce-1234");
    String leader = whoLeads(running.get("m1").address()).getLeaderId();
    List<String> others = running.keySet().stream().filter(id -> !id.equals(leader)).toList();
    running.remove(others.get(0)).close();
    HostPort address = running.get(leader).address();
    awaitTrue(
        "silence of " + others.get(0),
        () ->
            whoLeads(address).getMembersList().stream()
                .anyMatch(each -> each.getId().equals(others.get(0)) && !each.getReachable()));
    assertRefused(
        () ->
            call(
                address,
                Method.CHANGE_METASERVERS,
                remove(others.get(1)).build(),
                ChangeMetaserversReply.parser()),
        ErrorCode.RETRY,
        "of the 2 voters that would remain only 1 can be reached, which is no majority: not ["
            + others.get(0)
            + "]; --force");
    assertThat(change(remove(others.get(0)))).isFalse();
  }

  @Test
  void aLeaderThatIsToStopHandsOver() throws Exception {
    format(3);
    for (String id : List.of("m1", "m2", "m3")) {
      start(id);
    }
    long session = openSession("nonce-1234").getSession();
    Metaserver leader =
        running.values().stream().filter(m -> m.engine().status().ready()).findFirst().get();
    long term = leader.engine().status().term();
    leader.handOver(Duration.ofSeconds(20));
    assertThat(leader.engine().status().role()).isEqualTo(RaftRole.FOLLOWER);
    assertThat(leader.engine().status().leader()).isPresent();
    assertThat(leader.engine().status().term()).isEqualTo(term + 1);
    assertThat(mutate(mkdir(session, 1, "/a")).getLogIndex()).isPositive();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void awaitTrue(String what, Condition condition) throws Exception {
    for (int i = 0; i < ATTEMPTS; i++) {
      if (condition.holds()) {
        return;
      }
      LockSupport.parkNanos(5_000_000);
    }
    throw new AssertionError("never: " + what);
  }

  @Test
  void aClosedSessionIsNotListenedForAnyMore() throws Exception {
    format(1);
    HostPort address = start("m1").address();
    long session = openSession("nonce-1234").getSession();
    assertThat(heardSessions(address)).isEqualTo(1);
    mutate(
        MutateRequest.newBuilder()
            .setSession(session)
            .setCall(1)
            .setOperation(Operation.newBuilder().setCloseSession(CloseSession.getDefaultInstance()))
            .build());
    assertThat(heardSessions(address)).isZero();
  }

  private long heardSessions(HostPort address) throws Exception {
    MetricsReply metrics =
        call(address, Method.METRICS, MetricsRequest.getDefaultInstance(), MetricsReply.parser());
    return metrics.getMetricsList().stream()
        .filter(metric -> metric.getName().equals("metaserver.sessions.heard"))
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  @Test
  void threeOfThemSurviveTheLossOfTheirLeader() throws Exception {
    String cluster = format(3);
    for (int i = 1; i <= 3; i++) {
      start("m" + i);
    }
    long session = openSession("nonce-1234").getSession();
    MutateReply made = mutate(mkdir(session, 1, "/a"));
    WhoLeadsReply before = whoLeads();
    assertThat(before.getClusterId()).isEqualTo(cluster);
    assertThat(before.getMembersCount()).isEqualTo(3);
    Metaserver other = running.get(before.getLeaderId().equals("m1") ? "m2" : "m1");
    assertThatThrownBy(
            () ->
                call(other.address(), Method.MUTATE, mkdir(session, 7, "/c"), MutateReply.parser()))
        .isInstanceOfSatisfying(
            CairnException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.NOT_LEADER);
              assertThat(e.leaderHint()).isEqualTo(before.getLeaderAddress());
            });
    running.remove(before.getLeaderId()).close();
    assertThat(mutate(mkdir(session, 1, "/a"))).isEqualTo(made);
    mutate(mkdir(session, 2, "/b"));
    assertThat(whoLeads().getTerm()).isGreaterThan(before.getTerm());
    start(before.getLeaderId());
    mutate(mkdir(session, 3, "/c"));
    assertThat(stat("/b").getAttributes().getOwner()).isEqualTo("hdfs");
  }

  @Test
  void theLeaderTellsWhichMembersAnswerItAndHowFarTheyAre() throws Exception {
    format(3);
    for (int i = 1; i <= 3; i++) {
      start("m" + i);
    }
    long session = openSession("nonce-1234").getSession();
    awaitReport(members -> members.values().stream().allMatch(MetaserverReport::getReachable));
    String leader = whoLeads().getLeaderId();
    String victim = leader.equals("m1") ? "m2" : "m1";
    running.remove(victim).close();
    mutate(mkdir(session, 1, "/a"));
    Map<String, MetaserverReport> without =
        awaitReport(members -> !members.get(victim).getReachable());
    long known = without.get(victim).getMatchIndex();
    assertThat(without.get(victim).getLagEntries()).isPositive();
    assertThat(without.values().stream().filter(MetaserverReport::getReachable)).hasSize(2);
    assertThat(without.values().stream().filter(MetaserverReport::getLeader)).hasSize(1);
    start(victim);
    Map<String, MetaserverReport> again =
        awaitReport(
            members ->
                members.get(victim).getReachable() && members.get(victim).getLagEntries() == 0);
    assertThat(again.get(victim).getMatchIndex()).isGreaterThan(known);
  }

  private Map<String, MetaserverReport> awaitReport(
      Predicate<Map<String, MetaserverReport>> condition) throws Exception {
    Map<String, MetaserverReport> members = new TreeMap<>();
    for (int i = 0; i < ATTEMPTS; i++) {
      ReadReply reply =
          callLeader(
              Method.READ,
              ReadRequest.newBuilder().setReport(ClusterReport.getDefaultInstance()).build(),
              ReadReply.parser());
      members.clear();
      reply.getReport().getMetaserversList().forEach(each -> members.put(each.getId(), each));
      if (condition.test(members)) {
        return members;
      }
      LockSupport.parkNanos(5_000_000);
    }
    throw new TimeoutException("the members stay " + members);
  }

  private WhoLeadsReply whoLeads() throws Exception {
    for (int i = 0; i < ATTEMPTS; i++) {
      for (Metaserver metaserver : running.values()) {
        WhoLeadsReply reply =
            call(
                metaserver.address(),
                Method.WHO_LEADS,
                WhoLeadsRequest.getDefaultInstance(),
                WhoLeadsReply.parser());
        if (reply.getId().equals(reply.getLeaderId())) {
          return reply;
        }
      }
      LockSupport.parkNanos(5_000_000);
    }
    throw new TimeoutException("nobody leads");
  }

  @Test
  void aDirectoryThatIsNotItsOwnIsRefusedWithWhatToDo() throws Exception {
    configure(2);
    assertRefused(() -> start("m1"), ErrorCode.NOT_FOUND, "cairn format");
    String cluster = MetaserverFormat.format(configuration(), "m1", Optional.empty(), "hdfs");
    assertRefused(
        () -> MetaserverFormat.format(configuration(), "m1", Optional.empty(), "hdfs"),
        ErrorCode.EXISTS,
        cluster);
    Path identity = directory.resolve("m1").resolve("identity");
    String text = Files.readString(identity);
    Files.writeString(identity, text.replace("cairn-metaserver 1", "cairn-metaserver 2"));
    assertRefused(() -> start("m1"), ErrorCode.WRONG_VERSION, "another version");
    Files.writeString(identity, "what is this");
    assertRefused(() -> start("m1"), ErrorCode.CORRUPT, "identity");
    Files.writeString(identity, text);
    settings.put("metaservers.m2.directory", directory.resolve("m1").toString());
    assertRefused(() -> start("m2"), ErrorCode.WRONG_CLUSTER, "m1");
    Files.delete(identity);
    assertRefused(() -> start("m1"), ErrorCode.NOT_FOUND, "disk is missing or was emptied");
  }

  @Test
  void aDamagedStoreIsRefusedAndBuiltAnewFromCheckpointAndLog() throws Exception {
    format(1);
    settings.put("raft.checkpoint-log-bytes", "16KiB");
    start("m1");
    long session = openSession("nonce-1234").getSession();
    Path member = directory.resolve("m1");
    String longName = "d".repeat(200);
    int made = 0;
    while (made < 40 || !hasCheckpoint(member)) {
      made++;
      MutateReply unused = mutate(mkdir(session, made, "/" + longName + made));
    }
    running.remove("m1").close();
    Path store = member.resolve("store");
    Path manifest;
    try (Stream<Path> files = Files.walk(store)) {
      manifest =
          files
              .filter(file -> file.getFileName().toString().startsWith("MANIFEST-"))
              .findFirst()
              .orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(manifest);
    bytes[bytes.length / 3] ^= 4;
    Files.write(manifest, bytes);
    assertRefused(() -> start("m1"), ErrorCode.CORRUPT, store + " away and start again");
    Files.move(store, member.resolve("damaged-store"));
    start("m1");
    for (int i = 1; i <= made; i++) {
      assertThat(stat("/" + longName + i).getAttributes().getOwner()).isEqualTo("hdfs");
    }
  }

  private static boolean hasCheckpoint(Path member) throws IOException {
    try (Stream<Path> found = Files.list(member.resolve("raft").resolve("checkpoints"))) {
      return found.anyMatch(path -> path.getFileName().toString().startsWith("checkpoint-"));
    }
  }

  @Test
  void aDirectoryInUseIsRefused() throws Exception {
    format(1);
    start("m1");
    assertRefused(
        () ->
            Metaserver.start(
                MetaserverOptions.of(configuration(), "m1"),
                loops,
                new SystemClock(),
                new SplittableRandom(1),
                (what, cause) -> fatal.add(what),
                new MetricRegistry()),
        ErrorCode.BUSY,
        "another process");
    assertThat(openSession("nonce-1234").getSession()).isPositive();
  }
}
