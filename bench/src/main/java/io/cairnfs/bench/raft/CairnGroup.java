package io.cairnfs.bench.raft;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.driver.EngineEnvironment;
import io.cairnfs.raft.driver.EngineOptions;
import io.cairnfs.raft.driver.MemberDirectory;
import io.cairnfs.raft.driver.RaftEngine;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.transport.RpcRaftTransport;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** Three of our engines, each with its own event loop, server and client. */
final class CairnGroup implements ConsensusGroup {
  private static final String GROUP = "bench";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path root;
  private final Clock clock;
  private final EngineOptions options;
  private final Membership membership;
  private final Map<MemberId, Node> nodes = new TreeMap<>();
  private MemberId killed;
  private volatile RaftEngine<Long> leader;

  /** What one process would hold. */
  private record Node(
      RpcEventLoops loops,
      RpcClient client,
      RpcServer server,
      RaftEngine<Long> engine,
      MetricRegistry metrics) {
    void stop() throws IOException {
      server.close();
      client.close();
      engine.close();
      loops.close();
    }
  }

  CairnGroup(Path root, EngineOptions options, Clock clock) throws IOException {
    this.root = root;
    this.clock = clock;
    this.options = options;
    List<Member> members = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      members.add(new Member(new MemberId("m" + i), new HostPort("127.0.0.1", freePort())));
    }
    membership = Membership.ofVoters(members);
    for (Member member : members) {
      Path directory = root.resolve(member.id().value());
      Files.createDirectories(directory);
      MemberDirectory.format(directory, identity(member), membership);
      nodes.put(member.id(), start(member));
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static RaftIdentity identity(Member member) {
    return new RaftIdentity(GROUP, member.id().value());
  }

  private Node start(Member member) throws IOException {
    RpcEventLoops loops = RpcEventLoops.create(1, "rpc-" + member.id());
    PeerIdentity peer =
        new PeerIdentity(GROUP, PeerRole.METASERVER, "", member.id().value(), "localhost", "bench");
    RpcClient client = RpcClient.create(loops, RpcClientOptions.DEFAULT, () -> peer, clock);
    RpcRaftTransport transport = new RpcRaftTransport(GROUP, member, client, loops, clock);
    RpcServer.Builder server =
        RpcServer.builder(
            loops,
            RpcServerOptions.of(
                member.address().host(), member.address().port(), SecurityMode.LOOPBACK_ONLY),
            () -> peer,
            clock);
    transport.register(server);
    SplittableRandom random = new SplittableRandom(member.id().hashCode() + clock.monotonicNanos());
    MemberDirectory directory =
        MemberDirectory.open(
            root.resolve(member.id().value()), identity(member), options.log(), random);
    MetricRegistry metrics = new MetricRegistry();
    RpcServer started = server.start();
    RaftEngine<Long> engine =
        RaftEngine.start(
            member.id(),
            options,
            directory,
            new CountingMachine(),
            transport,
            new EngineEnvironment(clock, random, FatalErrors.haltProcess(), metrics));
    return new Node(loops, client, started, engine, metrics);
  }

  @Override
  public String name() {
    return "cairn";
  }

  @Override
  public int submitters(int outstanding) {
    return 1;
  }

  @Override
  public void awaitLeader() throws IOException {
    long deadline = clock.monotonicNanos() + PATIENCE.toNanos();
    while (true) {
      for (Node node : nodes.values()) {
        if (node.engine().status().ready()) {
          leader = node.engine();
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
    return leader.submit(operation);
  }

  @Override
  public CompletableFuture<?> read() {
    return leader.readBarrier();
  }

  @Override
  public void killLeader() throws IOException {
    awaitLeader();
    killed = leader.status().self();
    nodes.remove(killed).stop();
  }

  @Override
  public void restart() throws IOException {
    nodes.put(killed, start(membership.member(killed).orElseThrow()));
  }

  /** What the leader's histogram says, for remarks. */
  String leaderMetrics() {
    for (Node node : nodes.values()) {
      if (node.engine() == leader) {
        return node.metrics().histograms().toString();
      }
    }
    return "";
  }

  @Override
  public void close() throws IOException {
    for (Node node : nodes.values()) {
      node.stop();
    }
    nodes.clear();
  }
}
