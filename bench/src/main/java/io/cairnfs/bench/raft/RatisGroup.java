package io.cairnfs.bench.raft;

import io.cairnfs.common.process.ServerLogging;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.netty.NettyConfigKeys;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * Apache Ratis with the settings at which it was fastest on a machine of two cores: large write
 * queues, preallocated segments, appends not composed asynchronously, no read lock in the log, and
 * for Netty eight submitting threads.
 */
final class RatisGroup implements ConsensusGroup {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path root;
  private final SupportedRpcType transport;
  private final Clock clock;
  private final List<RaftPeer> peers = new ArrayList<>();
  private final RaftGroup group;
  private final Map<RaftPeerId, RaftServer> servers = new LinkedHashMap<>();
  private final ClientId client = ClientId.randomId();
  private final AtomicLong calls = new AtomicLong();
  private RaftPeerId killed;
  private volatile RaftServer leader;

  RatisGroup(Path root, SupportedRpcType transport, Clock clock) throws IOException {
    this.root = root;
    this.transport = transport;
    this.clock = clock;
    // It reports every attempt to reach a member that is down, with a stack trace.
    ServerLogging.setLevel("org.apache.ratis", "OFF");
    for (int i = 1; i <= 3; i++) {
      peers.add(RaftPeer.newBuilder().setId("n" + i).setAddress("127.0.0.1:" + freePort()).build());
    }
    group = RaftGroup.valueOf(RaftGroupId.randomId(), peers);
    for (RaftPeer peer : peers) {
      servers.put(peer.getId(), start(peer));
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private RaftServer start(RaftPeer peer) throws IOException {
    RaftProperties properties = new RaftProperties();
    int port = Integer.parseInt(peer.getAddress().substring(peer.getAddress().indexOf(':') + 1));
    RaftConfigKeys.Rpc.setType(properties, transport);
    NettyConfigKeys.Server.setPort(properties, port);
    GrpcConfigKeys.Server.setPort(properties, port);
    RaftServerConfigKeys.setStorageDir(
        properties, List.of(root.resolve(peer.getId().toString()).toFile()));
    RaftServerConfigKeys.Rpc.setTimeoutMin(
        properties, TimeDuration.valueOf(300, TimeUnit.MILLISECONDS));
    RaftServerConfigKeys.Rpc.setTimeoutMax(
        properties, TimeDuration.valueOf(600, TimeUnit.MILLISECONDS));
    RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("32MB"));
    RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("32MB"));
    RaftServerConfigKeys.Log.setQueueElementLimit(properties, 65_536);
    RaftServerConfigKeys.Write.setElementLimit(properties, 65_536);
    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, false);
    RaftServerConfigKeys.Read.setOption(properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
    RaftServerConfigKeys.Read.setLeaderLeaseEnabled(properties, true);
    properties.setBoolean("raft.server.log.append-entries.compose.enabled", false);
    properties.setBoolean("raft.server.log.read.lock.enabled", false);
    RaftServer server =
        RaftServer.newBuilder()
            .setServerId(peer.getId())
            .setGroup(group)
            .setStateMachine(new Counting())
            .setProperties(properties)
            .setOption(RaftStorage.StartupOption.RECOVER)
            .build();
    server.start();
    return server;
  }

  /** Counts what is applied and keeps nothing. */
  private static final class Counting extends BaseStateMachine {
    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
      updateLastAppliedTermIndex(
          transaction.getLogEntry().getTerm(), transaction.getLogEntry().getIndex());
      return CompletableFuture.completedFuture(Message.EMPTY);
    }

    @Override
    public CompletableFuture<Message> query(Message request) {
      return CompletableFuture.completedFuture(Message.EMPTY);
    }
  }

  @Override
  public String name() {
    return "ratis-" + (transport == SupportedRpcType.NETTY ? "netty" : "grpc");
  }

  @Override
  public int submitters(int outstanding) {
    return Math.min(8, outstanding);
  }

  @Override
  public void awaitLeader() throws IOException {
    long deadline = clock.monotonicNanos() + PATIENCE.toNanos();
    while (true) {
      for (RaftServer server : servers.values()) {
        if (server.getDivision(group.getGroupId()).getInfo().isLeaderReady()) {
          leader = server;
          return;
        }
      }
      if (clock.monotonicNanos() > deadline) {
        throw new IOException("no leader within " + PATIENCE);
      }
      LockSupport.parkNanos(100_000);
    }
  }

  @Override
  public CompletableFuture<?> submit(byte[] operation) {
    return send(
        Message.valueOf(UnsafeByteOperations.unsafeWrap(operation)),
        RaftClientRequest.writeRequestType());
  }

  @Override
  public CompletableFuture<?> read() {
    return send(Message.EMPTY, RaftClientRequest.readRequestType());
  }

  private CompletableFuture<?> send(Message message, RaftClientRequest.Type type) {
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(client)
            .setServerId(leader.getId())
            .setGroupId(group.getGroupId())
            .setCallId(calls.incrementAndGet())
            .setMessage(message)
            .setType(type)
            .build();
    try {
      return leader.submitClientRequestAsync(request).thenApply(RatisGroup::requireSuccess);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static RaftClientReply requireSuccess(RaftClientReply reply) {
    if (!reply.isSuccess()) {
      throw new IllegalStateException("refused: " + reply.getException());
    }
    return reply;
  }

  @Override
  public void killLeader() throws IOException {
    awaitLeader();
    killed = leader.getId();
    servers.remove(killed).close();
  }

  @Override
  public void restart() throws IOException {
    for (RaftPeer peer : peers) {
      if (peer.getId().equals(killed)) {
        servers.put(killed, start(peer));
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (RaftServer server : servers.values()) {
      server.close();
    }
    servers.clear();
  }
}
