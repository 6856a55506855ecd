package io.cairnfs.dataserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.dataserver.CompareDigestsReply;
import io.cairnfs.proto.dataserver.CompareDigestsRequest;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.RegisterServerReply;
import io.cairnfs.proto.dataserver.RegisterServerRequest;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryReply;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.server.ServerCall;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A metaserver that gives out ids and whatever orders a test put down. */
final class FakeMetaserver implements AutoCloseable {
  private final String clusterId;
  private final RpcServer server;
  private final Map<String, Integer> servers = new HashMap<>();
  final List<RegisterServerRequest> registrations = new ArrayList<>();
  final List<ServerHeartbeatRequest> heartbeats = new ArrayList<>();
  final List<SlotInventoryRequest> inventories = new ArrayList<>();
  final List<CompareDigestsRequest> compared = new ArrayList<>();
  final List<CopyResult> copied = new ArrayList<>();
  final List<Long> deleted = new ArrayList<>();
  final List<Long> bad = new ArrayList<>();
  private final Map<Integer, ServerHeartbeatReply> orders = new HashMap<>();
  private List<SlotDigest> mismatches = List.of();
  private SlotInventoryReply inventoryReply = SlotInventoryReply.getDefaultInstance();
  private String leaderHint;
  private int struckOut;
  private long term = 5;

  FakeMetaserver(RpcEventLoops loops, String clusterId) throws CairnException {
    this.clusterId = clusterId;
    PeerIdentity self = new PeerIdentity(clusterId, PeerRole.METASERVER, "", "m1", "", "test");
    server =
        RpcServer.builder(
                loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
                () -> self,
                new SystemClock())
            .handler(Method.REGISTER_SERVER, this::register)
            .handler(Method.SERVER_HEARTBEAT, this::heartbeat)
            .handler(Method.SLOT_INVENTORY, this::inventory)
            .handler(Method.COMPARE_DIGESTS, this::compare)
            .start();
  }

  HostPort address() {
    return server.address();
  }

  /** Refuses everything and names another one. */
  synchronized void followInsteadOf(HostPort leader) {
    leaderHint = leader.toString();
  }

  /** The server is OUT: it may register only as a new one. */
  synchronized void strikeOut(int id) {
    struckOut = id;
  }

  synchronized void term(long changed) {
    term = changed;
  }

  synchronized void mismatch(SlotDigest digest, SlotInventoryReply reply) {
    mismatches = List.of(digest);
    inventoryReply = reply;
  }

  /** What the next heartbeat of the server is answered. */
  synchronized void order(int id, ServerHeartbeatReply reply) {
    orders.put(id, reply);
  }

  private synchronized void requireLeader() throws CairnException {
    if (leaderHint != null) {
      throw CairnException.notLeader(leaderHint);
    }
  }

  private synchronized void register(ServerCall call) throws CairnException {
    requireLeader();
    RegisterServerRequest request = call.message(RegisterServerRequest.parser());
    registrations.add(request);
    if (request.getServer() != 0 && request.getServer() == struckOut) {
      throw new CairnException(ErrorCode.UNKNOWN_SERVER, "server was struck out");
    }
    int id =
        request.getServer() != 0
            ? request.getServer()
            : servers.computeIfAbsent(
                request.getNonce().toStringUtf8(), nonce -> 100 + servers.size());
    call.reply(
        RegisterServerReply.newBuilder()
            .setServer(id)
            .setClusterId(clusterId)
            .setTerm(term)
            .setHeartbeatMillis(50)
            .addAllMismatches(mismatches)
            .build());
    notifyAll();
  }

  private synchronized void heartbeat(ServerCall call) throws CairnException {
    requireLeader();
    ServerHeartbeatRequest request = call.message(ServerHeartbeatRequest.parser());
    heartbeats.add(request);
    if (request.getServer() == struckOut) {
      throw new CairnException(ErrorCode.UNKNOWN_SERVER, "server was struck out");
    }
    copied.addAll(request.getCopiedList());
    deleted.addAll(request.getDeletedList());
    bad.addAll(request.getBadReplicasList());
    ServerHeartbeatReply order = orders.remove(request.getServer());
    call.reply(
        (order == null ? ServerHeartbeatReply.getDefaultInstance() : order)
            .toBuilder().setTerm(term).setHeartbeatMillis(50).build());
    notifyAll();
  }

  private synchronized void compare(ServerCall call) throws CairnException {
    requireLeader();
    compared.add(call.message(CompareDigestsRequest.parser()));
    call.reply(CompareDigestsReply.newBuilder().addAllMismatches(mismatches).build());
    notifyAll();
  }

  private synchronized void inventory(ServerCall call) throws CairnException {
    inventories.add(call.message(SlotInventoryRequest.parser()));
    call.reply(inventoryReply);
    notifyAll();
  }

  synchronized ServerHeartbeatRequest lastHeartbeat() {
    return heartbeats.get(heartbeats.size() - 1);
  }

  synchronized void await(Predicate<FakeMetaserver> condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.test(this)) {
      long left = deadline - System.nanoTime();
      assertThat(left).as("waited long enough").isPositive();
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
