package io.cairnfs.client.testing;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.AwaitRecallReply;
import io.cairnfs.proto.metadata.AwaitRecallRequest;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.OpenSessionReply;
import io.cairnfs.proto.metadata.OpenSessionRequest;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.SessionHeartbeatReply;
import io.cairnfs.proto.metadata.SessionHeartbeatRequest;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.server.ServerCall;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** One metaserver of a {@link FakeCluster}. */
public final class FakeMetaserver {
  private final FakeCluster cluster;
  private final int number;
  private final RpcServer server;

  /** So many mutations are applied but not answered. */
  public final AtomicInteger repliesToLose = new AtomicInteger();

  /** So many calls are refused with BUSY. */
  public final AtomicInteger busyCalls = new AtomicInteger();

  /** Nothing is answered any more. */
  public volatile boolean frozen;

  /** Does not say who leads. */
  public volatile boolean knowsNoLeader;

  /** Reads are answered as things stand when they arrive, but later. */
  public volatile boolean holdingReplies;

  public final Queue<Runnable> heldReplies = new ConcurrentLinkedQueue<>();

  /** Mutations arrive here and wait instead of being applied. */
  public volatile boolean holdingMutations;

  public final Queue<ServerCall> held = new ConcurrentLinkedQueue<>();
  public final AtomicInteger mutationsSeen = new AtomicInteger();
  public final AtomicInteger readsSeen = new AtomicInteger();
  public final AtomicInteger heartbeatsSeen = new AtomicInteger();
  public volatile int sessionTimeoutMillis = 30_000;

  private final Set<Long> recalled = new HashSet<>();
  private final List<ServerCall> waitingForRecall = new ArrayList<>();

  /** Sessions are told to close these. */
  public volatile Set<Long> wantedChunks = Set.of();

  /** What the last heartbeat said to be open. */
  public volatile List<Long> openInodes = List.of();

  FakeMetaserver(FakeCluster cluster, int number) throws CairnException {
    this.cluster = cluster;
    this.number = number;
    PeerIdentity self =
        new PeerIdentity("fake", PeerRole.METASERVER, "", "m" + number, "localhost", "test");
    server =
        RpcServer.builder(
                cluster.loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY)
                    .withMaxCallsPerConnection(20_000),
                () -> self,
                cluster.clock)
            .handler(Method.MUTATE, this::mutate)
            .handler(Method.READ, this::read)
            .handler(Method.OPEN_SESSION, this::openSession)
            .handler(Method.SESSION_HEARTBEAT, this::heartbeat)
            .handler(Method.AWAIT_RECALL, this::awaitRecall)
            .handler(Method.WHO_LEADS, this::whoLeads)
            .handler(Method.REPORT_BAD_REPLICA, this::reportBadReplica)
            .start();
  }

  public HostPort address() {
    return server.address();
  }

  /** How often it was asked who leads, and answered. */
  public final AtomicInteger whoLeadsSeen = new AtomicInteger();

  private boolean refusesOrLeads() throws CairnException {
    if (frozen) {
      return false;
    }
    if (cluster.leaderIndex() != number) {
      throw CairnException.notLeader(knowsNoLeader ? "" : cluster.leader().address().toString());
    }
    if (busyCalls.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw CairnException.busy("try later", 1);
    }
    return true;
  }

  private void mutate(ServerCall call) throws CairnException {
    if (refusesOrLeads()) {
      mutationsSeen.incrementAndGet();
      if (holdingMutations) {
        held.add(call);
        return;
      }
      applyAndAnswer(call);
    }
  }

  private void applyAndAnswer(ServerCall call) {
    MutateReply reply;
    try {
      reply = cluster.namespace.mutate(call.message(MutateRequest.parser()));
    } catch (CairnException e) {
      call.fail(e);
      return;
    }
    if (repliesToLose.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
      call.reply(reply);
    }
  }

  /** Applies what was held back. */
  public void letGo() {
    holdingMutations = false;
    ServerCall call = held.poll();
    while (call != null) {
      applyAndAnswer(call);
      call = held.poll();
    }
  }

  /** Applies the first of what is held back. */
  public void letOneGo() {
    ServerCall call = held.poll();
    if (call != null) {
      applyAndAnswer(call);
    }
  }

  private void read(ServerCall call) throws CairnException {
    if (refusesOrLeads()) {
      readsSeen.incrementAndGet();
      ReadReply reply = cluster.namespace.read(call.message(ReadRequest.parser()));
      if (holdingReplies) {
        heldReplies.add(() -> call.reply(reply));
      } else {
        call.reply(reply);
      }
    }
  }

  private void openSession(ServerCall call) throws CairnException {
    if (refusesOrLeads()) {
      OpenSessionRequest request = call.message(OpenSessionRequest.parser());
      OpenSessionReply reply =
          OpenSessionReply.newBuilder()
              .setSession(cluster.namespace.openSession(request.getNonce()))
              .setTimeoutMillis(sessionTimeoutMillis)
              .setSettings(cluster.namespace.settings())
              .build();
      if (repliesToLose.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
        call.reply(reply);
      }
    }
  }

  private void heartbeat(ServerCall call) throws CairnException {
    if (refusesOrLeads()) {
      heartbeatsSeen.incrementAndGet();
      SessionHeartbeatRequest request = call.message(SessionHeartbeatRequest.parser());
      cluster.namespace.requireSession(request.getSession());
      openInodes = List.copyOf(request.getOpenInodesList());
      call.reply(
          SessionHeartbeatReply.newBuilder()
              .setTimeoutMillis(sessionTimeoutMillis)
              .addAllWantedChunks(wantedChunks)
              .build());
    }
  }

  private void awaitRecall(ServerCall call) throws CairnException {
    if (refusesOrLeads()) {
      AwaitRecallRequest request = call.message(AwaitRecallRequest.parser());
      synchronized (recalled) {
        List<Long> news = new ArrayList<>(recalled);
        news.removeAll(request.getKnownInodesList());
        if (news.isEmpty()) {
          waitingForRecall.add(call);
        } else {
          call.reply(AwaitRecallReply.newBuilder().addAllRecalledInodes(news).build());
        }
      }
    }
  }

  void recall(long inode) {
    synchronized (recalled) {
      if (recalled.add(inode)) {
        waitingForRecall.forEach(
            call -> call.reply(AwaitRecallReply.newBuilder().addRecalledInodes(inode).build()));
        waitingForRecall.clear();
      }
    }
  }

  void givenBack(long inode) {
    synchronized (recalled) {
      recalled.remove(inode);
    }
  }

  private void whoLeads(ServerCall call) {
    if (!frozen) {
      WhoLeadsReply.Builder reply =
          WhoLeadsReply.newBuilder().setId("m" + number).setTerm(cluster.namespace.term());
      if (!knowsNoLeader) {
        reply
            .setLeaderId("m" + cluster.leaderIndex())
            .setLeaderAddress(cluster.leader().address().toString());
      }
      for (FakeMetaserver each : cluster.metaservers) {
        reply.addMembers(
            MetaserverReport.newBuilder()
                .setId("m" + each.number)
                .setHost(each.address().host())
                .setPort(each.address().port()));
      }
      whoLeadsSeen.incrementAndGet();
      call.reply(reply.build());
    }
  }

  private void reportBadReplica(ServerCall call) throws CairnException {
    if (refusesOrLeads()) {
      ReportBadReplicaRequest request = call.message(ReportBadReplicaRequest.parser());
      if (request.getProblem().isEmpty()) {
        throw new CairnException(ErrorCode.INVALID_ARGUMENT, "no problem named");
      }
      cluster.events.add("BAD " + request.getServer());
      call.reply(ReportBadReplicaReply.getDefaultInstance());
    }
  }

  public void close() {
    server.close();
  }
}
